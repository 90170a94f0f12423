import { DeviceError, type Platform } from './platform.type'
import { browserDictation } from './platform.dictation.h5'
import './platform.h5.scss'
import { openLens, openScanner, takeScan } from './platform.scanner'

const query = new URLSearchParams(location.search)
const frame = query.get('frame') ?? 'member'
const persona = query.get('persona') ?? undefined
const space = `bense:${frame}${persona ? `:${persona}` : ''}:`
const fontKey = `${space}font`

const base = import.meta.env.BASE_URL
const clips = { ok: 'static/ok.wav', already: 'static/already.wav', stop: 'static/stop.wav' }

/** The emulator's side doors; absent outside the demo. */
async function demo<T>(name: string, body: object): Promise<T> {
  let res: Response
  try {
    res = await fetch(`/demo/${name}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ frame, persona, ...body }),
    })
  } catch {
    throw new DeviceError('client.offline', '网络没有连上')
  }
  if (res.status === 404) throw new DeviceError('client.wechat_only', '请在微信里打开本色家园')
  if (!res.ok) throw new DeviceError('device.failed', '手机没有完成这一步')
  return (res.status === 204 ? undefined : await res.json()) as T
}

function save(name: string, blob: Blob) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

const voices = 'speechSynthesis' in window ? window.speechSynthesis : undefined
const chinese = () => voices?.getVoices().find((v) => /^zh[-_]?(CN|Hans)?/i.test(v.lang) && !/TW|HK/i.test(v.lang))

/** Writes only a change: the observer below would otherwise call itself for ever. */
function put(el: Element, name: string, value: string) {
  if (el.getAttribute(name) !== value) el.setAttribute(name, value)
}

/** uni's elements are custom tags: say what they are to screen readers and the keyboard. */
function describe(root: ParentNode) {
  root.querySelectorAll('uni-button').forEach((el) => {
    const off = el.hasAttribute('disabled') && el.getAttribute('disabled') !== 'false'
    if (!el.hasAttribute('role')) put(el, 'role', 'button')
    put(el, 'tabindex', off ? '-1' : '0')
    put(el, 'aria-disabled', String(off))
  })
  root.querySelectorAll('uni-input, uni-textarea').forEach((el) => {
    el.querySelectorAll('input, textarea').forEach((inner) => {
      put(inner, 'aria-label', el.getAttribute('aria-label') ?? '')
    })
    // The host is not the control: a name on both would be read twice.
    if (el.querySelector('input, textarea')) put(el, 'role', 'presentation')
  })
  root.querySelectorAll('uni-image').forEach((el) => {
    el.querySelectorAll('img').forEach((img) => put(img, 'alt', el.getAttribute('aria-label') ?? ''))
  })
}

/** The frames of one page share one history: going back in it could turn another phone's page. */
function backWithoutHistory() {
  uni.addInterceptor('navigateBack', {
    invoke(args: { delta?: number }) {
      const pages = getCurrentPages()
      const target = pages[Math.max(0, pages.length - 1 - (args?.delta ?? 1))] as { $page?: { fullPath: string } } | undefined
      uni.reLaunch({ url: target?.$page?.fullPath ?? '/pages/home/index' })
      return false
    },
  })
}

let wake: { release(): Promise<void> } | undefined
let lit = false
// The browser lets the screen go dark once another window was in front.
document.addEventListener('visibilitychange', () => lit && document.visibilityState === 'visible' && h5.keepAwake(true))

export const h5: Platform = {
  origin: location.origin,
  space,
  nativePhoneButton: false,
  ownFontSize: true,
  soon: query.get('soon') === '1',

  start() {
    const asked = Number(query.get('scale'))
    apply(asked >= 1 && asked <= 2 ? asked : this.fontFactor())
    new MutationObserver(() => describe(document)).observe(document.documentElement, {
      childList: true,
      subtree: true,
      attributes: true,
      attributeFilter: ['disabled', 'aria-label'],
    })
    document.addEventListener('keydown', (event) => {
      const el = event.target as HTMLElement
      if ((event.key === 'Enter' || event.key === ' ') && el.tagName === 'UNI-BUTTON') {
        event.preventDefault()
        el.click()
      }
    })
    if (window.parent !== window) backWithoutHistory()
    window.addEventListener('message', (event) => {
      const data = event.data as { type?: string; text?: string } | null
      if (event.origin !== location.origin || data?.type !== 'bense:scan' || !data.text) return
      // With no scanner open this is WeChat's own scan: an ordinary link of ours opens its page.
      if (takeScan(data.text)) return
      const page = /\/q\//.test(data.text) ? '/packages/checkin/visit' : /\/c\//.test(data.text) ? '/packages/console/confirm' : ''
      if (page) uni.navigateTo({ url: `${page}?q=${encodeURIComponent(data.text)}` })
    })
  },

  async loginCode() {
    return (await demo<{ code: string }>('login-code', {})).code
  },

  async phoneCode() {
    return (await demo<{ code: string }>('phone-code', {})).code
  },

  scan: () => openScanner(frame),

  lens: (host, onText, onDark) => openLens(host as HTMLElement, onText, onDark).close,

  async subscribe(templates) {
    if (!templates.length) return
    const answer = await new Promise<boolean>((resolve) =>
      uni.showModal({
        title: '以后用微信提醒您？',
        content: templates.map((t) => `「${t.title}」`).join(' '),
        confirmText: '好的',
        cancelText: '不用',
        success: (res) => resolve(res.confirm),
        fail: () => resolve(false),
      }),
    )
    const word = answer ? 'accept' : 'reject'
    await demo('subscribe', {
      templates: Object.fromEntries(templates.map((t) => [t.id, word])),
    }).catch(() => {})
  },

  async shareCard(card) {
    await demo('share', { ...card })
    return 'posted'
  },

  async groupInfo() {
    return demo<{ encrypted_data: string; iv: string }>('group-info', {}).catch(() => undefined)
  },

  async calendar(entry) {
    const stamp = (at: string) => new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
    const plain = (text: string) => text.replace(/([\\,;])/g, '\\$1').replace(/\n/g, '\\n')
    const lines = [
      'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//bense//notice//CN', 'BEGIN:VEVENT',
      `UID:${stamp(entry.starts_at)}-${entry.title.length}@bense`, `DTSTAMP:${stamp(new Date().toISOString())}`,
      `DTSTART:${stamp(entry.starts_at)}`, `DTEND:${stamp(entry.ends_at)}`,
      `SUMMARY:${plain(entry.title)}`, `LOCATION:${plain(entry.place)}`, `DESCRIPTION:${plain(entry.note)}`,
      'BEGIN:VALARM', 'ACTION:DISPLAY', 'TRIGGER:-PT2H', `DESCRIPTION:${plain(entry.title)}`, 'END:VALARM',
      'END:VEVENT', 'END:VCALENDAR',
    ]
    save(`${entry.title}.ics`, new Blob([lines.join('\r\n')], { type: 'text/calendar' }))
    return true
  },

  voice: voices && ((found) => {
    const look = () => chinese() && found()
    look() // some browsers know their voices only later
    voices!.addEventListener('voiceschanged', look)
  }),

  speak: voices && ((text, ended) => {
    voices!.cancel()
    let stopped = false
    const end = () => {
      if (!stopped) ended()
      stopped = true
    }
    // Sentence by sentence: a browser breaks off what takes longer than a quarter of a minute.
    const parts = text.split(/(?<=[。！？；\n])/).map((p) => p.trim()).filter(Boolean)
    parts.forEach((part, i) => {
      const said = new SpeechSynthesisUtterance(part)
      said.lang = 'zh-CN'
      said.voice = chinese() ?? null
      said.rate = 0.8
      said.onerror = end
      if (i === parts.length - 1) said.onend = end
      voices!.speak(said)
    })
    return () => {
      stopped = true
      voices!.cancel()
    }
  }),

  dictation: browserDictation(window),

  keys(pressed) {
    const listen = (event: KeyboardEvent) => {
      const target = event.target as Element | null
      // A button has its own keys, and an unfinished Chinese word belongs to its input method.
      if (event.isComposing || target?.closest?.('uni-button')) return
      const text = target instanceof HTMLInputElement ? target.value : ''
      if (pressed(event.key, event.ctrlKey || event.metaKey, text)) event.preventDefault()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  },

  hasKeys: true,

  setText(label, text) {
    const field = document.querySelector<HTMLInputElement>(`input[aria-label="${label}"]`)
    if (!field || field.value === text) return
    field.value = text
    field.dispatchEvent(new Event('input', { bubbles: true }))
  },

  async openSheet(url, token, name, type = 'xlsx') {
    const res = await fetch(url, { headers: { Authorization: `Bearer ${token}` } }).catch(() => undefined)
    if (!res?.ok) throw new DeviceError('device.download', '表格没有下载成功')
    save(`${name}.${type}`, await res.blob())
  },

  async picture(url, token) {
    const res = await fetch(url, { headers: { Authorization: `Bearer ${token}` } }).catch(() => undefined)
    if (!res?.ok) throw new DeviceError('device.download', '图片没有下载成功')
    return URL.createObjectURL(await res.blob())
  },

  async pickPicture() {
    const file = await new Promise<File | undefined>((resolve) => {
      const input = document.createElement('input')
      input.type = 'file'
      input.accept = 'image/*'
      input.onchange = () => resolve(input.files?.[0])
      input.oncancel = () => resolve(undefined)
      input.click()
    })
    if (!file) return undefined
    const full = await createImageBitmap(file).catch(() => undefined)
    if (!full) throw new DeviceError('device.picture', '这不是能用的图片')
    const share = Math.min(1, 1280 / Math.max(full.width, full.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(full.width * share)
    canvas.height = Math.round(full.height * share)
    canvas.getContext('2d')!.drawImage(full, 0, 0, canvas.width, canvas.height)
    const small = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.8))
    return (small ?? file).arrayBuffer()
  },

  async passPicture(path, name) {
    save(`${name}.png`, await (await fetch(path)).blob())
  },

  async calendarFile(url, token) {
    const res = await fetch(url, { headers: { Authorization: `Bearer ${token}` } }).catch(() => undefined)
    if (!res?.ok) throw new DeviceError('device.download', '日历没有下载成功')
    return URL.createObjectURL(await res.blob())
  },

  async passCalendar(path, name) {
    save(`${name}.ics`, await (await fetch(path)).blob())
  },

  call(phone) {
    const link = document.createElement('a')
    link.href = `tel:${phone}`
    document.body.append(link)
    link.click()
    link.remove()
  },

  async copy(text) {
    await new Promise<void>((resolve) =>
      uni.setClipboardData({ data: text, showToast: false, complete: () => resolve() }),
    )
  },

  vibrate() {
    navigator.vibrate?.(300)
  },

  play(clip) {
    // Browsers refuse sound before the first touch; the screen says it all the same.
    new Audio(base + clips[clip]).play().catch(() => {})
  },

  random: async (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),

  shown(kind, text) {
    if (window.parent !== window) {
      window.parent.postMessage({ type: 'bense:shown', frame, kind, text }, location.origin)
    }
  },

  listen(url, names, event, lost) {
    const source = new EventSource(url)
    for (const name of names) source.addEventListener(name, (e) => event(name, (e as MessageEvent<string>).data))
    source.onerror = lost
    return () => source.close()
  },

  // A browser that cannot has no button for it.
  fill: document.fullscreenEnabled ? () => document.documentElement.requestFullscreen() : undefined,
  filled: () => !!document.fullscreenElement,

  keepAwake(on) {
    lit = on
    if (!on) {
      void wake?.release().catch(() => {})
      wake = undefined
      return
    }
    const lock = (navigator as { wakeLock?: { request(kind: 'screen'): Promise<typeof wake> } }).wakeLock
    lock?.request('screen').then((held) => (wake = held), () => {})
  },

  fontFactor: () => Number(localStorage.getItem(fontKey)) || 1,

  setFontFactor(factor) {
    localStorage.setItem(fontKey, String(factor))
    apply(factor)
  },

  setDensity(share) {
    document.documentElement.style.setProperty('--density', String(share))
  },
}

function apply(factor: number) {
  document.documentElement.style.setProperty('--font-factor', String(factor))
}
