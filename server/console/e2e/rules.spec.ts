import { expect, test } from '@playwright/test'
import { clean } from './axe'
import { got, office, phoneOf, signIn } from './phones'

test('the office says when phones may ring, and what it says stays', async ({ page, request }) => {
  const headers = await phoneOf(request, office)
  await signIn(page, request, headers)
  await page.getByRole('link', { name: '通知时间' }).click()
  await expect(page.getByText('任何时候都会提醒')).toBeVisible() // the demo rings at all hours
  await expect(page.getByRole('button', { name: '保存' })).toBeDisabled()

  for (const [field, time] of [['休息时间开始', '22:00'], ['休息时间结束', '06:30']] as const) {
    await page.getByRole('combobox', { name: field }).click()
    await page.getByRole('listbox', { name: field }).getByRole('option', { name: time, exact: true }).click()
  }
  await page.getByText('活动前两小时').click()
  await expect(page.getByText('每晚 22:00 到第二天 06:30 不响；这时发的通知，06:30 再提醒。')).toBeVisible()
  await clean(page)
  await page.getByRole('button', { name: '保存' }).click()
  await expect(page.getByText('已保存，从下一条提醒开始生效')).toBeVisible()

  await page.reload()
  await expect(page.getByText('每晚 22:00 到第二天 06:30 不响')).toBeVisible()
  await expect(page.getByLabel('活动前两小时')).not.toBeChecked()
  await page.getByText('活动前两小时').click()
  await page.getByRole('button', { name: '恢复原来的' }).click()
  await expect(page.getByLabel('活动前两小时')).not.toBeChecked()

  const { items } = await got(request, headers, '/api/v1/committees') // as it was, for whoever comes next
  const always = { quiet_from: 0, quiet_until: 0, remind_day: true, remind_hours: true }
  expect((await request.put(`/api/v1/committees/${items[0].id}/notice-rules`, { headers, data: always })).status()).toBe(200)
})
