import { expect, test, type Page } from '@playwright/test'
import { commit, county, data, figures, look, Phone, shot, upload } from './desk'

interface Unit { name: string; members: number; regular: string; own: string; street: string; line: string; address: string }

/** The survey of the sample county: 24 units, as its clerks would fill it in. */
const units: Unit[] = data('app/sample/survey.csv').toString().trim().split('\n').slice(1).map((text) => {
  const [name, members, regular, own, street, line, address] = text.trim().split(',')
  return { name, members: Number(members), regular, own: own === '有' ? 'yes' : 'no', street, line, address }
})
const people = units.reduce((n, u) => n + u.members, 0)

/** A ledger of the county before it had alliances: names and units, nothing else. */
function ledger(): Buffer {
  const surnames = [...'王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢']
  const given = ['建国', '秀英', '志远', '桂兰', '德胜', '淑芬', '保田', '玉梅']
  const rows = units.flatMap((u) => Array.from({ length: u.members }, (_, i) =>
    [u.name, surnames[i % surnames.length] + given[(i + u.members) % given.length], i % 2 ? '女' : '男', `19${32 + i}-${String(1 + (i % 12)).padStart(2, '0')}`]))
  return Buffer.from([['单位', '姓名', '性别', '出生年月'], ...rows].map((r) => r.join(',')).join('\n'))
}

/** The groups of the board with the names of their units. */
const board = (page: Page) => page.locator('.column').evaluateAll((columns) => columns.map((c) => ({
  name: (c.querySelector('.name input') as HTMLInputElement).value,
  units: [...c.querySelectorAll('.card strong')].map((s) => s.textContent ?? ''),
  reasons: [...c.querySelectorAll('.card .why')].map((s) => s.textContent?.trim() ?? ''),
  lead: (c.querySelector('.lead select') as HTMLSelectElement).selectedOptions[0].text,
})))

async function move(page: Page, unit: string, to: string) {
  await page.getByRole('button', { name: `移到…${unit}` }).click()
  const way = page.getByRole('dialog').getByRole('button').filter({ has: page.getByText(to, { exact: true }) })
  await expect(way).toBeEnabled()
  await look(page, `把${unit}移到哪里`)
  await way.click()
  await expect(page.locator('.column', { has: page.getByRole('button', { name: `移到…${unit}` }) }).locator('.name input')).toHaveValue(to)
}

async function save(page: Page, name: string) {
  await page.getByRole('button', { name: '存一个版本' }).click()
  await page.getByRole('dialog').getByRole('textbox').fill(name)
  await page.getByRole('button', { name: '存下' }).click()
  await expect(page.getByText(`已存为「${name}」`)).toBeVisible()
}

