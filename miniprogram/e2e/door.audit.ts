import { writeFileSync } from 'node:fs'
import { chromium, expect, test, type BrowserContext, type Page } from '@playwright/test'
import qrcode from 'qrcode-generator'
import { launchOptions } from './browser'
import { atDoor, marks, memberCode, mock, pack, packed, roster, stop, variants, worlds, type Answers } from './mock'

/** How the door and the member's phone behave while the network comes and goes. The API is mocked. */
const phone = { viewport: { width: 375, height: 667 }, isMobile: true, hasTouch: true }
const dead = { abort: true }
const button = (page: Page, word: string) => page.locator('uni-button:visible', { hasText: word }).first()
const said = (page: Page) => page.locator('[aria-live=assertive]:visible')
const scan = (page: Page, text: string) =>
  page.evaluate((code) => window.postMessage({ type: 'bense:scan', text: code }, location.origin), text)

async function open(context: BrowserContext, world: Answers, path: string): Promise<Page> {
  const page = await context.newPage()
  await mock(page, world)
  await page.goto(`/h5/?frame=member#/${path}`)
  return page
}
const door = async (context: BrowserContext, world: Answers) => {
  const page = await open(context, world, 'packages/liaison/door?list=41')
  await expect(page.getByText('把码放进框里')).toBeVisible()
  await packed(page)
  return page
}


interface Sent { nonce: string; code?: string; person_id?: string; offline?: boolean; happened_at: string; leave_to_present?: boolean }
/** A server that notes what reached it; `down` is a line that is cut. */
function server() {
  const got: Sent[] = []
  const at = { down: false }
  const world: Answers = {
    ...worlds.liaison(),
    'POST /lists/41/check-ins': (route) => {
      if (at.down) return dead
      got.push(...(route.request().postDataJSON() as { items: Sent[] }).items)
      return atDoor(route)
    },
  }
  return { got, at, world }
}

/** Each text as a QR code on grey, for so many frames at five a second. */
function y4m(texts: string[], frames: number): Buffer {
  const wide = 320
  const high = 240
  const picture = (text: string) => {
    const luma = Buffer.alloc(wide * high, 200)
    const code = qrcode(0, 'M')
    code.addData(text)
    code.make()
    const size = Math.floor(200 / code.getModuleCount())
    for (let row = 0; row < code.getModuleCount(); row++)
      for (let col = 0; col < code.getModuleCount(); col++)
        if (code.isDark(row, col))
          for (let y = 0; y < size; y++) luma.fill(20, (20 + row * size + y) * wide + 60 + col * size, (20 + row * size + y) * wide + 60 + (col + 1) * size)
    return Buffer.concat([Buffer.from('FRAME\n'), luma, Buffer.alloc((wide * high) / 2, 128)])
  }
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${wide} H${high} F5:1 Ip A1:1 C420\n`), ...texts.flatMap((text) => Array.from({ length: frames }, () => picture(text)))])
}

test('the camera stays open: one code after another without a tap, and none twice', async ({ browser }) => {
  const context = await browser.newContext(phone)
  const { got, world } = server()
  const page = await door(context, world)
  const codes = [memberCode(1003), memberCode(1005), 'BC1.20267']
  await stop(page) // no pause between two people, and none before the answer
  for (const code of codes) {
    const answered = got.length
    // Held in view, as a camera sees it: ten times a second.
    for (let i = 0; i < 4; i++) await scan(page, code)
    await expect.poll(() => got.length).toBe(answered + 1)
    await expect(said(page)).toContainText('签到成功')
  }
  expect(got.map((s) => s.code)).toEqual(codes)
  await expect(page.locator('.lens')).toBeVisible()
  await context.close()
})

test('the open camera reads a true picture, and again the next one', async ({ baseURL }, info) => {
  // Chromium shows this film to whoever opens the camera: three seconds of each card.
  const film = info.outputPath('cards.y4m')
  writeFileSync(film, y4m(['BC1.20265', 'BC1.20267'], 15))
  const browser = await chromium.launch({
    ...launchOptions,
    args: [...launchOptions.args, '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`],
  })
  const { got, world } = server()
  const page = await door(await browser.newContext({ ...phone, baseURL, permissions: ['camera'] }), world)
  await expect.poll(() => new Set(got.map((s) => s.code)).size, { timeout: 120_000 }).toBe(2)
  await expect(said(page)).toContainText('签到成功')
  await browser.close()
})

