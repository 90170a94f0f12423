import { readFile } from 'node:fs/promises'
import { expect, test, type APIRequestContext, type Page } from '@playwright/test'
import { clean } from './axe'

/** Signs the page in as the liaison's desk. */
async function signIn(page: Page, request: APIRequestContext) {
  const { code } = await (await request.post('/demo/login-code', { data: { frame: 'liaison' } })).json()
  const { token } = await (await request.post('/api/v1/sessions', { data: { code } })).json()
  const headers = { Authorization: `Bearer ${token}` }
  const made = page.waitForResponse((r) => r.url().endsWith('/console/logins'))
  await page.goto('/console/login')
  const offer = await (await made).json()
  const waiting = await (await request.post('/api/v1/me/console-logins', { headers, data: { code: offer.qr } })).json()
  expect((await request.post(`/api/v1/me/console-logins/${waiting.id}/approve`, { headers })).status()).toBe(204)
  await expect(page.getByText('，您好')).toBeVisible()
}

test('a liaison hands out cards, prints them again and replaces a lost one', async ({ page, request }) => {
  await signIn(page, request)
  await page.goto('/console/cards')
  await expect(page.getByRole('columnheader', { name: '发卡日期' })).toBeVisible()
  const issue = page.getByRole('button', { name: /人发卡并打印/ })
  if (await issue.isVisible()) {
    await expect(page.getByText(/将给还没有卡的 \d+ 人发新卡/)).toBeVisible()
    const [file] = await Promise.all([page.waitForEvent('download'), issue.click()])
    expect(file.suggestedFilename()).toMatch(/新发会员卡\.pdf$/)
    expect((await readFile(await file.path())).subarray(0, 5).toString()).toBe('%PDF-')
  }
  await expect(page.getByText(/在册的人都有卡了。再打印一次/)).toBeVisible()
  await clean(page)

  const [again] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /打印全部/ }).click()])
  expect(again.suggestedFilename()).toMatch(/会员卡\.pdf$/)

  await page.getByRole('button', { name: '挂失补发' }).first().click()
  await expect(page.getByText(/以前发的 \d+ 张卡马上作废/)).toBeVisible()
  const [fresh] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '作废旧卡，发新卡' }).click()])
  expect(fresh.suggestedFilename()).toMatch(/会员卡\.pdf$/)
  await expect(page.getByText(/张旧卡已作废/)).toBeVisible()

  await page.getByRole('row').nth(1).getByRole('link').click()
  await expect(page.getByText('正在使用')).toBeVisible()
  await clean(page)
})

test('a card list that cannot be read says so, and is asked for again', async ({ page, request }) => {
  await signIn(page, request)
  await page.route('**/api/v1/units/*/cards', (r) => r.fulfill({ status: 503, json: { status: 503, code: 'db.unavailable', message: '系统正忙' } }))
  await page.goto('/console/cards')
  await expect(page.getByText('系统正忙')).toBeVisible()
  await page.unroute('**/api/v1/units/*/cards')
  await page.getByRole('button', { name: /再试|重试|再取/ }).click()
  await expect(page.getByRole('columnheader', { name: '发卡日期' })).toBeVisible()
})
