import { expect, test, type Page } from '@playwright/test'
import { look } from './desk'
import { got, office, phoneIn, phoneOf, signIn } from './phones'

const open = (page: Page) => page.getByRole('navigation').getByRole('link', { name: '通知', exact: true }).click()

test('the office asks for approval, reads what a head wrote, and lets it go out', async ({ page, request }) => {
  const headers = await phoneOf(request, office)
  const head = await phoneIn(request, 'head')
  const me = await got(request, head, '/api/v1/me')
  const alliance = me.roles.find((r: { role: string }) => r.role === 'head').alliance_id
  const { name } = await got(request, headers, `/api/v1/alliances/${alliance}`)
  await signIn(page, request, headers)
  await open(page)
  await page.getByRole('tab', { name: '审批办法' }).click()
  const how = page.getByRole('radiogroup', { name: `${name}的审批办法` })
  await how.getByText('老干部局审批').click()
  await expect(page.getByText('已改好，从下一条通知开始')).toBeVisible()
  await look(page, '审批办法')

  const title = `座谈会 ${String(Date.now()).slice(-8)}`
  const draft = await got(request, head, '/api/v1/notices', { alliance_id: alliance, title, body: '请到活动室座谈。' })
  expect((await request.post(`/api/v1/notices/${draft.id}/publish`, { headers: head })).status()).toBe(409)
  await got(request, head, `/api/v1/notices/${draft.id}/submit`, {})

  await page.goto('/console/')
  await page.getByRole('region', { name: '通知等您看过再发' }).getByRole('link', { name: new RegExp(title) }).click()
  const card = page.getByRole('article', { name: title })
  await expect(card.getByText('请到活动室座谈。')).toBeVisible()
  await look(page, '等审批的')
  await card.getByRole('button', { name: '退回去改' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '请写清集合地点' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '确定' }).click()
  await expect(page.getByText('已退回')).toBeVisible()
  expect((await got(request, head, `/api/v1/notices/${draft.id}`)).writing.remark).toBe('请写清集合地点')

  await got(request, head, `/api/v1/notices/${draft.id}/submit`, {})
  await page.reload()
  await page.getByRole('article', { name: title }).getByRole('button', { name: '看过了，可以发' }).click()
  await expect(page.getByText('已通过')).toBeVisible()
  expect((await got(request, head, `/api/v1/notices/${draft.id}`)).state).toBe('published')

  await page.getByRole('tab', { name: '审批办法' }).click() // as it was, for whoever comes next
  await how.getByText('不用审批').click()
  await expect(page.getByText('已改好，从下一条通知开始').last()).toBeVisible()
})

test('one notice goes to every alliance, is counted, and is called off', async ({ page, request }) => {
  const headers = await phoneOf(request, office)
  await signIn(page, request, headers)
  await open(page)
  await page.getByRole('tab', { name: '发给各联盟' }).click()
  const title = `走访慰问 ${String(Date.now()).slice(-8)}`
  await page.getByLabel('标题').fill(title)
  await page.getByLabel('内容').fill('下周走访慰问，请在家等候。')
  await look(page, '发给各联盟')
  await page.getByRole('button', { name: '发出', exact: true }).click()
  await page.getByRole('button', { name: '确定发出' }).click()
  await expect(page.getByText(/^已发给 \d 个联盟/)).toBeVisible()
  const sent = page.getByRole('article', { name: title })
  await expect(sent.getByRole('row')).toHaveCount(5) // four alliances and a head
  await look(page, '发过的')
  const member = await phoneIn(request, 'head')
  const inbox = await got(request, member, '/api/v1/me/notices')
  expect(inbox.items[0]).toMatchObject({ title, from_office: true })
  await sent.getByRole('button', { name: `取消 ${title}` }).click()
  await page.getByRole('dialog').getByRole('button', { name: '改期，另行通知' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '确定' }).click()
  await expect(sent.getByText('已取消').first()).toBeVisible()
})
