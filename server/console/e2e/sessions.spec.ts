import { expect, test, type APIRequestContext, type Page } from '@playwright/test'
import { clean } from './axe'
import { phoneIn, signIn } from './phones'

/** Signs the page in as the liaison's desk. */
async function asLiaison(page: Page, request: APIRequestContext) {
  const headers = await phoneIn(request, 'liaison')
  await signIn(page, request, headers)
  return headers
}

test('a phone lets a desktop in, and another desktop out', async ({ page, request, browser }) => {
  const headers = await asLiaison(page, request)
  const other = await (await browser.newContext()).newPage()
  await asLiaison(other, request)
  expect(await page.evaluate(() => document.cookie)).not.toContain('bense_console')

  await page.goto('/console/sessions')
  await expect(page.getByText('（这一台）')).toHaveCount(1)
  await clean(page)
  await page.getByRole('button', { name: '退出其他电脑' }).click()
  await expect(page.getByText(/都已退出/)).toBeVisible()
  await other.goto('/console/sessions')
  await expect(other).toHaveURL(/\/console\/login/)

  await request.delete('/api/v1/me/sessions', { headers })
  await page.goto('/console/sessions')
  await expect(page).toHaveURL(/\/console\/login/)
  await other.context().close()
})

test('own roles stand on their page, with a way to a deputy', async ({ page, request }) => {
  await asLiaison(page, request)
  await page.goto('/console/roles')
  await expect(page.getByRole('cell', { name: /联络员/ }).first()).toBeVisible()
  await page.getByRole('button', { name: '请人代办' }).click()
  await expect(page.getByRole('button', { name: '请他代办' })).toBeDisabled()
  await clean(page)
})
