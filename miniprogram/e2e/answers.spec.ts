import { expect, test, type FrameLocator } from '@playwright/test'

/** A notice from the head's phone through the group to everybody's answer, on the front door: limited places,
 *  a change of mind, who moves up and is called, another time and place, and a reminder for who has not looked. */
test.use({ viewport: { width: 1720, height: 1000 }, hasTouch: false, isMobile: false })

test('published, read in the group, answered, moved up, reminded and called', async ({ page }) => {
  test.setTimeout(600_000)
  const phone = (frame: string): FrameLocator => page.frameLocator(`iframe[data-frame=${frame}]`)
  const button = (frame: string, word: string) => phone(frame).locator('uni-button:visible', { hasText: word }).first()
  const sees = (frame: string, text: string | RegExp) => expect(phone(frame).getByText(text).locator('visible=true').first()).toBeVisible()
  /** The phone asks, instead of calling somebody. */
  const deaf = (frame: string) =>
    phone(frame).locator('body').evaluate((body) =>
      body.ownerDocument.addEventListener('click', (event) => (event.target as Element).closest('a[href^="tel:"]') && event.preventDefault(), true),
    )
  async function publish(kind: string) {
    await button('head', '写通知').click()
    await button('head', kind).click()
    await button('head', '看一遍').click()
    await button('head', '发通知').click()
    await button('head', '确定发出').click()
    await sees('head', '已经发出')
  }

  /** A phone in a frame forgets the way it came: it goes by its desk. */
  async function desk() {
    const tab = phone('head').locator('.tab:visible', { hasText: '工作' })
    await expect(async () => {
      if (!(await tab.count())) await button('head', '返回').click({ timeout: 3000 })
      await expect(tab).toBeVisible({ timeout: 3000 })
    }).toPass()
    await tab.click()
  }

  await page.goto('/')
  await page.getByRole('button', { name: '从头再来' }).click()
  await expect(page.locator('#steps li.done')).toHaveCount(0)

  await test.step('the head publishes with one place', async () => {
    await publish('参观视察')
    await button('head', '名额和接送').click()
    await button('head', '限名额').click()
    for (let n = 0; n < 3; n++) await button('head', '少10个').click()
    for (let n = 0; n < 9; n++) await button('head', '少1个').click()
    await expect(phone('head').locator('.stepper .value')).toHaveText('1个')
    await button('head', '带1位').click()
    await button('head', '有车接').click()
    await button('head', '存好').click()
    await sees('head', '存好了')
    await button('head', '返回').click()
    await sees('head', '1个位子，已有0个')
    await button('head', '发到微信群').click()
    await sees('head', /发到了微信群/)
  })
  const card = page.locator('#chat .card').last()

  await test.step('a member opens the card in the group and answers', async () => {
    await card.click()
    await button('member', '开始').click()
    await button('member', '用手机号登记').click()
    await button('member', '同意').click()
    await button('member', '好了').click()
    await sees('member', '1个位子，已有0个')
    await button('member', '参加').click()
    await phone('member').locator('uni-modal').getByText('好的').click()
    await sees('member', '您已答复：参加')
    await button('member', '请来接').click()
    await button('member', '单位门口').click()
    await expect(card.locator('.live')).toContainText('当前 1/1 人')
  })

  let second = ''
  await test.step('the head writes down who telephones, and that one waits', async () => {
    await button('head', '谁看了，谁没看').click()
    const row = phone('head').locator('.one:visible').first()
    second = await row.locator('.one__name').innerText()
    await row.getByText('替答').click()
    await sees('head', `替${second}答复`)
    await button('head', '参加').click()
    await sees('head', `${second}在候补名单上`)
  })

  await test.step('the member changes the own mind, and the next one has the place', async () => {
    await button('member', '改成请假').click()
    await sees('member', '您已请假')
    await phone('member').locator('uni-button:visible', { hasText: '身体不适' }).click()
    await sees('member', '原因：身体不适')
    await desk()
    await phone('head').locator('.row:visible', { hasText: '参观' }).first().click()
    await sees('head', '1个位子，已有1个')
  })

  await test.step('who moved up and does not know is called', async () => {
    await deaf('head')
    await button('head', '打电话通知').click()
    const line = phone('head').locator('.card:visible', { hasText: second }).filter({ hasText: '候补排到位子了' })
    await expect(line).toBeVisible()
    await line.locator('uni-button').first().click()
    await phone('head').locator('uni-button:visible', { hasText: '已通知' }).first().click()
    await sees('head', `${second}：已通知`)
  })

  await test.step('it is moved, and the member sees where to', async () => {
    await desk()
    await phone('head').locator('.row:visible', { hasText: '参观' }).first().click()
    await button('head', '还能做的事').click()
    await button('head', '改时间地点').click()
    await button('head', '点这里改时间').click()
    await phone('head').locator('.step:visible', { hasText: '晚一天' }).click()
    await button('head', '定好了').click()
    await phone('head').getByLabel('新的地点').last().fill('文化馆西门')
    await button('head', '看一遍').click()
    await sees('head', /会再通知|不用再通知/)
    await button('head', '确定改').click()
    await sees('head', '已经改好')
    await expect(page.locator('#chat .notice-msg', { hasText: '活动变更' })).toContainText('文化馆西门', { timeout: 30_000 })
    await button('member', '返回').click()
    await sees('member', '有改动')
    await card.click()
    await sees('member', '时间地点改了')
    await expect(phone('member').locator('.after:visible', { hasText: '文化馆西门' })).toBeVisible()
  })

  await test.step('of the next notice, who has agreed is reminded, and stays on the call list', async () => {
    await desk()
    await publish('主题党日')
    await button('head', '提醒还没看的').click()
    await sees('head', '已经提醒1位。')
    await expect(page.locator('#chat')).toContainText('您还没看这条通知')
    await button('head', '打电话通知').click()
    await expect(phone('head').locator('.card .name').locator('visible=true').first()).toBeVisible()
  })
})
