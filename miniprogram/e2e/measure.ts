/**
 * Runs inside the page: everything about sizes, words and places that elder.md asks for.
 * Self-contained, because Playwright sends it over as source text.
 */
export interface Measured {
  texts: { text: string; size: number; line: number; weight: number; style: string; lines: number; list: boolean }[]
  overflow: number
  clipped: string[]
  targets: { word: string; x: number; y: number; w: number; h: number; main: boolean; list: boolean; fixed: boolean }[]
  pitches: { pitch: number; line: number }[]
  /** Values moved by buttons: each is one thing to do, whatever the number of its buttons. */
  steppers: number
  telephone: boolean
  dialogs: number
  live: number
}

export function measure(): Measured {
  const seen = (el: Element) => {
    const box = el.getBoundingClientRect()
    const style = getComputedStyle(el)
    return box.width > 0 && box.height > 0 && style.visibility !== 'hidden' && style.opacity !== '0'
  }
  const texts: Measured['texts'] = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const el = node.parentElement!
    const text = (node.textContent ?? '').trim()
    if (!text || !seen(el) || el.closest('script,style,[aria-hidden=true]')) continue
    const style = getComputedStyle(el)
    const range = document.createRange()
    range.selectNodeContents(node)
    const rows = new Set(Array.from(range.getClientRects(), (r) => Math.round(r.top)))
    texts.push({
      text,
      size: parseFloat(style.fontSize),
      line: parseFloat(style.lineHeight) || parseFloat(style.fontSize) * 1.2,
      weight: Number(style.fontWeight),
      style: style.fontStyle,
      lines: rows.size,
      list: !!el.closest('[data-list]'),
    })
  }

  const clipped: string[] = []
  document.querySelectorAll<HTMLElement>('body *').forEach((el) => {
    if (el.closest('uni-input, uni-textarea, input, textarea')) return
    const style = getComputedStyle(el)
    const hides = /hidden|clip/.test(style.overflowX + style.overflowY)
    if (!hides || !el.innerText?.trim() || !seen(el)) return
    if (el.scrollWidth > el.clientWidth + 1 || el.scrollHeight > el.clientHeight + 1) clipped.push(el.innerText.slice(0, 20))
  })

  const targets: Measured['targets'] = []
  document.querySelectorAll<HTMLElement>('uni-button, button, a, uni-input, uni-textarea').forEach((el) => {
    if (!seen(el)) return
    const box = el.getBoundingClientRect()
    let fixed = false
    for (let up: Element | null = el; up; up = up.parentElement) fixed ||= getComputedStyle(up).position === 'fixed'
    const words = el.querySelector<HTMLElement>('.btn__word, .row__word, .phone__word') ?? el
    targets.push({
      word: el.matches('uni-input, uni-textarea') ? '' : words.innerText.trim(),
      x: box.x, y: box.y, w: box.width, h: box.height,
      main: el.dataset.main === 'yes', list: !!el.closest('[data-list]'), fixed,
    })
  })

  const pitches = Array.from(document.querySelectorAll<HTMLElement>('.p + .p'), (el) => {
    const before = el.previousElementSibling as HTMLElement
    const line = parseFloat(getComputedStyle(el).lineHeight)
    return { pitch: el.getBoundingClientRect().top - before.getBoundingClientRect().bottom + line, line }
  })

  return {
    texts, clipped, targets, pitches,
    overflow: Math.max(document.documentElement.scrollWidth, document.body.scrollWidth, window.innerWidth),
    steppers: [...document.querySelectorAll('.stepper')].filter(seen).length,
    telephone: !!document.querySelector('[data-tel^="tel:"]'),
    dialogs: document.querySelectorAll('uni-modal, [role=dialog]').length,
    live: document.querySelectorAll('[aria-live], [role=status], [role=alert]').length,
  }
}
