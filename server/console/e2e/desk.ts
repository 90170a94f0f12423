import { readFileSync } from 'node:fs'
import { expect, test, type APIRequestContext, type Browser, type Locator, type Page } from '@playwright/test'
import { clean } from './axe'

/** A file of the server's own test data. */
export const data = (path: string): Buffer => readFileSync(new URL(`../../internal/${path}`, import.meta.url))

/** An empty county of its own; gives the frame in which the phone of its office is. */
export async function county(request: APIRequestContext, name: string): Promise<string> {
  const made = await request.post('/demo/county', { data: { name: `${name}${Date.now() % 1e8}县离退休干部党工委` } })
  expect(made.ok()).toBe(true)
  return (await made.json()).frame
}

/** The office's phone, a page of the mini-program in a browser of its own. */
export class Phone {
  private constructor(readonly page: Page, private readonly frame: string) {}

  static async of(browser: Browser, frame: string): Promise<Phone> {
    const context = await browser.newContext({ viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true })
    return new Phone(await context.newPage(), frame)
  }

  private open(path: string) {
    return this.page.goto(`/h5/?frame=${encodeURIComponent(this.frame)}#/packages/console/${path}`)
  }

  private async press(word: string) {
    await this.page.locator('uni-button', { hasText: word }).first().tap()
  }

  /** Scans the code on the desk's screen and lets the desk in. */
  async letIn(desk: Page) {
    const made = desk.waitForResponse((r) => r.url().endsWith('/console/logins'))
    await desk.goto('/console/login')
    const offer = await (await made).json()
    await this.open(`confirm?q=${encodeURIComponent(offer.qr)}`)
    await expect(this.page.getByText(offer.number, { exact: true })).toBeVisible()
    await shot(this.page, '手机上登录')
    await this.press('确认登录')
    await expect(this.page.getByText('电脑上已登录')).toBeVisible()
    await expect(desk.getByText('，您好')).toBeVisible()
  }

  /** Compares the number with that on the desk's screen and agrees. */
  async agree(desk: Page, title: string) {
    const number = await desk.getByLabel('核对数字').innerText()
    await this.open('waiting')
    await expect(this.page.getByText(title).first()).toBeVisible()
    await expect(this.page.getByText(number, { exact: true }).first()).toBeVisible()
    await shot(this.page, `手机上确认${title}`)
    await this.press('同意')
    await expect(this.page.getByText(`已同意：${title}`)).toBeVisible()
  }

  close() {
    return this.page.context().close()
  }
}

const taken = new Map<string, number>()
/** One frame of the film: a picture among the test's results. */
export async function shot(page: Page, name: string) {
  const info = test.info()
  const n = (taken.get(info.testId) ?? 0) + 1
  taken.set(info.testId, n)
  const path = info.outputPath(`${String(n).padStart(2, '0')} ${name}.png`)
  await page.screenshot({ path, animations: 'disabled' })
  await info.attach(name, { path, contentType: 'image/png' })
}

/** A picture of the page as it stands, and nothing in it that keeps somebody from working it. */
export async function look(page: Page, name: string) {
  await shot(page, name)
  await clean(page)
}

/** A photograph: the page as it stands. */
export const picture = (page: Page): Promise<Buffer> => page.screenshot({ type: 'jpeg' })

/** What a list of figures says, by name. */
export async function figures(list: Locator): Promise<Record<string, number>> {
  const pairs = await list.locator('div').evaluateAll((divs) =>
    divs.map((d) => [d.querySelector('dt')?.textContent?.trim() ?? '', Number(d.querySelector('dd')?.textContent)] as const))
  return Object.fromEntries(pairs)
}

/** Gives the console a file and waits until it has been read. */
export async function upload(page: Page, name: string, buffer: Buffer) {
  await page.getByRole('link', { name: '导入台账' }).click()
  await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'application/octet-stream', buffer })
  await expect(page.getByRole('heading', { name })).toBeVisible()
  await expect(page.locator('.figures')).toBeVisible()
  await expect(page.getByText('等您确认')).toBeVisible()
}

/** Agrees to the preview and waits until it stands in the ledger. */
export async function commit(page: Page) {
  await page.getByRole('button', { name: '确认导入' }).click()
  await expect(page.getByText(/^已导入/)).toBeVisible()
}
