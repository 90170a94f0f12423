import { expect, test, type Page } from '@playwright/test'
import { atDoor, mock, roster, worlds } from './mock'

interface Item { person_id?: string; door: string; happened_at: string; leave_to_present?: boolean }

/** A desk with a keyboard and no touch; `sent` is what the server gets. */
async function desk(page: Page, cut: () => boolean = () => false): Promise<{ sent: Item[]; annulled: string[] }> {
  const sent: Item[] = []
  const annulled: string[] = []
  await mock(page, {
    ...worlds.liaison(),
    'POST /lists/41/check-ins': (route) => {
      if (cut()) return { abort: true }
      sent.push(...(route.request().postDataJSON() as { items: Item[] }).items)
      return atDoor(route)
    },
    'POST /lists/41/check-ins/107/annul': () => {
      annulled.push('107')
      return { json: {} }
    },
  })
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.goto('/h5/?frame=member#/packages/liaison/paper?list=41')
  await expect(page.getByText('本次录了0位')).toBeVisible()
  return { sent, annulled }
}
const field = (page: Page) => page.getByLabel('录下一位').last()
async function type(page: Page, text: string) {
  await page.keyboard.type(text)
  await page.keyboard.press('Enter')
}
const idOf = (name: string) => roster.items.find((r) => r.name === name)!.person_id

test('a sheet is entered with the keyboard alone', async ({ page }) => {
  const { sent, annulled } = await desk(page)
  await expect(field(page)).toBeFocused()
  await type(page, '4') // by number: 刘桂兰
  await expect(page.getByText('刘桂兰 已录')).toBeVisible()
  await expect(field(page)).toHaveValue('')
  await expect(field(page)).toBeFocused()
  await type(page, 'zym') // by initials
  await type(page, '郑文斌') // by name
  await type(page, roster.items[11].phone_last4) // by the last four digits: 高凤霞
  await expect(page.getByText('本次录了4位')).toBeVisible()
  await type(page, '1') // there already: nothing is sent
  await expect(page.getByText('王建国已经签过')).toBeVisible()

  await type(page, 'z') // several: a number chooses
  await expect(page.getByText('请选一位')).toBeVisible()
  await expect(page.locator('.hits .one')).toHaveCount(4)
  const second = await page.locator('.hits .name').nth(1).innerText()
  await page.keyboard.press('2')
  await expect(page.getByText(`${second} 已录`).or(page.getByText(`${second}已经签过`))).toBeVisible()
  await expect(field(page)).toHaveValue('')

  await type(page, '5') // had excused themselves: Enter once more confirms
  await expect(page.getByText('陈志远请过假，改为到场？')).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page.getByText('陈志远 已录')).toBeVisible()

  await type(page, 'zym')
  await expect(page.getByText('周玉梅已经签过')).toBeVisible()
  await type(page, '999')
  await expect(page.getByText('名单里没有“999”')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(field(page)).toHaveValue('')

  const people = sent.map((i) => i.person_id)
  for (const name of ['刘桂兰', '周玉梅', '郑文斌', '高凤霞', '陈志远']) expect(people).toContain(idOf(name))
  expect(people).not.toContain(idOf('王建国'))
  expect(new Set(people).size).toBe(people.length)
  expect(sent.every((i) => i.door === 'paper')).toBe(true)
  expect(sent.find((i) => i.person_id === idOf('陈志远'))!.leave_to_present).toBe(true)
  // it is twenty to nine: nobody signs in the future
  expect(sent[0].happened_at.slice(0, 16)).toBe('2026-11-23T00:40')
  expect(annulled).toEqual([])
})

test('arrows move, space ticks, Ctrl+Z takes the last one back', async ({ page }) => {
  const { sent, annulled } = await desk(page)
  for (let i = 0; i < 8; i++) await page.keyboard.press('ArrowDown')
  await expect(page.locator('.one--cursor .name')).toHaveText('周玉梅')
  await page.keyboard.press(' ')
  await expect(page.getByText('周玉梅 已录')).toBeVisible()
  await expect(page.locator('.one--cursor .name')).toHaveText('吴克勤')
  await expect.poll(() => sent.map((i) => i.person_id)).toEqual([idOf('周玉梅')])
  await page.keyboard.press('Control+z')
  await expect(page.getByText('周玉梅 已撤销')).toBeVisible()
  expect(annulled).toEqual(['107'])
  await expect(page.getByText('本次录了0位')).toBeVisible()
})

test('nothing is lost when the network is cut in the middle', async ({ page }) => {
  let cut = true
  const { sent } = await desk(page, () => cut)
  await type(page, '4')
  await type(page, '6')
  await type(page, '8')
  await expect(page.getByText('本次录了3位')).toBeVisible()
  await expect(page.getByText('有3位已记在手机上')).toBeVisible()
  expect(sent).toEqual([])
  cut = false
  await page.reload()
  await expect.poll(() => sent.map((i) => i.person_id)).toEqual(['刘桂兰', '赵淑芬', '周玉梅'].map(idOf))
})

test('a whole unit is entered at once after a question', async ({ page }) => {
  const { sent } = await desk(page)
  const open = roster.items.filter((r) => !r.present_at && r.answer !== 'leave')
  await page.locator('.all').first().click()
  await expect(page.getByText(`把还没签的${open.length}位都记为到场？`)).toBeVisible()
  expect(sent).toEqual([])
  await page.getByText('都到了').click()
  await expect(page.getByText(`本次录了${open.length}位`)).toBeVisible()
  await expect.poll(() => sent.map((i) => i.person_id).sort()).toEqual(open.map((r) => r.person_id).sort())
})