test('a county is surveyed, and four alliances are founded', async ({ page, request, browser }) => {
  test.setTimeout(1_800_000)
  const phone = await Phone.of(browser, await county(request, '组建'))
  await phone.letIn(page)
  await look(page, '待办')

  await test.step('the ledger comes in; nobody is in an alliance', async () => {
    await upload(page, '全县台账.csv', ledger())
    expect(await figures(page.locator('.figures'))).toMatchObject({ 新增: people, 有变化: 0, 相同: 0, 未导入的行: 0 })
    await look(page, '台账预览')
    await commit(page)
  })

  await test.step('摸底: every unit is asked', async () => {
    await page.getByRole('link', { name: '摸底组建' }).click()
    await expect(page.getByText('还没有摸底')).toBeVisible()
    await look(page, '还没有摸底')
    await page.getByRole('button', { name: '新开一次摸底' }).click()
    await look(page, '新开摸底')
    await page.getByLabel('名称').fill('组建前摸底')
    await page.getByRole('button', { name: '开始摸底' }).click()
    await expect(page.locator('tbody tr')).toHaveCount(24)
    await look(page, '空的摸底表')
    for (const u of units) {
      await page.getByLabel(`${u.name}：有无支部`).selectOption(u.own)
      await page.getByLabel(`${u.name}：正常参加人数`).fill(u.regular)
      await page.getByLabel(`${u.name}：街道或社区`).fill(u.street)
      await page.getByLabel(`${u.name}：战线`).selectOption(u.line)
      await page.getByLabel(`${u.name}：地址`).fill(u.address)
      await page.getByLabel(`${u.name}：地址`).press('Enter')
    }
    await expect(page.getByText('已填 24 / 24 家')).toBeVisible()
    await page.reload()
    await expect(page.getByText('已填 24 / 24 家')).toBeVisible()
    await expect(page.getByLabel('县科协：地址')).toHaveValue('津苑社区大桥路12号')
    await look(page, '填好的摸底表')
  })

  await test.step('candidates, with the reason for each', async () => {
    await page.getByRole('button', { name: '下一步：看候选单位' }).click()
    await expect(page.getByRole('heading', { name: /^候选单位 24/ })).toBeVisible()
    await expect(page.getByRole('row', { name: /县科协/ })).toContainText('未成立离退休干部党支部')
    await expect(page.getByRole('row', { name: /县总工会/ })).toContainText('正常参加活动4人，不足5人')
    await expect(page.getByText(`24 家、${people} 人，组建`)).toBeVisible()
    await expect(page.getByRole('spinbutton', { name: '联盟个数' })).toHaveValue('4')
    await look(page, '候选单位')
    await page.getByRole('button', { name: '生成组建方案' }).click()
  })

  const moved = ['县科协', '县工商联']
  await test.step('a proposal of four, changed by hand', async () => {
    await expect(page.locator('.column')).toHaveCount(4)
    const proposed = await board(page)
    expect(proposed.map((g) => g.units.length)).toEqual([6, 6, 6, 6])
    expect(new Set(proposed.flatMap((g) => g.units))).toEqual(new Set(units.map((u) => u.name)))
    for (const g of proposed) {
      expect(g.reasons.every((r) => r.length > 5), g.reasons.join('\n')).toBe(true)
      expect(g.units).toContain(g.lead)
    }
    await look(page, '组建方案')
    await save(page, '初稿')
    const of = (unit: string) => proposed.find((g) => g.units.includes(unit))!.name
    expect(of(moved[0])).not.toBe(of(moved[1]))
    await move(page, moved[0], of(moved[1]))
    expect((await board(page)).map((g) => g.units.length).sort()).toEqual([5, 6, 6, 7])
    await shot(page, '移了一家')
    await move(page, moved[1], of(moved[0]))
    expect((await board(page)).map((g) => g.units.length)).toEqual([6, 6, 6, 6])
    await save(page, '会后调整')
  })
  const decided = await board(page)

  await test.step('two versions side by side', async () => {
    await page.getByRole('button', { name: '下一步：定版并组建' }).click()
    await page.getByLabel('比较初稿').check()
    await page.getByLabel('比较会后调整').check()
    await page.getByRole('button', { name: '比较勾选的两版' }).click()
    for (const unit of moved) await expect(page.locator('.compared').getByRole('cell', { name: unit, exact: true })).toBeVisible()
    await expect(page.locator('.compared tbody tr')).toHaveCount(2)
    await look(page, '比较两版')
  })

  await test.step('confirmed with a document, and on the phone', async () => {
    await page.getByRole('row', { name: /会后调整/ }).first().getByRole('button', { name: '确认组建' }).click()
    const dialog = page.getByRole('dialog', { name: '确认组建联盟' })
    await expect(dialog.getByRole('button', { name: '确认组建' })).toBeDisabled()
    await dialog.getByLabel('文号').fill('组老干党发〔2026〕3号')
    await dialog.getByLabel('依据').fill('关于组建离退休干部党建联盟的通知')
    await dialog.getByLabel(/已经核对/).check()
    await look(page, '确认组建')
    await dialog.getByRole('button', { name: '确认组建' }).click()
    await expect(page.getByText('请在手机上确认')).toBeVisible()
    await look(page, '等手机确认')
    await phone.agree(page, '组建联盟')
    await expect(page.getByRole('heading', { name: '已组建 4 个联盟' })).toBeVisible()
    for (const g of decided) {
      await expect(page.locator('.founded li', { hasText: `${g.name}离退休干部党建联盟` })).toContainText(`6家单位，${g.lead}牵头`)
    }
    await expect(page.locator('.founded')).toContainText('组老干党发〔2026〕3号')
    await expect(page.getByRole('button', { name: '确认组建' })).toHaveCount(0)
    await look(page, '已组建')
    await page.getByRole('row', { name: /会后调整/ }).first().getByRole('link', { name: '看并打印' }).click()
    await expect(page.getByRole('heading', { name: /离退休干部党建联盟$/ })).toHaveCount(4)
    await look(page, '方案')
  })

  await test.step('organisation and ledger know them', async () => {
    await page.getByRole('link', { name: '组织', exact: true }).click()
    const [first] = decided
    await page.getByRole('treeitem').filter({ hasText: `${first.name}离退休干部党建联盟` }).last().locator('.node').first().click()
    await expect(page.getByRole('heading', { name: `${first.name}离退休干部党建联盟` })).toBeVisible()
    await expect(page.getByLabel('详情')).toContainText(`牵头单位 ${first.lead}`)
    for (const unit of first.units) await expect(page.getByLabel('详情').getByRole('link', { name: unit, exact: true })).toBeVisible()
    await look(page, '组织')
    await page.getByRole('link', { name: '看台账' }).click()
    const size = units.filter((u) => first.units.includes(u.name)).reduce((n, u) => n + u.members, 0)
    await expect(page.getByText(`共 ${size} 人`)).toBeVisible()
    await look(page, '联盟的台账')
    await page.getByRole('button', { name: '清除筛选' }).click()
    await expect(page.getByText(`共 ${people} 人`)).toBeVisible()
  })
  await phone.close()
})
