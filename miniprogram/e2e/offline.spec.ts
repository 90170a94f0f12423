import { fileURLToPath } from 'node:url'
import { expect, test, type BrowserContext, type Page, type Route } from '@playwright/test'

/**
 * The film of a door without network, against a served demo: the line is cut in the middle, the app is
 * started anew without it, and when it is back everybody is with the server, once, at the time of the tap.
 */
const title = `断网演练 ${String(Date.now()).slice(-8)}`
/** Pictures of every step; a video too where Playwright finds its ffmpeg and FILM is set. */
const film = fileURLToPath(new URL('../test-results/film', import.meta.url))
let scene = 0
const shoot = (page: Page, name: string) => page.screenshot({ path: `${film}/${String(++scene).padStart(2, '0')}-${name}.png` })

const button = (page: Page, word: string) => page.locator('uni-button:visible', { hasText: word }).first()
const said = (page: Page) => page.locator('.live:visible')

async function publish(context: BrowserContext) {
  const head = await context.newPage()
  await head.goto('/h5/?frame=head&soon=1#/pages/work/index')
  await button(head, '写通知').tap()
  await button(head, '主题党日').tap()
  await head.getByLabel('标题').last().fill(title)
  const place = head.getByLabel('地点').last()
  if (!(await place.inputValue())) await place.fill('文化馆二楼')
  await button(head, '看一遍').tap()
  await button(head, '发通知').tap()
  await button(head, '确定发出').tap()
  await expect(head.getByText('已经发出')).toBeVisible()
  await head.close()
}

/** The pack of a server that has none yet is made of its roster: names, without the hashes of codes. */
async function pack(route: Route) {
  const real = await route.fetch()
  if (real.status() !== 404) return route.fulfill({ response: real })
  const got = await route.fetch({ url: route.request().url().replace('door-pack', 'roster') })
  const { list, activity, items } = await got.json()
  const people = items.map((r: { present_at: string | null }) => ({ ...r, present: !!r.present_at, codes: [] }))
  return route.fulfill({ json: { list, activity, wipe_after: activity.ends_at, salt: 's', people } })
}

const cut = (route: Route) => route.abort('internetdisconnected')

/** Taps the first who is still missing, and gives the name. */
async function signIn(page: Page): Promise<string> {
  const row = page.locator('.item:visible', { has: page.locator('.one__do') }).first()
  const name = await row.locator('.one__name').innerText()
  await row.locator('uni-button').first().tap()
  await expect(said(page)).toContainText(name)
  return name
}

test('nobody is lost and nobody doubled when the network goes', async ({ browser, contextOptions }) => {
  const context = await browser.newContext({ ...contextOptions, ...(process.env.FILM ? { recordVideo: { dir: film, size: { width: 390, height: 844 } } } : {}) })
  await context.route('**/door-pack', pack)
  await publish(context)

  const page = await context.newPage()
  await page.goto('/h5/?frame=liaison&soon=1#/pages/work/index')
  await page.locator('.row', { hasText: title }).tap()
  await page.getByText('门口扫码').waitFor()
  const stored = page.waitForResponse('**/door-pack')
  await button(page, '门口扫码').tap()
  await stored
  await shoot(page, 'door')
  await button(page, '返回').tap()
  await button(page, '点名册').tap()
  const names = [await signIn(page)]
  await expect(said(page)).toContainText('签到成功')
  await shoot(page, 'with-network')

  // In the middle of the queue the network goes.
  await context.setOffline(true)
  const began = Date.now()
  for (let i = 0; i < 3; i++) {
    names.push(await signIn(page))
    await expect(said(page)).toContainText('已记在手机上')
  }
  await expect(said(page)).toContainText('有3位已记在手机上')
  await shoot(page, 'without-network')

  // The app is started anew; only the program itself can be loaded.
  await context.route('**/api/**', cut)
  await context.setOffline(false)
  await page.reload()
  await expect(said(page)).toContainText('有3位已记在手机上')
  await expect(page.locator('.item:visible', { hasText: names[1] })).toContainText('已记下')
  names.push(await signIn(page))
  await expect(said(page)).toContainText('已记在手机上')
  const ended = Date.now()
  await shoot(page, 'after-restart')
  await button(page, '还没传的人').tap()
  await expect(page.getByText('还有4位没传')).toBeVisible()
  for (const name of names.slice(1)) await expect(page.locator('.one:visible', { hasText: name })).toContainText('等网络')

  await shoot(page, 'queue')

  // It is back.
  await context.unroute('**/api/**', cut)
  await button(page, '现在就传').tap()
  await expect(page.getByText('没有要传的')).toBeVisible()
  await expect(page.getByText('已经传好4位')).toBeVisible()
  await shoot(page, 'uploaded')
  await button(page, '返回').tap()
  await button(page, '返回').tap()
  await page.locator('.row:visible', { hasText: title }).tap()
  await page.getByText('门口扫码').waitFor()

  const sheet = page.waitForResponse('**/attendance')
  await button(page, '签到表').tap()
  const { counts, rows } = await (await sheet).json()
  await expect(page.locator('.figure:visible', { hasText: '实到' })).toContainText('5')
  const present = rows.filter((r: { state: string }) => r.state === 'present')
  expect(counts.present).toBe(5)
  expect(present.map((r: { name: string }) => r.name).sort()).toEqual([...names].sort())
  for (const row of present.filter((r: { name: string }) => r.name !== names[0])) {
    expect(Date.parse(row.at)).toBeGreaterThanOrEqual(began - 1000)
    expect(Date.parse(row.at)).toBeLessThanOrEqual(ended + 1000)
  }
  await shoot(page, 'sheet')
  await context.close()
})