test('a question does not stop the queue, and waits for its one tap', async ({ browser }) => {
  const context = await browser.newContext(phone)
  const { world } = server()
  const sent: Sent[] = []
  let answer: object = { answer: 'on_leave', message: '您请过假，改为到场?' }
  world['POST /lists/41/check-ins'] = (route) => {
    sent.push(...(route.request().postDataJSON() as { items: Sent[] }).items)
    return atDoor(route, answer)
  }
  const page = await door(context, world)
  await scan(page, memberCode(1003))
  await expect(button(page, '改为到场')).toBeVisible()
  answer = { person: { id: '105', name: '赵淑芬', unit: '利津县教育局' } }
  await scan(page, memberCode(1005))
  await expect(said(page)).toContainText('赵淑芬')
  answer = {}
  await button(page, '点这里改为到场').tap()
  await expect(said(page)).toContainText('刘桂兰')
  await expect(said(page)).toContainText('签到成功')
  expect(sent[2]).toMatchObject({ person_id: '103', leave_to_present: true })
  await context.close()
})

test('扫错了，撤销 takes the last one back', async ({ browser }) => {
  const context = await browser.newContext(phone)
  const { world } = server()
  world['POST /lists/41/check-ins/103/annul'] = { status: 204 }
  const page = await door(context, world)
  await scan(page, memberCode(1003))
  await button(page, '扫错了').tap()
  await expect(page.getByText('刘桂兰的签到已撤销')).toBeVisible()
  await context.close()
})

test('without network the phone knows a member and a card, at once, and tells what it does not know', async ({ browser }) => {
  const context = await browser.newContext(phone)
  const { got, at, world } = server()
  const page = await door(context, world)
  at.down = true
  await scan(page, memberCode(1003))
  await expect(said(page)).toContainText('已记在手机上')
  await expect(said(page)).toContainText('刘桂兰')
  await expect(page.locator('[data-result=ok]')).toBeVisible()
  await scan(page, 'BC1.20265')
  await expect(said(page)).toContainText('赵淑芬')
  // Nobody's code: said honestly, and kept all the same.
  await scan(page, memberCode(9999))
  await expect(said(page)).toContainText('认不出这个码')
  await expect(said(page)).toContainText('记在纸上')
  // The same person again, by another door: calm.
  await scan(page, 'BC1.20263')
  await expect(said(page)).toContainText('刚才已经签过')
  expect(got).toEqual([])

  at.down = false
  await page.clock.fastForward(20_000)
  await expect.poll(() => got.length).toBe(4)
  expect(got.every((s) => s.offline)).toBe(true)
  expect(new Set(got.map((s) => s.nonce)).size).toBe(4)
  await context.close()
})

test('a server that does not answer is not waited for, and a green one never turns red', async ({ browser }) => {
  const context = await browser.newContext(phone)
  const { world } = server()
  const waiting: (() => void)[] = []
  const sent: Sent[][] = []
  const page = await door(context, world)
  await page.route('**/lists/41/check-ins', async (route) => {
    const { items } = route.request().postDataJSON() as { items: Sent[] }
    sent.push(items)
    if (sent.length === 1) await new Promise<void>((go) => waiting.push(go))
    const over = items[0].offline ? {} : { answer: 'too_late', message: '签到已经结束' }
    await route.fulfill({ json: atDoor(route, over).json })
  })
  await scan(page, memberCode(1003))
  await expect(said(page)).toContainText('正在签到')
  await expect(said(page)).toContainText('已记在手机上')
  waiting[0]()
  await expect.poll(() => sent.length).toBe(2)
  expect(sent[1][0]).toMatchObject({ nonce: sent[0][0].nonce, offline: true, happened_at: sent[0][0].happened_at })
  await expect(page.locator('[data-result=stop]')).toHaveCount(0)
  await expect(said(page)).toContainText('已记在手机上')
  await context.close()
})

