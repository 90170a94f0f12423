import { expect, test, type Page } from '@playwright/test'
import { commit, county, data, figures, look, Phone, shot, upload } from './desk'
import { moved, region } from './workbook'

const home = region()
const clean = moved(data('roster/testdata/ledger-clean.xlsx'), home)
const messy = moved(data('roster/testdata/ledger-messy.xlsx'), home)
const broken = moved(data('roster/testdata/ledger-broken.xlsx'), home)

async function persons(page: Page, n: number) {
  await page.getByRole('link', { name: '台账', exact: true }).click()
  await expect(page.getByText(n ? `共 ${n} 人` : '台账里还没有人')).toBeVisible()
}

/** Opens an import that was made before, by its file's name; the newest when there are several. */
async function reopen(page: Page, name: string) {
  await page.getByRole('link', { name: '导入台账' }).click()
  await page.getByRole('link', { name, exact: true }).first().click()
  await expect(page.getByRole('heading', { name })).toBeVisible()
}

async function undo(page: Page, phone: Phone) {
  await page.getByRole('button', { name: '撤销这次导入' }).click()
  await expect(page.getByLabel('撤销会做什么')).toBeVisible()
  await look(page, '撤销会做什么')
  await page.getByRole('button', { name: '确认撤销' }).click()
  await phone.agree(page, '撤销一次导入')
  await expect(page.getByText(/^已撤销/)).toBeVisible()
}

test('a ledger comes in, is taken back, and comes in again', async ({ page, request, browser }) => {
  test.setTimeout(1_800_000)
  const phone = await Phone.of(browser, await county(request, '导入'))
  await phone.letIn(page)
  const table = page.locator('.figures')
  await page.getByRole('link', { name: '导入台账' }).click()
  await expect(page.getByText('还没有导入过文件')).toBeVisible()
  await look(page, '还没有导入过')

  await test.step('the preview writes nothing', async () => {
    await upload(page, '台账.xlsx', clean)
    expect(await figures(table)).toMatchObject({ 新增: 517, 有变化: 0, 相同: 0, 未导入的行: 0, 导入后全部: 517 })
    await look(page, '全是新增')
    await persons(page, 0)
    await reopen(page, '台账.xlsx')
  })

  await test.step('the work goes on while the page is loaded anew', async () => {
    let held = true
    await page.route('**/api/v1/jobs/*', async (route) => {
      if (!held) return route.continue()
      const real = await (await route.fetch()).json()
      return route.fulfill({ json: { ...real, state: 'running', done: 120, total: 517 } })
    })
    await page.getByRole('button', { name: '确认导入' }).click()
    await expect(page.getByText('120 / 517')).toBeVisible()
    await look(page, '正在写入')
    await page.reload()
    await expect(page.getByText('120 / 517')).toBeVisible()
    await expect(page.getByRole('button', { name: '确认导入' })).toHaveCount(0)
    held = false
    await expect(page.getByText('120 / 517')).toHaveCount(0)
    await expect(page.getByText(/^已导入/)).toBeVisible()
    await page.unroute('**/api/v1/jobs/*')
    await look(page, '已导入')
    await persons(page, 517)
  })

  let seen: Record<string, number>
  await test.step('a second file: new, changed, same, and a choice for each field', async () => {
    await upload(page, '各单位报来的台账.xlsx', messy)
    seen = await figures(table)
    expect(seen).toMatchObject({ 新增: 0, 未导入的行: 0, 导入后全部: 517 })
    expect(seen.有变化).toBeGreaterThan(0)
    expect(seen.有变化 + seen.相同).toBe(517)
    const row = page.locator('.rows:visible li').first()
    await expect(row).toBeVisible()
    await look(page, '有变化')
    const field = row.locator('tbody tr').first()
    const [label, before] = [await field.locator('th').innerText(), await field.locator('td').first().innerText()]
    await field.getByText('留台账的').click()
    await expect(field.getByRole('radio', { name: '留台账的' })).toBeChecked()
    await page.reload()
    await expect(field.getByRole('radio', { name: '留台账的' })).toBeChecked()
    expect([await field.locator('th').innerText(), await field.locator('td').first().innerText()]).toEqual([label, before])
    await page.getByRole('tab', { name: /^相同/ }).click()
    await expect(page.locator('.rows:visible li').first()).toBeVisible()
    await look(page, '相同')
    await commit(page)
    await persons(page, 517)
  })

  await test.step('all of it is taken back, and comes in again with the same figures', async () => {
    await reopen(page, '各单位报来的台账.xlsx')
    await undo(page, phone)
    await expect(page.getByText(/取出 0 人，改回 \d+ 人，0 处保持原样/)).toBeVisible()
    await look(page, '已撤销')
    await persons(page, 517)
    await upload(page, '各单位报来的台账.xlsx', messy)
    expect(await figures(table)).toEqual(seen)
    await page.getByRole('button', { name: '放弃' }).click()
    await expect(page.getByRole('heading', { name: '导入台账' })).toBeVisible()

    await reopen(page, '台账.xlsx')
    await undo(page, phone)
    await expect(page.getByText('取出 517 人，改回 0 人，0 处保持原样')).toBeVisible()
    await persons(page, 0)
    await upload(page, '台账.xlsx', clean)
    expect(await figures(table)).toMatchObject({ 新增: 517, 有变化: 0, 相同: 0, 未导入的行: 0, 导入后全部: 517 })
    await commit(page)
    await persons(page, 517)
  })

  await test.step('a broken file says row and field, and loses nothing', async () => {
    await upload(page, '坏台账.xlsx', broken)
    expect(await figures(table)).toMatchObject({ 新增: 0, 未导入的行: 30, 导入后全部: 517 })
    const refused = page.locator('section', { hasText: '要留意的行' }).locator('tbody tr')
    await expect(refused.first()).toBeVisible()
    const cells = await refused.evaluateAll((rows) => rows.slice(0, 30).map((r) => [...r.querySelectorAll('td')].map((c) => c.textContent?.trim() ?? '')))
    for (const [kind, sheet, row, column, , reason] of cells) {
      expect(kind).toBe('没有导入')
      expect([sheet.length > 0, Number(row) > 1, column.length > 0, reason.length > 3], `${sheet} ${row} ${column} ${reason}`).toEqual([true, true, true, true])
    }
    await look(page, '坏台账')
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '下载清单' }).click()])
    expect(file.suggestedFilename()).toBe('未导入的行.csv')
    await commit(page)
    await shot(page, '坏台账导入后')
    await persons(page, 517)
  })

  await test.step('what is no ledger at all is refused with a word', async () => {
    await page.getByRole('link', { name: '导入台账' }).click()
    await look(page, '导入过的文件')
    await page.locator('input[type=file]').setInputFiles({ name: '照片.xlsx', mimeType: 'application/octet-stream', buffer: Buffer.from('no workbook') })
    await expect(page.getByText('没有读成').or(page.getByRole('alert')).first()).toBeVisible()
    await look(page, '读不了的文件')
  })
  await phone.close()
})
