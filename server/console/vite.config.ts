import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import autoImport from 'unplugin-auto-import/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import components from 'unplugin-vue-components/vite'
import { defineConfig } from 'vitest/config'

// Only what Element Plus brings is resolved by name: our own code says what it imports.
const element = [ElementPlusResolver()]

export default defineConfig({
  base: '/console/',
  plugins: [
    vue(),
    autoImport({ imports: [], resolvers: element, dts: false }),
    components({ dirs: [], resolvers: element, dts: false }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('src', import.meta.url)) } },
  build: {
    target: 'es2022',
    outDir: 'dist',
    rollupOptions: {
      output: {
        // What changes with every release is apart from what doesn't.
        manualChunks: (id) => (/node_modules\/(vue|@vue|vue-router|pinia|openapi-fetch)\//.test(id) ? 'vue' : undefined),
      },
    },
  },
  server: { port: 5174, proxy: { '/api': process.env.BENSE_URL ?? 'http://127.0.0.1:8080' } },
  test: {
    environment: 'happy-dom',
    include: ['tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    server: { deps: { inline: ['element-plus'] } },
  },
})
