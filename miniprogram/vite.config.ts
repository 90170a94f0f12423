import { defineConfig } from 'vite'
import plugin from '@dcloudio/vite-plugin-uni'

// Under "type": "module" the plugin arrives wrapped.
const uni = ((plugin as unknown as { default?: typeof plugin }).default ?? plugin) as typeof plugin

export default defineConfig({
  plugins: [uni()],
  css: { preprocessorOptions: { scss: { api: 'modern-compiler' } } },
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      ['/api', '/demo', '/emulator'].map((path) => [path, process.env.BENSE_URL ?? 'http://127.0.0.1:8080']),
    ),
  },
})