test('the queue outlives the app, is shown, copied, sent, and leaves a figure', async ({ browser }) => {
  const context = await browser.newContext({ ...phone, permissions: ['clipboard-read', 'clipboard-write'] })
  const { got, at, world } = server()
  const page = await door(context, world)
  at.down = true
  await scan(page, memberCode(1003))
  await expect(said(page)).toContainText('刘桂兰')
  world['GET /lists/41/door-pack'] = dead
  world['GET /lists/41/roster'] = dead
  world['GET /lists/41/marks'] = dead
  world['GET /me'] = dead
  await page.reload()
  await expect(page.getByText('把码放进框里')).toBeVisible()
  await scan(page, 'BC1.20265')
  await expect(said(page)).toContainText('赵淑芬')
  await button(page, '点名册').tap()
  await expect(page.locator('.item:visible', { hasText: '刘桂兰' })).toContainText('已记下')
  await page.locator('.item:visible', { hasText: '周玉梅' }).locator('uni-button').first().tap()
  await expect(page.locator('.live:visible')).toContainText('周玉梅 已记在手机上')
  await button(page, '还没传的人').tap()
  await expect(page.getByText('还有3位没传')).toBeVisible()
  for (const name of ['刘桂兰', '赵淑芬', '周玉梅']) await expect(page.locator('.one:visible', { hasText: name })).toBeVisible()
  await button(page, '复制名单').tap()
  await expect(page.getByText('复制好了')).toBeVisible()
  at.down = false
  await button(page, '现在就传').tap()
  await expect(page.getByText('已经传好3位')).toBeVisible()
  await expect(page.getByText('没有要传的')).toBeVisible()
  expect(new Set(got.map((s) => s.nonce)).size).toBe(3)
  expect(got.length).toBe(3)
  expect(got.map((s) => s.happened_at)).toEqual(got.map((s) => s.happened_at).sort())
  await context.close()
})

test('a lost login in the middle of the upload logs in again and goes on', async ({ browser }) => {
  const context = await browser.newContext(phone)
  const { got, at, world } = server()
  const page = await door(context, world)
  at.down = true
  await scan(page, memberCode(1003))
  await expect(said(page)).toContainText('已记在手机上')
  const inner = world['POST /lists/41/check-ins'] as (route: never) => { json: unknown }
  let refused = 0
  world['POST /lists/41/check-ins'] = ((route: never) => (refused++ ? inner(route) : { status: 401, json: { code: 'session', message: '请重新登录' } })) as never
  at.down = false
  await page.clock.fastForward(20_000)
  await expect.poll(() => got.length).toBe(1)
  expect(refused).toBe(2)
  await context.close()
})

test('a full phone says so and sends to the paper', async ({ browser }) => {
  const context = await browser.newContext(phone)
  await context.addInitScript(() => {
    const keep = Storage.prototype.setItem
    Storage.prototype.setItem = function (key: string, value: string) {
      if (/attempts|pack:/.test(key)) throw new DOMException('full', 'QuotaExceededError')
      keep.call(this, key, value)
    }
  })
  const { at, world } = server()
  const page = await door(context, world)
  await expect(page.getByText('手机存不下名单')).toBeVisible()
  at.down = true
  await scan(page, memberCode(1003))
  await expect(said(page)).toContainText('手机存不下了，请记在纸上')
  await context.close()
})

test('another door’s mark is there at once, and neither rows nor search move', async ({ browser }) => {
  const context = await browser.newContext(phone)
  const world = worlds.liaison()
  const page = await context.newPage()
  await mock(page, world)
  let tell: (person: string) => void = () => {}
  await page.route('**/lists/41/marks?*after=c1*', async (route) => {
    const person = await new Promise<string>((resolve) => (tell = resolve))
    const row = marks.items.find((m) => m.person_id === person)!
    await route.fulfill({
      json: { ...marks, cursor: 'c2', reset: false, counts: { ...marks.counts, present: 4, absent: 6 }, items: [{ ...row, present_at: variants.at(23, '08:42'), door: 'scan' }] },
    })
  })
  await page.goto('/h5/?frame=member#/packages/liaison/roster?list=41')
  await expect(page.getByText('未到 7')).toBeVisible()
  await page.evaluate(() => window.scrollTo(0, 260))
  const row = page.locator('.item', { hasText: '赵淑芬' })
  const before = await row.boundingBox()
  await stop(page)
  tell('105')
  await expect(row).toContainText('已到')
  await expect(page.getByText('未到 6').first()).toBeVisible()
  expect((await row.boundingBox())!.y).toBeCloseTo(before!.y, 0)
  expect(await page.evaluate(() => window.scrollY)).toBe(260)
  await context.close()
})

test('a walk-in is a name, a tap and a choice', async ({ browser }) => {
  const context = await browser.newContext(phone)
  const world = worlds.liaison()
  const sent: (Sent & { walk_in?: boolean; query?: string })[] = []
  world['POST /lists/41/check-ins'] = (route) => {
    sent.push(...route.request().postDataJSON().items)
    return sent.length === 1
      ? atDoor(route, { answer: 'ambiguous', message: '有同名，请选单位', person: undefined, candidates: [{ person_id: '201', name: '钱学义', unit: '利津县水利局' }, { person_id: '202', name: '钱学义', unit: '利津县教育局' }] })
      : atDoor(route, { person: { id: '202', name: '钱学义', unit: '利津县教育局' } })
  }
  const page = await open(context, world, 'packages/liaison/roster?list=41')
  await page.getByLabel('找人').last().fill('钱学义')
  await button(page, '现场补登').tap()
  await page.locator('.person:visible', { hasText: '教育局' }).tap()
  await expect(page.locator('.live')).toContainText('钱学义 签到成功')
  expect(sent[1]).toMatchObject({ person_id: '202', walk_in: true })
  expect(sent[1].query).toBeUndefined()
  await context.close()
})

