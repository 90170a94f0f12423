import { expect, test, type Page } from '@playwright/test'
import { commit, county, look, Phone, shot, upload } from './desk'

const people = `姓名,单位,所属联盟,慰问类别,党龄补贴,走访档次
郑爱华,县妇联,群团,重点,300,甲
钱守信,县妇联,群团,一般,很多,乙
孙玉兰,县科协,群团,特困户,260.50,
`

async function add(page: Page, name: string, kind: string, fill: (dialog: ReturnType<Page['getByRole']>) => Promise<void> = async () => {}) {
  await page.getByRole('button', { name: '加一栏' }).first().click()
  const dialog = page.getByRole('dialog', { name: '加一栏' })
  await dialog.getByRole('textbox', { name: '名称' }).fill(name)
  await dialog.getByText(kind, { exact: true }).click()
  await fill(dialog)
  await dialog.getByRole('button', { name: '加上' }).click()
  return dialog
}

const names = (page: Page) => page.getByRole('list', { name: '在用的自定义栏' }).locator('strong')

/** One column of the ledger as the grid shows it, from top to bottom. */
async function shown(page: Page, title: string) {
  const titles = await page.getByRole('columnheader').allInnerTexts()
  const cells = page.getByRole('row').filter({ has: page.getByRole('gridcell') }).locator(`[role=gridcell]:nth-child(${titles.indexOf(title) + 1})`)
  return (await cells.allInnerTexts()).map((t) => t.trim()).sort()
}

async function openPerson(page: Page, name: string) {
  await page.getByRole('link', { name: '台账', exact: true }).click()
  await page.getByRole('link', { name, exact: true }).click()
  await expect(page.getByRole('heading', { name })).toBeVisible()
}

