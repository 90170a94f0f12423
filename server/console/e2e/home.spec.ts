import { expect, test } from '@playwright/test'
import { clean } from './axe'
import { got, office, phoneOf, signIn } from './phones'

test('what waits is decided where it stands, and the next one follows', async ({ page, request }) => {
  const headers = await phoneOf(request, office)
  const { items: units } = await got(request, headers, '/api/v1/units')
  for (const name of ['来访者甲', '来访者乙']) {
    const claim = { name, unit: units[0].name, relation: 'self' }
    await got(request, await phoneOf(request, { name }), '/api/v1/me/claims', claim)
  }
  const { items: committees } = await got(request, headers, '/api/v1/committees')
  const sheet = ['姓名,原单位,所属联盟,备注', '试变同志,县总工会,群团离退休干部党建联盟,2021年去世', '试留同志,县总工会,群团离退休干部党建联盟,2020年去世'].join('\n')
  const uploaded = await request.post(`/api/v1/imports?committee_id=${committees[0].id}&filename=a.csv`, {
    headers: { ...headers, 'Content-Type': 'application/octet-stream' }, data: Buffer.from(sheet) })
  await got(request, headers, `/api/v1/imports/${(await uploaded.json()).id}/commit`, {})
  await signIn(page, request, headers)
  const claims = page.getByRole('region', { name: '身份认领等您核对' })
  await expect(claims.getByText('来访者甲')).toBeVisible()
  await expect(page.getByRole('region', { name: '活动前一天已联系到' })).toContainText('近三个月')
  await clean(page)
  await claims.getByRole('button', { name: '不对，退回' }).click()
  await page.getByRole('button', { name: '名册里没有这位同志' }).click()
  await page.getByRole('button', { name: '确定' }).click()
  await expect(claims.getByText('来访者乙')).toBeVisible()

  const moves = page.getByRole('region', { name: '人员变动等您确认' })
  await moves.getByRole('button', { name: '已核实，登记为已故' }).click()
  await expect(moves.getByText('试留同志')).toBeVisible()
  await moves.getByRole('button', { name: '登记错了，撤回' }).click()
  await moves.getByRole('button', { name: '不是，保持在册' }).click()
  await page.getByRole('button', { name: '备注说的是家属' }).click()
  await page.getByRole('button', { name: '确定' }).click()
  await expect(moves).toContainText('没有等着确认的变动')

  await expect(page.getByRole('region', { name: '没有联络员的单位' })).toContainText('各单位都有联络员')
  const venues = page.getByRole('region', { name: '没有登记活动场所的单位' })
  await venues.getByRole('link').first().click()
  await page.getByRole('button', { name: '修改场所和联系人' }).click()
  await page.getByLabel('固定的活动场所').fill('老年大学二楼活动室')
  await page.getByRole('button', { name: '保存' }).click()
  await expect(page.getByText('老年大学二楼活动室')).toBeVisible()
  await clean(page)
})

test('who looks from above finds figures and nobody by name', async ({ page, request }) => {
  const headers = await phoneOf(request, office)
  const { items: committees } = await got(request, headers, '/api/v1/committees')
  const viewer = { name: '市局查看', phone: '19900029995' }
  await got(request, headers, '/api/v1/roles', { role: 'viewer', committee_id: committees[0].id, holder: viewer })
  await signIn(page, request, await phoneOf(request, viewer))
  const totals = page.getByRole('region', { name: '全辖区总数' })
  await expect(totals.getByRole('row', { name: new RegExp(committees[0].name) })).toBeVisible()
  await expect(page.getByText('手上没有等着办的事')).toHaveCount(0)
  await clean(page)
})
