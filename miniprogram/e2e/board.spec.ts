import { expect, test, type APIRequestContext, type Browser, type Page } from '@playwright/test'
import { stop } from './mock'
import { readQr } from './qr'

/** The big screen at the venue, against a served demo: opened by its link alone, on a machine of its own. */
test.describe.configure({ mode: 'serial' })

const TV = { width: 1920, height: 1080 }
const SIZES = { tv: TV, tablet: { width: 1280, height: 800 }, phone: { width: 375, height: 667 } }

let api: APIRequestContext
let token = ''
let list = ''
let activity = ''
let people: { person_id: string; name: string }[] = []

const ask = async (method: 'get' | 'post', path: string, data?: unknown) => {
  const res = await api[method](`/api/v1${path}`, { headers: { Authorization: `Bearer ${token}` }, data })
  expect(res.ok(), `${method} ${path}: ${res.status()} ${await res.text()}`).toBe(true)
  return res.status() === 204 ? undefined : res.json()
}
const nonce = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('')
const signIn = async () => {
  const { person_id, name } = people.shift()!
  const { items } = await ask('post', `/lists/${list}/check-ins`, { items: [{ nonce: nonce(), door: 'roster', person_id }] })
  expect(items[0].answer).toBe('ok')
  return name
}
const link = async (names: boolean) => new URL((await ask('post', `/lists/${list}/boards`, { names })).url)
const screen = async (browser: Browser, url: URL, before?: (page: Page) => Promise<unknown>) => {
  const context = await browser.newContext({ viewport: TV, isMobile: false, hasTouch: false, baseURL: undefined })
  const page = await context.newPage()
  await before?.(page)
  await page.goto(url.href)
  return page
}
const shot = async (page: Page, name: string) => {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport)
    await page.waitForFunction((w) => document.querySelector('.board')!.classList.contains('board--wide') === (w >= 900), viewport.width)
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(over, `${name} at ${size} is too wide`).toBeLessThanOrEqual(0)
    await page.screenshot({ path: `test-results/board/${name}-${size}.png` })
  }
  await page.setViewportSize(TV)
}
const present = (page: Page) => page.locator('.figure', { hasText: '实到' }).locator('.figure__value')

test.beforeAll(async ({ playwright, baseURL }) => {
  api = await playwright.request.newContext({ baseURL })
  const { code } = await (await api.post('/demo/login-code', { data: { frame: 'head' } })).json()
  const session = await (await api.post('/api/v1/sessions', { data: { code } })).json()
  token = session.token
  const alliance = session.me.roles.find((r: { role: string }) => r.role === 'head').alliance_id
  const starts = Date.now() + 20 * 60_000
  const made = await ask('post', '/activities', {
    alliance_id: alliance, kind: 'party_day', title: '重阳节主题党日活动', place: '老年大学二楼报告厅',
    starts_at: new Date(starts).toISOString(), ends_at: new Date(starts + 7200_000).toISOString(),
  })
  activity = made.id
  list = made.lists[0].id
  people = (await ask('get', `/lists/${list}/roster`)).items
})
test.afterAll(() => api.dispose())

