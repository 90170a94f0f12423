import { expect, test, type Page } from '@playwright/test'
import { mock, variants, worlds, type Answers } from './mock'

/** The big screen on what it is for: a television, a projector, a tablet; read from the back row. */
const SIZES = [[1920, 1080], [1366, 768], [1280, 800], [1024, 768]]
const { board, longBoard, problem } = variants
const world = (reply: Answers[string]): Answers => ({ ...worlds.liaison(), 'GET /boards/abc': reply })
const list = board().list

const states: { name: string; reply: Answers[string]; sees: string; act?: (page: Page) => Promise<unknown> }[] = [
  { name: 'open', reply: { json: board() }, sees: '微信扫一扫' },
  { name: 'long', reply: { json: longBoard }, sees: '微信扫一扫' },
  { name: 'nameless', reply: { json: board({ latest: [], names: false }) }, sees: '微信扫一扫' },
  { name: 'before', reply: { json: board({ code: null, latest: [], list: { ...list, state: 'before' } }) }, sees: '开始签到' },
  { name: 'closed', reply: { json: board({ code: null, list: { ...list, state: 'closed' } }) }, sees: '签到已结束' },
  { name: 'cancelled', reply: { json: board({ code: null, activity: { ...longBoard.activity, state: 'cancelled' } }) }, sees: '活动已取消' },
  { name: 'wrong', reply: problem(404, 'checkin.board_unknown', '这个大屏链接不对，请联络员重新打开大屏'), sees: '这个大屏链接不对' },
  { name: 'never', reply: { abort: true }, sees: '网络断了' },
  { name: 'lost', reply: once({ json: longBoard }), sees: '微信扫一扫', act: (page) => page.context().setOffline(true) },
]

/** Answers once, then the network is gone. */
function once(reply: { json: unknown }): Answers[string] {
  let asked = 0
  return () => (asked++ ? { abort: true } : reply)
}

for (const state of states) {
  test(`the screen: ${state.name}`, async ({ browser }) => {
    const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } })
    const page = await context.newPage()
    expect(await mock(page, world(state.reply))).toEqual([])
    await page.goto('/h5/#/packages/board/index?t=abc')
    await expect(page.getByText(state.sees).first()).toBeVisible()
    await state.act?.(page)
    if (state.name === 'lost') await expect(page.getByText('网络断了')).toBeVisible()
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height })
      await page.waitForFunction((w) => (document.querySelector('.board') as HTMLElement).clientWidth === w, width)
      await page.screenshot({ path: `test-results/board/${state.name}-${width}.png` })
      const found = await page.evaluate(() => {
        const seen: { word: string; size: number; out: boolean }[] = []
        const inside = (el: Element) => {
          const b = el.getBoundingClientRect()
          return b.left >= 0 && b.top >= 0 && b.right <= innerWidth + 0.5 && b.bottom <= innerHeight + 0.5
        }
        for (const el of document.querySelectorAll<HTMLElement>('.lost,.title,.place,.clock,.word,.sub,.call,.figure__word,.figure__value,.one__name,.one__unit,.one__at,.qr__image')) {
          const hidden = el.closest('.latest')
          if (hidden && el.closest('.one')!.getBoundingClientRect().left > hidden.getBoundingClientRect().right - 1) continue // the column nobody sees
          seen.push({ word: el.className + ' ' + el.innerText, size: parseFloat(getComputedStyle(el).fontSize), out: !inside(el) })
        }
        const boxes = [...document.querySelectorAll('.head, .door, .side, .lost')].map((el) => el.getBoundingClientRect())
        const over = boxes.some((a, i) => boxes.slice(i + 1).some((b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1))
        const door = document.querySelector('.door')?.getBoundingClientRect()
        const spilt = [...document.querySelectorAll('.door > *')].some((el) => {
          const b = el.getBoundingClientRect()
          return b.top < door!.top - 0.5 || b.bottom > door!.bottom + 0.5 || b.left < door!.left - 0.5 || b.right > door!.right + 0.5
        })
        const qr = document.querySelector('.qr__image')?.getBoundingClientRect()
        return { seen, over, spilt, qr: qr ? Math.min(qr.width, qr.height) : 0, page: document.documentElement.scrollHeight }
      })
      const at = `${state.name} ${width}×${height}`
      expect.soft(found.seen.filter((s) => s.out), `${at} leaves the screen`).toEqual([])
      expect.soft(found.over || found.spilt, `${at} overlaps`).toBe(false)
      expect.soft(found.page, `${at} scrolls`).toBeLessThanOrEqual(height)
      for (const s of found.seen.filter((s) => !s.word.startsWith('qr'))) expect.soft(s.size / height, `${at} too small for the back row: ${s.word}`).toBeGreaterThanOrEqual(0.026)
      if (state.sees === '微信扫一扫') expect.soft(found.qr / height, `${at} code`).toBeGreaterThanOrEqual(0.4)
    }
    await context.close()
  })
}
