import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformWithEsbuild, type Plugin, type ResolvedConfig } from 'vite'

const ROOT = 'packages/chattool'

/**
 * Puts the chat tool's native page into a mini-program that is built with VITE_CHAT_TOOL=1. A mini-program that declares
 * a chat tool is looked at by WeChat for it, so only whoever wants it declares it.
 */
export function chatTool(): Plugin {
  let config: ResolvedConfig
  return {
    name: 'chat-tool',
    configResolved: (resolved) => void (config = resolved),
    async closeBundle() {
      if (!config.env.VITE_CHAT_TOOL || process.env.UNI_PLATFORM !== 'mp-weixin') return
      const from = join(config.root, 'src/chattool')
      const dist = config.build.outDir
      mkdirSync(join(dist, ROOT), { recursive: true })
      for (const part of ['index.json', 'index.wxml', 'index.wxss']) writeFileSync(join(dist, ROOT, part), readFileSync(join(from, part)))
      const define = Object.fromEntries(
        ['VITE_API_ORIGIN', 'VITE_HELP_PHONE'].map((name) => [`import.meta.env.${name}`, JSON.stringify(config.env[name] ?? '')]),
      )
      const page = await transformWithEsbuild(readFileSync(join(from, 'index.ts'), 'utf8'), 'index.ts', { format: 'cjs', target: 'es2017', define, sourcemap: false })
      writeFileSync(join(dist, ROOT, 'index.js'), page.code)

      const app = JSON.parse(readFileSync(join(dist, 'app.json'), 'utf8'))
      app.subPackages.push({ root: ROOT, pages: ['index'], independent: true, componentFramework: 'glass-easel', renderer: 'skyline' })
      app.chatTools = [{ root: ROOT, entryPagePath: 'index', desc: '在联盟的群里点名提醒还没答复活动通知的同志', scopes: [] }]
      app.rendererOptions = {
        skyline: { disableABTest: true, defaultDisplayBlock: true, defaultContentBox: true, tagNameStyleIsolation: 'legacy', sdkVersionBegin: '3.7.0', sdkVersionEnd: '15.255.255' },
      }
      writeFileSync(join(dist, 'app.json'), JSON.stringify(app, null, 2))
    },
  }
}
