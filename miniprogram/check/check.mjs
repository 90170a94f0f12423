// Checks dist/mp-weixin with WeChat's own compiler, without an account: pages, components, WXML,
// WXSS, scripts, package sizes and foreign addresses. Build first: npm run build:mp-weixin
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const dist = fileURLToPath(new URL('../dist/mp-weixin', import.meta.url))
const LIMIT = 1.5 * 1024 * 1024
const PLATFORM_LIMIT = 2 * 1024 * 1024

const faults = []
const fault = (text) => faults.push(text)

if (!existsSync(join(dist, 'app.json'))) {
  console.error('dist/mp-weixin is missing: npm run build:mp-weixin')
  process.exit(1)
}

const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((f) => statSync(join(dist, f)).isFile())
const text = (f) => readFileSync(join(dist, f), 'utf8')
const app = JSON.parse(text('app.json'))
const roots = (app.subPackages ?? app.subpackages ?? []).map((s) => s.root.replace(/\/?$/, '/'))
const pages = [
  ...app.pages,
  ...(app.subPackages ?? app.subpackages ?? []).flatMap((s) => s.pages.map((p) => `${s.root.replace(/\/$/, '')}/${p}`)),
]

// Sizes: the main package is everything outside the sub-packages.
const weigh = (keep) => files.filter(keep).reduce((sum, f) => sum + statSync(join(dist, f)).size, 0)
const main = weigh((f) => !roots.some((r) => f.startsWith(r)))
if (main > LIMIT) fault(`main package has ${main} bytes, more than ${LIMIT}`)
for (const root of roots) {
  const size = weigh((f) => f.startsWith(root))
  if (size > PLATFORM_LIMIT) fault(`${root} has ${size} bytes`)
}

for (const tool of app.chatTools ?? []) {
  const size = weigh((f) => f.startsWith(`${tool.root}/`))
  if (size === 0 || size > 500 * 1024) fault(`${tool.root}: a chat tool has at most 500 KB, this one ${size} bytes`)
}

// Foreign addresses and what belongs to the browser only.
for (const f of files.filter((f) => /\.(wxss|wxml|js)$/.test(f))) {
  if (/url\(\s*["']?http/.test(text(f))) fault(`${f} loads a picture or font from a host`)
}
for (const f of files.filter((f) => f.endsWith('.js'))) {
  if (/getUserMedia|\/demo\//.test(text(f))) fault(`${f} contains the browser's side`)
}

// WXML through the compiler of WeChat's newer rendering engine.
const { TmplGroup } = require('glass-easel-template-compiler')
const group = new TmplGroup()
for (const f of files.filter((f) => f.endsWith('.wxml'))) {
  try {
    for (const w of group.addTmpl(f.replace(/\.wxml$/, ''), text(f)) ?? []) {
      if (w.isError || /missing|unclosed|unexpected/.test(w.message)) fault(`${f}:${w.startLine + 1}: ${w.message}`)
    }
  } catch (err) {
    fault(`${f}: ${err.message ?? err}`)
  }
}

// Every component that a page or component names must be there.
for (const f of files.filter((f) => f.endsWith('.json') && existsSync(join(dist, f.replace(/json$/, 'wxml'))))) {
  for (const [name, path] of Object.entries(JSON.parse(text(f)).usingComponents ?? {})) {
    const at = path.startsWith('/') ? join(dist, path) : join(dist, f, '..', path)
    if (!existsSync(`${at}.js`)) fault(`${f}: component ${name} is missing at ${relative(dist, at)}`)
  }
}

// The official compiler. It writes beside itself, hence a throw-away folder and key.
const work = mkdtempSync(join(tmpdir(), 'weixin-check-'))
const home = process.cwd()
process.chdir(work)
try {
  const key = join(work, 'private.key')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(key, privateKey.export({ type: 'pkcs1', format: 'pem' }))
  const ci = require('miniprogram-ci')
  const project = new ci.Project({
    appid: 'wx0000000000000000',
    type: 'miniProgram',
    projectPath: dist,
    privateKeyPath: key,
    ignores: ['node_modules/**/*'],
  })
  // The attributes normally come from WeChat's server.
  project.attr = async () => ci.DefaultProjectAttr

  const { getAppJSON, getPageJSON } = require('miniprogram-ci/dist/modules/corecompiler/original')
  await getAppJSON(project)
  for (const page of pages) {
    try {
      await getPageJSON(project, { pagePath: page, miniprogramRoot: '' })
    } catch (err) {
      fault(`${page}: ${err.message ?? err}`)
    }
  }

  const zip = join(work, 'compiled.zip')
  await ci.getCompiledResult({ project, version: '0.0.0', desc: 'check', setting: { es6: true, minify: false }, onProgressUpdate() {} }, zip)
  if (!existsSync(zip) || statSync(zip).size === 0) fault('the compiler gave no result')

  for (const item of await ci.checkCodeQuality(project)) {
    // Advice on compression (done at upload) and on where uni-app puts shared scripts is no fault.
    if (!item.success && !/COMPRESS|CONTAINS_OTHER_PKG_JS/i.test(item.name)) {
      fault(`${item.name}: ${item.text || item.docURL || ''}`)
    }
  }
} catch (err) {
  fault(`compiler: ${err.stack ?? err}`)
} finally {
  process.chdir(home)
  rmSync(work, { recursive: true, force: true })
}

const kb = (n) => `${Math.round(n / 1024)} KB`
if (faults.length) {
  console.error(faults.map((f) => `✗ ${f}`).join('\n'))
  process.exit(1)
}
console.log(`ok: ${pages.length} pages, main package ${kb(main)}, all ${kb(weigh(() => true))}`)
process.exit(0)