/** Taps and key presses of a person, counted by the page itself. */
async function counting(context: BrowserContext) {
  await context.addInitScript(() => {
    const spy = window as unknown as { taps: number; keys: number }
    spy.taps = spy.keys = 0
    addEventListener('click', (e) => e.isTrusted && spy.taps++, true)
    addEventListener('keydown', () => spy.keys++, true)
  })
  return (page: Page) => page.evaluate(() => [(window as never as { taps: number }).taps, (window as never as { keys: number }).keys])
}

test('E25 from the scan to 签到成功: none for one, three for two, nothing typed', async ({ browser }) => {
  const context = await browser.newContext(phone)
  const count = await counting(context)
  const one = await open(context, worlds.single(), 'packages/checkin/visit?q=x')
  await expect(said(one)).toContainText('签到成功')
  expect(await count(one)).toEqual([0, 0])
  await one.close()
  const two = await open(context, worlds.couple(), 'packages/checkin/visit?q=x')
  await two.locator('.person', { hasText: '王建国' }).tap()
  await button(two, '再签一位').tap()
  await expect(said(two)).toContainText('李秀英')
  await expect(said(two)).toContainText('签到成功')
  expect((await count(two))[0]).toBeLessThanOrEqual(4)
  expect(await count(two)).toEqual([2, 0])
  await context.close()
})

test('E25 first use: at most four taps, nothing typed', async ({ browser }) => {
  const context = await browser.newContext(phone)
  const count = await counting(context)
  const world = worlds.nobody()
  const page = await open(context, world, 'packages/checkin/visit?q=x')
  await expect(page.getByText('还没有找到您的登记')).toBeVisible()
  world['GET /me'] = worlds.single()['GET /me']
  await button(page, '用手机号登记').tap()
  await button(page, '同意').tap()
  await button(page, '好了').tap()
  await expect(said(page)).toContainText('签到成功')
  const [taps, keys] = await count(page)
  expect(taps).toBeLessThanOrEqual(4)
  expect(keys).toBe(0)
  await context.close()
})

test('a member without network is told that it is noted, and signed in later, after a restart too', async ({ browser }) => {
  const context = await browser.newContext(phone)
  const world = worlds.single()
  const sent: { token?: string; ticket?: string; person_id: string; happened_at: string; nonce: string }[] = []
  world['POST /visits'] = dead
  world['POST /check-ins'] = dead
  const first = await open(context, world, 'pages/home/index')
  await expect(first.getByText('王建国，您好')).toBeVisible()
  await first.close()
  const page = await open(context, world, 'packages/checkin/visit?q=https%3A%2F%2Fb.example%2Fq%2FAbC')
  await expect(said(page)).toContainText('已记下')
  await expect(said(page)).toContainText('连上网自动签到')
  await expect(said(page)).toContainText('王建国')
  await page.goto('about:blank')

  world['POST /check-ins'] = (route) => {
    sent.push(route.request().postDataJSON())
    return { json: variants.result({ nonce: sent[0].nonce }) }
  }
  await page.goto('/h5/?frame=member#/pages/home/index')
  await expect(page.getByText(/王建国 8:41 签到成功/)).toBeVisible()
  expect(sent).toHaveLength(1)
  expect(sent[0]).toMatchObject({ token: 'https://b.example/q/AbC', person_id: '11' })
  expect(sent[0].ticket).toBeUndefined()
  expect(Date.parse(sent[0].happened_at)).toBeLessThan(Date.parse(variants.at(23, '08:41')))
  await context.close()
})

test('the pack is gone from the phone after its time', async ({ browser }) => {
  const context = await browser.newContext(phone)
  const page = await door(context, worlds.liaison())
  const held = () => page.evaluate(() => JSON.stringify({ ...localStorage }))
  await expect.poll(held).toContain(roster.items[5].name)
  expect(await held()).not.toContain(roster.items[5].phone_last4 + '"')
  await page.clock.setSystemTime(new Date(Date.parse(pack.wipe_after) + 1000))
  await page.goto('/h5/?frame=member#/pages/mine/index')
  await page.reload()
  await expect.poll(held).not.toContain(roster.items[5].name)
  await context.close()
})
