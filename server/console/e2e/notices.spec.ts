import { expect, test, type APIRequestContext, type Page } from '@playwright/test'
import { look, picture } from './desk'
import { colleague, got, office, phoneIn, phoneOf, signIn, type Phone } from './phones'

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
  expect((await request.post(`/api/v1/notices/${draft.id}/publish`, { headers: head, data: { revision: draft.revision } })).status()).toBe(409)
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

  const out = await got(request, head, `/api/v1/notices/${draft.id}`)
  await got(request, head, `/api/v1/notices/${draft.id}/correction/submit`, { revision: out.revision, body: '请到二楼活动室座谈。', note: '房间写错了' })
  await page.reload()
  await expect(card.getByText('现在大家看到的')).toBeVisible()
  await expect(card.getByText('请到二楼活动室座谈。')).toBeVisible()
  await look(page, '更正等审批')
  await card.getByRole('button', { name: '看过了，可以发' }).click()
  await expect(page.getByText('已通过')).toBeVisible()
  expect((await got(request, head, `/api/v1/notices/${draft.id}`)).body).toBe('请到二楼活动室座谈。')
  expect((await got(request, head, `/api/v1/notices/${draft.id}`)).state).toBe('published')

  await page.getByRole('tab', { name: '审批办法' }).click() // as it was, for whoever comes next
  await how.getByText('不用审批').click()
  await expect(page.getByText('已改好，从下一条通知开始').last()).toBeVisible()
})

const committeeOf = async (request: APIRequestContext, headers: Phone) =>
  (await got(request, headers, '/api/v1/me')).roles.find((r: { role: string }) => r.role === 'committee_staff').committee_id

const write = async (page: Page, title: string, body: string) => {
  await page.getByRole('tab', { name: '发给各联盟' }).click()
  await page.getByLabel('标题').fill(title)
  await page.getByLabel('内容').fill(body)
}

test('one notice goes to every alliance with its picture, is counted, and is called off', async ({ page, request }) => {
  const headers = await phoneOf(request, office)
  await signIn(page, request, headers)
  await open(page)
  const title = `走访慰问 ${String(Date.now()).slice(-8)}`
  await write(page, title, '下周走访慰问，请在家等候。')
  await page.getByLabel('选择图片').setInputFiles({ name: '走访.jpg', mimeType: 'image/jpeg', buffer: await picture(page) })
  await expect(page.getByText('可以发', { exact: true })).toBeVisible()
  await look(page, '发给各联盟')
  await page.getByRole('button', { name: '发出', exact: true }).click()
  await page.getByRole('button', { name: '确定发出' }).click()
  await expect(page.getByText('已发给各联盟')).toBeVisible()
  const sent = page.getByRole('article', { name: title })
  await expect(sent.getByRole('row')).toHaveCount(5) // four alliances and a head
  await expect(sent.getByText('1 张图片')).toBeVisible()
  await look(page, '发过的')
  const member = await phoneIn(request, 'head')
  const { items: [first] } = await got(request, member, '/api/v1/me/notices')
  expect(first).toMatchObject({ title, from_office: true })
  const shown = await request.get(`/api/v1/notices/${first.id}/pictures/${first.pictures[0].id}`, { headers: member })
  expect(shown.headers()['content-type']).toBe('image/jpeg')
  await sent.getByRole('button', { name: `取消 ${title}` }).click()
  await page.getByRole('dialog').getByRole('button', { name: '改期，另行通知' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '确定' }).click()
  await expect(sent.getByText('已取消').first()).toBeVisible()
})

