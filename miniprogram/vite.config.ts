import { defineConfig, type Plugin } from 'vite'
import plugin from '@dcloudio/vite-plugin-uni'
import { chatTool } from './vite.chattool'

// Under "type": "module" the plugin arrives wrapped.
const uni = ((plugin as unknown as { default?: typeof plugin }).default ?? plugin) as typeof plugin

/**
 * uni-app's own styles fetch a picture from a foreign host three seconds after every start, and its
 * unused advertising code names two more. Nothing of ours may ask a third party.
 */
function noForeignRequests(): Plugin {
  return {
    name: 'no-foreign-requests',
    enforce: 'post',
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === 'asset' && file.fileName.endsWith('.css')) {
          const css = String(file.source)
            .replace(/body::?after\{[^}]*shadow-preload[^}]*\}/g, '')
            .replace(/@keyframes shadow-preload\{(?:[^{}]*\{[^}]*\})*\}/g, '')
          if (/url\(["']?(https?:)?\/\//.test(css)) this.error(`${file.fileName} loads from a foreign host`)
          file.source = css
        }
        if (file.type === 'chunk') {
          file.code = file.code.replace(/https:\/\/ha[sc]1\.dcloud\.net\.cn\/\w+/g, '')
        }
      }
    },
  }
}

export default defineConfig({
  plugins: [uni(), noForeignRequests(), chatTool()],
  css: { preprocessorOptions: { scss: { api: 'modern-compiler' } } },
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      ['/api', '/demo', '/emulator'].map((path) => [path, process.env.BENSE_URL ?? 'http://127.0.0.1:8080']),
    ),
  },
})