test('the liaison makes the link and chooses about names', async ({ browser, contextOptions }) => {
  const context = await browser.newContext(contextOptions)
  const page = await context.newPage()
  await page.goto(`/h5/?frame=liaison#/packages/liaison/venue?list=${list}`)
  await page.locator('uni-button:visible', { hasText: '大屏' }).first().tap()
  await expect(page.getByText('用平板扫这个码').first()).toBeVisible()
  expect(await readQr(page)).toMatch(/\/h5\/#\/packages\/board\/index\?t=[\w-]{40,}$/)
  const named = await readQr(page)
  await page.getByText('不显示').tap()
  await expect.poll(() => readQr(page)).not.toBe(named)
  await page.screenshot({ path: 'test-results/board/link-phone.png', fullPage: true })
  await context.close()
})

test('a sign-in comes to the screen by itself, without any log-in there', async ({ browser }) => {
  const page = await screen(browser, await link(true), (p) => p.clock.install())
  expect(await readQr(page)).toMatch(/\/q\/[\w-]+$/)
  await expect(present(page)).toHaveText('0')
  await stop(page) // it cannot ask any more: it is told
  for (let i = 1; i <= 6; i++) {
    const name = await signIn()
    await expect(present(page)).toHaveText(String(i))
    await expect(page.locator('.one--new .one__name')).toHaveText(name)
  }
  await page.clock.resume()
  await shot(page, 'open')
  const before = page.url()
  await page.reload() // a kiosk that was switched off and on
  await expect(present(page)).toHaveText('6')
  expect(page.url()).toBe(before)
  await page.context().close()
})

test('names can be left away', async ({ browser }) => {
  const page = await screen(browser, await link(false))
  await expect(present(page)).toHaveText('6')
  await expect(page.locator('.one')).toHaveCount(0)
  await shot(page, 'nameless')
  await page.context().close()
})

test('without events the screen asks, and shows the same', async ({ browser }) => {
  let asked = 0
  const page = await screen(browser, await link(true), async (p) => {
    await p.route('**/events', (route) => route.abort())
    p.on('request', (r) => /boards\/[\w-]+$/.test(r.url()) && asked++)
  })
  await expect(present(page)).toHaveText('6')
  const name = await signIn()
  await expect(page.locator('.one--new .one__name')).toHaveText(name)
  await expect(page.getByText('网络断了')).toHaveCount(0)
  expect(asked).toBeGreaterThan(1)
  const events = page.waitForResponse(/events$/) // one that was cut off has no response
  await page.unroute('**/events') // and it finds back to the events by itself
  expect((await events).status()).toBe(200)
  await page.context().close()
})

test('a lost network is said, an old code goes, and all comes back', async ({ browser }) => {
  const page = await screen(browser, await link(true), (p) => p.clock.install())
  await expect(present(page)).toHaveText('7')
  await page.context().setOffline(true)
  await expect(page.getByText('网络断了，正在重连；请找工作人员签到')).toBeVisible()
  await expect(present(page)).toHaveText('7')
  await shot(page, 'lost')
  await page.clock.fastForward(61_000) // no code lives longer
  await expect(page.getByText('签到码用不了')).toBeVisible()
  await expect(page.locator('.board uni-image')).toHaveCount(0)
  await shot(page, 'lost-long')
  const name = await signIn()
  await page.context().setOffline(false)
  await expect(page.getByText('网络断了')).toHaveCount(0)
  await expect(page.locator('.one--new .one__name')).toHaveText(name)
  await expect(page.locator('.board uni-image')).toHaveCount(1)
  await page.context().close()
})

test('a link that was taken back darkens the screens', async ({ browser, contextOptions }) => {
  const page = await screen(browser, await link(true))
  await expect(page.locator('.board uni-image')).toHaveCount(1)
  const desk = await (await browser.newContext(contextOptions)).newPage()
  await desk.goto(`/h5/?frame=liaison#/packages/liaison/board?list=${list}`)
  await desk.locator('uni-button:visible', { hasText: '收回链接' }).tap()
  await expect(desk.getByText('已经收回').first()).toBeVisible()
  await expect(page.getByText('这个大屏链接已收回')).toBeVisible()
  await desk.locator('uni-button:visible', { hasText: '再开一个' }).tap()
  await page.goto('about:blank')
  await page.goto(await readQr(desk))
  await expect(page.locator('.board uni-image')).toHaveCount(1)
  await desk.context().close()
  await page.context().close()
})

test('a called-off activity shows no code, a wrong link says so', async ({ browser }) => {
  const url = await link(true)
  const page = await screen(browser, url)
  await expect(page.locator('.board uni-image')).toHaveCount(1)
  await ask('post', `/activities/${activity}/cancel`, { reason: '改期' })
  await expect(page.getByText('活动已取消')).toBeVisible()
  await expect(page.locator('.board uni-image')).toHaveCount(0)
  await shot(page, 'cancelled')
  await page.context().close()
  url.hash = url.hash.slice(0, -3) + 'xyz'
  const wrong = await screen(browser, url)
  await expect(wrong.getByText('这个大屏链接不对')).toBeVisible()
  await shot(wrong, 'wrong')
  await wrong.context().close()
})
