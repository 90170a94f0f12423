import { expect, test } from '@playwright/test'

/** A visitor plays the whole thread on the demo's front door, by clicking alone. */
test.use({ viewport: { width: 1720, height: 1000 }, hasTouch: false, isMobile: false })

test('the guide on the front door leads through the whole thread', async ({ page }) => {
  const faults: string[] = []
  page.on('pageerror', (err) => faults.push(err.message))
  page.on('request', (r) => {
    if (!r.url().startsWith(new URL(page.url() || 'http://127.0.0.1').origin) && /^https?:/.test(r.url()) && page.url().startsWith('http')) {
      faults.push(`request to ${r.url()}`)
    }
  })
  const phone = (frame: string) => page.frameLocator(`iframe[data-frame=${frame}]`)
  const button = (frame: string, word: string) => phone(frame).locator('uni-button:visible', { hasText: word }).first()
  const done = (word: string) => expect(page.locator('#steps li', { hasText: word })).toHaveClass('done')

  await page.goto('/')
  await expect(page.locator('#steps li')).toHaveCount(6)
  await page.getByRole('button', { name: '从头再来' }).click()
  await expect(page.locator('#steps li.done')).toHaveCount(0)

  await button('head', '写通知').click()
  await button('head', '参观视察').click()
  await button('head', '看一遍').click()
  await button('head', '发通知').click()
  await button('head', '确定发出').click()
  await done('发布通知')

  await button('head', '发到微信群').click()
  await done('发到群里')
  const card = page.locator('#chat .card').last()
  await card.click()

  await button('member', '开始').click()
  await button('member', '用手机号登记').click()
  await button('member', '同意').click()
  await button('member', '好了').click()
  await done('认出本人')

  await button('member', '参加').click()
  await phone('member').locator('uni-modal').getByText('好的').click()
  await done('点参加')
  await expect(card.locator('.live')).toContainText(/当前 1\/\d+ 人/)

  await phone('liaison').locator('.row', { hasText: '参观' }).first().click()
  await button('liaison', '现场签到码').click()
  await expect(phone('liaison').locator('uni-image img').first()).toHaveAttribute('src', /^data:/)
  await page.locator('#scan-venue').click()
  await expect(phone('member').locator('[aria-live=assertive]:visible')).toContainText('签到成功')
  await done('扫码签到')

  await button('liaison', '返回').click()
  await button('liaison', '点名册').click()
  const row = phone('liaison').locator('.item', { hasText: '签到' }).first()
  await row.locator('uni-button').click()
  await done('门口代签')
  await expect(page.locator('#hint')).toContainText('走完了')
  expect(faults).toEqual([])
})
