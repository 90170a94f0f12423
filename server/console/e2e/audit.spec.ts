import { expect, test } from '@playwright/test'
import { clean } from './axe'
import { approve, office, phoneOf, signIn } from './phones'

test('the auditor searches, sees that nothing was touched, and takes a file along', async ({ page, request }) => {
  const headers = await phoneOf(request, office)
  await signIn(page, request, headers)
  await page.goto('/console/audit')
  await expect(page.getByText(/已封存到第 \d+ 条/)).toBeVisible()
  await expect(page.getByRole('cell', { name: /登录/ }).first()).toBeVisible()
  await page.getByRole('combobox', { name: '什么操作' }).fill('登录电脑')
  await page.getByRole('option', { name: '登录电脑', exact: true }).click()
  await expect(page).toHaveURL(/action=identity\.open_console/)
  await expect(page.getByRole('row', { name: `${office.name} 登录了电脑端` }).first()).toBeVisible()
  await clean(page)

  await page.getByRole('button', { name: '导出 CSV' }).click()
  await page.getByRole('button', { name: '季度检查' }).click()
  await page.getByRole('button', { name: '确定' }).click()
  const file = page.waitForEvent('download')
  await approve(page, request, headers)
  expect((await file).suggestedFilename()).toMatch(/^审计记录-.*\.csv$/)
})
