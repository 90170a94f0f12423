import { expect, test, type BrowserContext, type Page } from '@playwright/test'

/** A head writes on a phone: pictures, an audience, a later time, a correction. Against a served demo. */
test.describe.configure({ mode: 'serial' })

let context: BrowserContext
let head: Page
const title = `书画交流 ${String(Date.now()).slice(-8)}`
const button = (word: string | RegExp) => head.locator('uni-button:visible', { hasText: word }).first()
const desk = () => head.goto('/h5/?frame=head#/pages/work/index')

test.beforeAll(async ({ browser, contextOptions }) => {
  context = await browser.newContext({ ...contextOptions })
  head = await context.newPage()
  await desk()
  await button('写通知').tap()
  await button('文化活动').tap()
  await head.getByLabel('标题').last().fill(title)
  const place = head.getByLabel('地点').last()
  if (!(await place.inputValue())) await place.fill('文化馆二楼')
})
test.afterAll(() => context.close())

test('chooses units and is told how many people that is', async () => {
  await button('发给联盟全体').tap()
  await button('挑单位').tap()
  await head.locator('.pick:visible').first().tap()
  await expect(head.getByText(/^将通知\d+人/).last()).toBeVisible()
  await button('选好了').tap()
  await expect(button('发给1个单位')).toBeVisible()
})

test('puts a picture in, which is checked', async () => {
  await button('放图片').tap()
  const chooser = head.waitForEvent('filechooser')
  await button('选一张图片').tap()
  await (await chooser).setFiles(new URL('./testdata/notice.png', import.meta.url).pathname)
  await expect(head.getByText('可以发').or(head.getByText('正在检查')).first()).toBeVisible()
  await expect(head.getByText('可以发').first()).toBeVisible()
  await button('好了').tap()
  await expect(button('放了1张图片')).toBeVisible()
})

test('sends it later, takes it back, and finds it among the drafts', async () => {
  await button('看一遍').tap()
  await expect(head.locator('uni-image[aria-label="第1张图片"]:visible')).toBeVisible()
  await button('定时发').tap()
  await button('定好了').tap()
  await expect(head.getByRole('heading', { name: '定好了' })).toBeVisible()
  await expect(head.getByText(/^(明天|今天|\d+月).*发出$/).last()).toBeVisible()
  await button('收回来改').tap()
  await expect(head.getByRole('heading', { name: '还是草稿' })).toBeVisible()
  await desk()
  await head.locator('.row:visible', { hasText: title }).first().tap()
  await expect(head.getByLabel('标题').last()).toHaveValue(title)
})

test('keeps half a notice while another one is opened', async () => {
  const half = head.getByLabel('标题').last()
  await desk()
  await button('写通知').tap()
  await button('学习活动').tap()
  await half.fill('写了一半的')
  await desk()
  await head.reload() // as when the phone was switched off
  await head.locator('.row:visible', { hasText: title }).first().tap()
  await expect(half).toHaveValue(title)
  await desk()
  await button('写通知').tap()
  await expect(half).toHaveValue('写了一半的')
  await button(/另写一条新的|不要了，重新写/).tap()
  await desk()
  await head.locator('.row:visible', { hasText: title }).first().tap()
  await expect(half).toHaveValue(title)
})

test('publishes it to the chosen ones and corrects it', async () => {
  await expect(button('发给1个单位')).toBeVisible()
  await button('看一遍').tap()
  await button('发通知').tap()
  await button('确定发出').tap()
  await expect(head.getByText('已经发出')).toBeVisible()
  await button('还能做的事').tap()
  await button('更正').tap()
  const body = head.getByLabel('内容').last()
  await expect(body).not.toHaveValue('')
  await body.fill('请带上自己的作品，在南门集合。')
  await head.getByLabel('改了什么').last().fill('集合地点')
  await button('发更正').tap()
  await expect(head.getByText('更正已经发出')).toBeVisible()
  await button('好了').tap()
  await button('再发给没答复的').tap()
  await expect(button('发给还没答复的')).toBeVisible()
})

test('moves it to another time, and calls it off', async () => {
  await desk()
  await head.locator('.row:visible', { hasText: title }).first().tap()
  await button('还能做的事').tap()
  await button('更正').tap()
  await button('改时间和地点').tap()
  await button('点这里改时间').tap()
  await button('晚半小时').tap()
  await button('定好了').tap()
  await button('改好，告诉大家').tap()
  await expect(head.getByRole('heading', { name: '已经改好' })).toBeVisible()
  await desk()
  await head.locator('.row:visible', { hasText: title }).first().tap()
  await button('还能做的事').tap()
  await button('取消活动').tap()
  await button('天气不好').tap()
  await button('确定取消').tap()
  await expect(head.getByRole('heading', { name: '已经取消' })).toBeVisible()
})