test('a committee has columns of its own, from the definition to the file that goes out', async ({ page, request, browser }) => {
  test.setTimeout(1_800_000)
  const phone = await Phone.of(browser, await county(request, '自设'))
  await phone.letIn(page)
  const menu = () => page.getByRole('link', { name: '自定义栏', exact: true }).click()

  await test.step('the office defines them', async () => {
    await menu()
    await expect(page.getByText('还没有自定义栏')).toBeVisible()
    await look(page, '还没有自定义栏')
    await add(page, '党龄补贴', '数字', async (d) => {
      await d.getByRole('textbox', { name: '用来做什么' }).fill('发放党龄补贴')
      await d.getByText('联络员可以填写').click()
      await look(page, '加一栏')
    })
    await expect(names(page)).toHaveText(['党龄补贴'])
    await add(page, '慰问类别', '选一项', (d) => d.getByRole('textbox', { name: '选项' }).fill('一般\n重点\n特困'))
    await expect(names(page)).toHaveText(['党龄补贴', '慰问类别'])
    const refused = await add(page, '特长', '文字')
    await expect(refused.getByText('台账本来就有“特长”这一栏')).toBeVisible()
    await shot(page, '原有的栏目')
    await refused.getByRole('textbox', { name: '名称' }).fill('社区职务')
    await refused.getByText('本人看得到').click()
    await refused.getByRole('button', { name: '加上' }).click()
    await expect(names(page)).toHaveText(['党龄补贴', '慰问类别', '社区职务'])
    await page.getByRole('button', { name: '社区职务 上移' }).click()
    await expect(names(page)).toHaveText(['党龄补贴', '社区职务', '慰问类别'])
    await expect(page.locator('.el-message')).toHaveCount(0)
    await look(page, '自定义栏')
  })

  await test.step('a file of the same titles fills them by itself', async () => {
    await upload(page, '报来的台账.csv', Buffer.from(people))
    const heeds = page.locator('section', { hasText: '要留意的行' })
    await expect(heeds.getByText('“很多”没有采用：应是数字，例如 300 或 300.5')).toBeVisible()
    await expect(heeds.getByText('“特困户”没有采用：应是“一般、重点、特困”中的一项')).toBeVisible()
    await page.getByRole('combobox', { name: '走访档次 是哪一列' }).click()
    await page.getByRole('option', { name: '社区职务' }).click()
    await look(page, '导入预览')
    await page.getByRole('button', { name: '记住并重新读取' }).click()
    await expect(page.getByLabel('不认识的列')).toHaveCount(0)
    await expect(page.getByText('260.5', { exact: false }).first()).toBeVisible()
    await commit(page)
  })

  await test.step('the ledger shows the ones that are chosen, and the address keeps the choice', async () => {
    await page.getByRole('link', { name: '台账', exact: true }).click()
    await expect(page.getByText('共 3 人')).toBeVisible()
    await page.getByRole('button', { name: '选择显示的列' }).click()
    const choice = page.getByRole('group', { name: '显示的列' })
    for (const title of ['慰问类别', '党龄补贴']) await choice.getByText(title, { exact: true }).click()
    await expect(page.getByRole('columnheader', { name: '党龄补贴' })).toBeVisible()
    await look(page, '选列')
    await expect(page).toHaveURL(/cols=.*custom\.\d+/)
    await page.reload()
    await expect(page.getByRole('columnheader', { name: '慰问类别' })).toBeVisible()
    await expect.poll(() => shown(page, '党龄补贴')).toEqual(['', '260.5', '300'])
    await look(page, '台账里的自定义栏')
    expect(await shown(page, '慰问类别')).toEqual(['', '一般', '重点'])
  })

  await test.step('the ledger is narrowed by one of them, and the address keeps that too', async () => {
    const people = () => page.getByRole('row').filter({ has: page.getByRole('gridcell') }).getByRole('link')
    await page.getByRole('combobox', { name: '按自定义栏' }).press('Enter')
    await page.getByRole('option', { name: '慰问类别' }).click()
    await expect(page.getByText('共 2 人')).toBeVisible()
    await page.getByRole('combobox', { name: '慰问类别的内容' }).press('Enter')
    await page.getByRole('option', { name: '重点' }).click()
    await expect(people()).toHaveText(['郑爱华'])
    await look(page, '按自定义栏筛选')
    await page.reload()
    await expect(people()).toHaveText(['郑爱华'])
    await page.getByRole('combobox', { name: '慰问类别的内容' }).press('Enter')
    await page.getByRole('option', { name: '没有填的' }).click()
    await expect(people()).toHaveText(['孙玉兰'])
    await page.getByRole('button', { name: '清除筛选' }).click()
    await page.getByRole('combobox', { name: '按自定义栏' }).press('Enter')
    await page.getByRole('option', { name: '党龄补贴' }).click()
    await page.getByLabel('党龄补贴从').fill('很多')
    await page.getByLabel('党龄补贴从').press('Enter')
    await expect(page.getByText('条件没有写对')).toBeVisible()
    await shot(page, '范围没有写对')
    await page.getByRole('button', { name: '重新写' }).click()
    await page.getByLabel('党龄补贴从').fill('300')
    await page.getByLabel('党龄补贴从').press('Enter')
    await expect(people()).toHaveText(['郑爱华'])
    await page.getByRole('link', { name: '导出这些人' }).click()
    await expect(page.getByText('党龄补贴：300起')).toBeVisible()
    await look(page, '导出筛出来的人')
  })

  await test.step('a person is changed, with what was there before', async () => {
    await openPerson(page, '郑爱华')
    await look(page, '个人页')
    await page.getByRole('button', { name: '修改', exact: true }).click()
    const money = page.getByRole('textbox', { name: '党龄补贴' })
    await money.fill('三百五')
    await page.getByRole('button', { name: '保存' }).click()
    await expect(page.getByText('应是数字，例如 300 或 300.5').first()).toBeVisible()
    await expect(money).toBeInViewport()
    await look(page, '填错了')
    await money.fill('350')
    await page.getByRole('combobox', { name: '慰问类别' }).press('Enter')
    await page.getByRole('option', { name: '特困' }).click()
    await page.getByRole('button', { name: '保存' }).click()
    await expect(page.getByText('已保存')).toBeVisible()
    await page.getByRole('tab', { name: '变更记录' }).click()
    await expect(page.getByText('300 → 350')).toBeVisible()
    await expect(page.getByText('重点 → 特困')).toBeVisible()
    await expect(page.locator('.el-message')).toHaveCount(0)
    await look(page, '变更记录')
  })

  await test.step('one goes out of use with a word about whom it concerns, and comes back as it was', async () => {
    await menu()
    await page.getByRole('button', { name: '修改慰问类别' }).click()
    await page.getByRole('dialog').getByRole('textbox', { name: '选项' }).fill('重点\n特困')
    await expect(page.getByText('去掉的选项已经有人选了（“一般” 1 人）')).toBeVisible()
    await shot(page, '去掉选项')
    await page.getByRole('dialog').getByRole('button', { name: '取消' }).click()
    await page.getByRole('button', { name: '停用慰问类别' }).click()
    await expect(page.getByText('有 2 位同志的“慰问类别”里填了内容')).toBeVisible()
    await look(page, '停用')
    await page.getByRole('button', { name: '停用', exact: true }).click()
    await expect(names(page)).toHaveText(['党龄补贴', '社区职务'])
    await expect(page.locator('.el-message')).toHaveCount(0)
    await look(page, '停用的')
    await openPerson(page, '郑爱华')
    await expect(page.getByText('党龄补贴')).toBeVisible()
    await expect(page.getByText('慰问类别')).toHaveCount(0)
    await menu()
    await page.getByRole('button', { name: '恢复慰问类别' }).click()
    await expect(names(page)).toHaveText(['党龄补贴', '社区职务', '慰问类别'])
    await openPerson(page, '郑爱华')
    await expect(page.getByText('特困')).toBeVisible()
  })

  await test.step('the file that goes out has them', async () => {
    await page.getByRole('link', { name: '导出台账' }).click()
    await page.getByRole('combobox', { name: '列', exact: true }).press('Enter')
    await expect(page.getByRole('option', { name: '党龄补贴（自定义）' })).toBeAttached()
    await page.keyboard.press('Escape')
    await page.getByRole('textbox', { name: '用途' }).fill('核对自定义栏')
    await page.getByRole('button', { name: '导出', exact: true }).click()
    await phone.agree(page, '导出台账')
    await expect(page.getByRole('button', { name: '下载' })).toBeVisible()
    await look(page, '导出')
  })
  await phone.close()
})
