import { expect, test, type APIRequestContext, type Page } from '@playwright/test'
import { clean } from './axe'
import { phoneIn, signIn } from './phones'

/** Signs the page in as the liaison's desk. */
async function asLiaison(page: Page, request: APIRequestContext) {
  const headers = await phoneIn(request, 'liaison')
  await signIn(page, request, headers)
  return headers
}

test('somebody new with a known telephone is asked about, and becomes one household', async ({ page, request }) => {
  const headers = await asLiaison(page, request)
  const { items } = await (await request.get('/api/v1/persons?limit=10', { headers })).json()
  const known = items.find((p: { phone_masked: string; household_id: string }) => p.phone_masked && !p.household_id)
  const { phone: number } = await (
    await request.post(`/api/v1/persons/${known.id}/reveal`, { headers, data: { fields: ['phone'], reason: '核对' } })
  ).json()

  await page.goto('/console/persons')
  await page.getByRole('button', { name: '登记一位' }).click()
  await page.getByRole('textbox', { name: '姓名' }).fill('周桂芳')
  await page.getByRole('textbox', { name: '联系电话' }).fill(number)
  await page.getByRole('button', { name: '登记', exact: true }).click()
  await expect(page.getByRole('heading', { name: '周桂芳' })).toBeVisible()
  await expect(page.getByText(`与${known.name}（${known.unit}）登记的是同一个电话：是一家人吗？`)).toBeVisible()
  await clean(page)

  await page.goto('/console/persons/shared-phones')
  await page.getByRole('button', { name: new RegExp(`${known.name}.*周桂芳是一家人|周桂芳.*${known.name}是一家人`) }).click()
  await expect(page.getByText('已登记为一户')).toBeVisible()
  await clean(page)
  await page.getByRole('button', { name: /^撤回/ }).click()
  await expect(page.getByText('已登记为一户')).toHaveCount(0)
})

test('family and papers stand on the page of a person', async ({ page, request }) => {
  const headers = await asLiaison(page, request)
  const { items } = await (await request.get('/api/v1/persons?limit=2', { headers })).json()
  await page.goto(`/console/persons/${items[1].id}`)
  await page.getByRole('button', { name: '加一位家属' }).click()
  await page.getByRole('textbox', { name: '家属姓名' }).fill('周小明')
  await page.getByRole('textbox', { name: '家属电话' }).fill('19900029001')
  await page.getByRole('button', { name: '保存' }).click()
  await expect(page.getByText('199****9001')).toBeVisible()
  await page.getByRole('listitem').filter({ hasText: '9001' }).getByRole('button', { name: '去掉家属' }).click()
  await page.getByRole('button', { name: '去掉', exact: true }).click()
  await expect(page.getByText('已去掉家属（199****9001）')).toBeVisible()
  await clean(page)
  await page.getByRole('button', { name: '恢复家属' }).click()
  await expect(page.getByText('已去掉家属')).toHaveCount(0)
  await expect(page.getByText('199****9001')).toBeVisible()

  await page.locator('input[type=file]').setInputFiles({ name: '证书.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\n%%EOF\n') })
  await expect(page.getByText('证书.pdf')).toBeVisible()
  await page.getByRole('button', { name: '去掉证书.pdf' }).click()
  await page.getByRole('button', { name: '恢复证书.pdf' }).click()
  await expect(page.getByRole('button', { name: '下载证书.pdf' })).toBeVisible()
  await page.locator('input[type=file]').setInputFiles({ name: '证书.pdf', mimeType: 'application/pdf', buffer: Buffer.from('<html>') })
  await expect(page.getByText('只能上传 PDF、JPG、PNG 文件，请换一个文件')).toBeVisible()
  await expect(page.locator('.el-message, .is-loading')).toHaveCount(0)
  await clean(page)
})
