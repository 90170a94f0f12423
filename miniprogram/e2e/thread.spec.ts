import { expect, test, type BrowserContext, type Page } from '@playwright/test'
import { readQr } from './qr'

/** The main job, as three people on three phones live it, against a served demo. */
test.describe.configure({ mode: 'serial' })

let context: BrowserContext
let member: Page
let head: Page
let liaison: Page
let name = ''
const title = `主题党日 ${String(Date.now()).slice(-8)}`

async function phone(frame: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`/h5/?frame=${frame}&soon=1#/pages/home/index`)
  return page
}
const button = (page: Page, word: string) => page.locator('uni-button:visible', { hasText: word }).first()
/** What the demo page does when somebody holds this phone before a code. */
const scan = (page: Page, text: string) =>
  page.evaluate((code) => window.postMessage({ type: 'bense:scan', text: code }, location.origin), text)

test.beforeAll(async ({ browser, contextOptions }) => {
  context = await browser.newContext({ ...contextOptions })
})
test.afterAll(() => context.close())

test('a member is found in the ledger by the phone number', async () => {
  member = await phone('member')
  await expect(member.getByText('您好').first()).toBeVisible()
  if (await member.getByText('先找到您的登记').isVisible()) {
    await button(member, '开始').tap()
    await button(member, '用手机号登记').tap()
    await button(member, '同意').tap()
    const asked = member.getByText('您是哪一位')
    await expect(asked.or(member.getByText('找到您的登记了')).first()).toBeVisible()
    if (await asked.isVisible()) await member.locator('.person').first().tap()
    await button(member, '好了').tap()
  }
  const hello = member.getByRole('heading', { name: '，您好' })
  await expect(hello).toBeVisible()
  name = (await hello.innerText()).split('，')[0]
})

test('the head publishes a notice and shares it into the group', async () => {
  head = await phone('head')
  await head.goto(`/h5/?frame=head&soon=1#/pages/work/index`)
  await button(head, '写通知').tap()
  await button(head, '主题党日').tap()
  await head.getByLabel('标题').last().fill(title)
  const place = head.getByLabel('地点').last()
  if (!(await place.inputValue())) await place.fill('文化馆二楼')
  await button(head, '看一遍').tap()
  await expect(head.getByText('老同志看到的就是这样')).toBeVisible()
  await button(head, '发通知').tap()
  await button(head, '确定发出').tap()
  await expect(head.getByText('已经发出')).toBeVisible()
  await button(head, '发到微信群').tap()
  await expect(head.getByText(/发到了微信群/)).toBeVisible()
})

test('the member reads it and answers with one tap', async () => {
  await member.goto(`/h5/?frame=member&soon=1#/pages/mine/index`)
  await member.goto(`/h5/?frame=member&soon=1#/pages/home/index`)
  await member.locator('.notice', { hasText: title }).locator('uni-button', { hasText: '看通知' }).tap()
  await button(member, '参加').tap()
  const question = member.locator('uni-modal')
  await expect(question).toBeVisible()
  await question.getByText('好的').tap()
  await expect(member.getByText('您已答复：参加')).toBeVisible()
})

test('the member signs in by the code at the door, and only once', async () => {
  liaison = await phone('liaison')
  await expect(liaison.getByRole('heading', { name: '工作', exact: true })).toBeVisible()
  await liaison.locator('.row', { hasText: title }).tap()
  await button(liaison, '现场签到码').tap()
  const url = await readQr(liaison)
  expect(url).toMatch(/\/q\/[\w-]+/)

  await scan(member, url)
  const said = member.locator('[aria-live=assertive]:visible')
  await expect(said).toContainText('签到成功')
  await expect(said).toContainText(name)
  await button(member, '好了').tap()

  await scan(member, url)
  await expect(said).toContainText(/您已在\d+:\d\d签到/)
})

test('the liaison signs somebody in by the roster and takes the sheet', async () => {
  await button(liaison, '返回').tap()
  await button(liaison, '点名册').tap()
  const row = liaison.locator('.item', { hasText: '签到' }).first()
  const other = await row.locator('.one__name').innerText()
  await row.locator('uni-button').tap()
  await expect(liaison.locator('.live:visible')).toContainText(`${other} 签到成功`)
  await button(liaison, '返回').tap()
  await button(liaison, '签到表').tap()
  await expect(liaison.locator('.figure:visible', { hasText: '实到' })).toContainText('2')
  const download = liaison.waitForEvent('download')
  await button(liaison, '下载签到表').tap()
  expect((await download).suggestedFilename()).toContain('.xlsx')
})

test('the head sees who answered and notes a call', async () => {
  // A browser without a telephone would ask what to do with the number.
  await head.evaluate(() =>
    document.addEventListener('click', (event) => {
      const link = (event.target as Element).closest('a[href^="tel:"]')
      if (!link) return
      event.preventDefault()
      document.body.dataset.called = link.getAttribute('href')!
    }, true),
  )
  await button(head, '打电话通知').tap()
  const first = head.locator('.card:visible', { has: head.locator('.name') }).first()
  const called = await first.locator('.name').innerText()
  await first.locator('uni-button').first().tap()
  await expect(head.locator('body')).toHaveAttribute('data-called', /^tel:1990000\d{4}$/)
  await head.locator('uni-button:visible', { hasText: '已通知' }).first().tap()
  await expect(head.getByText(`${called}：已通知`)).toBeVisible()
})
