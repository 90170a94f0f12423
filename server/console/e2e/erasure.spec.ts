import { expect, test } from '@playwright/test'
import { clean } from './axe'
import { approve, colleague, got, office, phoneOf, signIn } from './phones'

test('one person asks for an erasure, a second one confirms it', async ({ page, request, browser }) => {
  const headers = await phoneOf(request, office)
  const { items: committees } = await got(request, headers, '/api/v1/committees')
  await got(request, headers, '/api/v1/roles', { role: 'committee_staff', committee_id: committees[0].id, holder: colleague })
  const { items: units } = await got(request, headers, '/api/v1/units')
  const person = await got(request, headers, '/api/v1/persons', { unit_id: units.at(-1).id, name: '试删同志' })

  await signIn(page, request, headers)
  await page.goto(`/console/erasures/${person.id}`)
  await expect(page.getByRole('region', { name: '会留下的' })).toContainText('台账登记')
  await page.getByLabel('原因').fill('本人来信提出')
  await page.getByRole('button', { name: '提出删除' }).click()
  await expect(page.getByText('提出的人不能自己确认')).toContainText(/复核经办/)
  await clean(page)

  const second = await phoneOf(request, colleague)
  const other = await (await browser.newContext()).newPage()
  await signIn(other, request, second)
  await other.goto('/console/erasures')
  await clean(other)
  await other.getByRole('link', { name: '核对并确认 试删同志' }).click()
  await other.getByLabel('再写一遍姓名').fill('试删同志')
  await other.getByRole('button', { name: '永久删除' }).click()
  await approve(other, request, second)
  await expect(other.getByRole('cell', { name: colleague.name })).toBeVisible()
  await expect(other.getByRole('cell', { name: '试删同志' })).toHaveCount(0)
  await other.context().close()
})
