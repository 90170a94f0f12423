import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const native = ['view', 'text', 'image', 'page-meta', 'scroll-view']

export default defineConfig({
  plugins: [vue({ template: { compilerOptions: { isCustomElement: (tag) => native.includes(tag) } } })],
  resolve: { alias: { '@dcloudio/uni-app': at('tests/stubs/uni-app.ts'), '@': at('src') } },
  test: { environment: 'happy-dom', include: ['tests/**/*.test.ts'], setupFiles: ['tests/setup.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
})