test('what a colleague changed meanwhile is shown before it leaves', async ({ page, request }) => {
  const headers = await phoneOf(request, office)
  await signIn(page, request, headers)
  await open(page)
  const title = `取暖安全 ${String(Date.now()).slice(-8)}`
  await write(page, title, '请检查炉子。')
  await page.getByLabel('选择图片').setInputFiles({ name: '炉子.jpg', mimeType: 'image/jpeg', buffer: await picture(page) })
  await expect(page.getByText('可以发', { exact: true })).toBeVisible()
  await page.getByRole('button', { name: '发出', exact: true }).click()
  await expect(page.getByRole('button', { name: '确定发出' })).toBeVisible()
  await page.getByRole('button', { name: '去掉第 1 张图片' }).click() // the question is about what stood there
  await expect(page.getByRole('button', { name: '确定发出' })).toHaveCount(0)
  await page.getByRole('button', { name: '发出', exact: true }).click()
  await expect(page.getByRole('button', { name: '确定发出' })).toBeVisible()

  const { items } = await got(request, headers, `/api/v1/committees/${await committeeOf(request, headers)}/notices`)
  const { id } = items.find((s: { notice: { title: string } }) => s.notice.title === title).notice
  expect((await request.patch(`/api/v1/notices/${id}`, { headers, data: { body: '请检查炉子和烟道。' } })).ok()).toBe(true)
  await page.getByRole('button', { name: '确定发出' }).click()
  await expect(page.getByText('通知内容刚刚被修改过')).toBeVisible()
  await expect(page.getByLabel('内容')).toHaveValue('请检查炉子和烟道。')
  await look(page, '别人改过的')
  await page.getByRole('button', { name: '发出', exact: true }).click()
  await page.getByRole('button', { name: '确定发出' }).click()
  await expect(page.getByText('已发给各联盟')).toBeVisible()
  expect(await got(request, headers, `/api/v1/notices/${id}`)).toMatchObject({ state: 'published', body: '请检查炉子和烟道。', pictures: [] })
  await got(request, headers, `/api/v1/notices/${id}/cancel`, { reason: '试验' })
})

test('a second one of the office reads it, gives it back, and lets it go out at its time', async ({ page, browser, request }) => {
  test.slow() // two desks
  const headers = await phoneOf(request, office)
  const committee_id = await committeeOf(request, headers)
  await request.post('/api/v1/roles', { headers, data: { role: 'committee_staff', committee_id, holder: colleague } }) // another test may have done so
  const other = await phoneOf(request, colleague)
  await signIn(page, request, headers)
  await open(page)
  await page.getByRole('tab', { name: '审批办法' }).click()
  const how = page.getByRole('radiogroup', { name: '发给各联盟的审批办法' })
  await how.getByText('另一位同志看过再发').click()
  await expect(page.getByText('已改好，从下一条通知开始')).toBeVisible()
  await look(page, '审批办法，发给各联盟的')
  await page.reload()

  const title = `健康讲座 ${Date.now() % 10_000}`
  await write(page, title, '周五上午健康讲座。')
  await page.getByText('定时发', { exact: true }).click()
  await page.getByRole('button', { name: '送审' }).click()
  await look(page, '送审前')
  await page.getByRole('button', { name: '确定送审' }).click()
  await expect(page.getByText('已送审')).toBeVisible()
  await expect(page.getByRole('article', { name: title }).getByText('等另一位同志看过再发')).toBeVisible()
  await look(page, '送审了')

  const desk = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await signIn(desk, request, other)
  await desk.getByRole('region', { name: '通知等您看过再发' }).getByRole('link', { name: `各联盟：${title}` }).click()
  const card = desk.getByRole('article', { name: title })
  await expect(card.getByText('发给各联盟全体')).toBeVisible()
  await card.getByRole('button', { name: '退回去改' }).click()
  await desk.getByRole('dialog').getByRole('button', { name: '请写清集合地点' }).click()
  await desk.getByRole('dialog').getByRole('button', { name: '确定' }).click()
  await expect(desk.getByText('已退回')).toBeVisible()

  await page.reload()
  await page.getByRole('button', { name: `接着写 ${title}` }).click()
  await expect(page.getByText('退回来了：请写清集合地点').first()).toBeVisible()
  await page.getByLabel('内容').fill('周五上午在老年大学礼堂健康讲座。')
  await look(page, '退回来接着写')
  await page.getByText('定时发', { exact: true }).click()
  await page.getByRole('button', { name: '送审' }).click()
  await page.getByRole('button', { name: '确定送审' }).click()
  await expect(page.getByText('已送审')).toBeVisible()

  await desk.reload()
  await desk.getByRole('article', { name: title }).getByRole('button', { name: '看过了，可以发' }).click()
  await expect(desk.getByText('已通过')).toBeVisible()
  await desk.context().close()
  await page.reload()
  const waiting = page.getByRole('article', { name: title })
  await expect(waiting.getByText('到时候自己发')).toBeVisible()
  await waiting.getByRole('button', { name: `收回来改 ${title}` }).click()
  await expect(page.getByLabel('标题')).toHaveValue(title)
  await page.getByRole('button', { name: `扔掉 ${title}` }).click()
  await page.getByRole('dialog').getByRole('button', { name: '扔掉' }).click()
  await expect(waiting).toHaveCount(0)
  await expect(page.getByLabel('标题')).toHaveValue('')

  await page.getByRole('tab', { name: '审批办法' }).click() // as it was, for whoever comes next
  await how.getByText('不用审批').click()
  await expect(page.getByText('已改好，从下一条通知开始').last()).toBeVisible()
})
