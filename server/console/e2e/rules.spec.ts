import { expect, test } from '@playwright/test'
import { clean } from './axe'
import { look } from './desk'
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

test('the office turns the order of channels and enters a robot, whose address never comes back', async ({ page, request }) => {
  const headers = await phoneOf(request, office)
  const { items } = await got(request, headers, '/api/v1/committees')
  const usual = { quiet_from: 0, quiet_until: 0, remind_day: true, remind_hours: true, channels: ['subscribe', 'official', 'sms', 'robot', 'chat_tool'] }
  const asUsual = async () => expect((await request.put(`/api/v1/committees/${items[0].id}/notice-rules`, { headers, data: usual })).status()).toBe(200)
  await asUsual()
  for (const a of (await got(request, headers, '/api/v1/alliances')).items) await request.put(`/api/v1/alliances/${a.id}/robot`, { headers, data: { address: '' } })
  await signIn(page, request, headers)
  await page.getByRole('link', { name: '通知时间' }).click()
  const order = page.getByRole('list', { name: '提醒本人的次序' })
  await expect(order.getByRole('listitem').nth(1)).toContainText('小程序订阅消息')
  await expect(order.getByRole('listitem').nth(3)).toContainText('还没有开通') // text messages
  await page.getByRole('button', { name: '公众号消息往前' }).click()
  await expect(order.getByRole('listitem').nth(1)).toContainText('公众号消息')
  await look(page, '次序')
  await page.getByRole('button', { name: '保存' }).click()
  await expect(page.getByText('已保存，从下一条提醒开始生效')).toBeVisible()
  await page.reload()
  await expect(order.getByRole('listitem').nth(1)).toContainText('公众号消息')

  const field = page.getByRole('textbox', { name: /的机器人地址$/ }).first()
  await field.fill('https://example.com/robot')
  await page.getByRole('button', { name: '填好' }).first().click()
  await expect(page.getByText('这不是企业微信群机器人的地址')).toBeVisible()
  await field.fill('https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7aaa-4bc4-97a0-0ec2c1fa5aaa')
  await page.getByRole('button', { name: '填好' }).first().click()
  await expect(page.getByText('已填，尾号 5aaa')).toBeVisible()
  await look(page, '机器人')
  await page.getByRole('button', { name: '去掉' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '去掉' }).click()
  await expect(page.getByText('已填，尾号 5aaa')).toBeHidden()
  await asUsual() // for whoever comes next
})
