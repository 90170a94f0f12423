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

/** Names the plug-in that turns speech into text in app.json; WeChat refuses an upload that names one the appid doesn't have. */
function voicePlugin(version = process.env.VITE_VOICE_PLUGIN): Plugin {
  return {
    name: 'voice-plugin',
    enforce: 'post',
    generateBundle(_, bundle) {
      const app = bundle['app.json']
      if (!version || app?.type !== 'asset') return
      const plugins = { WechatSI: { version, provider: 'wx069ba97219f66d99' } }
      app.source = JSON.stringify({ ...JSON.parse(String(app.source)), plugins }, null, 2)
    },
  }
}

export default defineConfig({
  plugins: [uni(), noForeignRequests(), voicePlugin(), chatTool()],
  css: { preprocessorOptions: { scss: { api: 'modern-compiler' } } },
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      ['/api', '/demo', '/emulator'].map((path) => [path, process.env.BENSE_URL ?? 'http://127.0.0.1:8080']),
    ),
  },
})
