import { expect, test, type Page } from '@playwright/test'
import jsqr from 'jsqr'
import { clean } from './axe'

/** The sign-in page over a server that says what the test wants, for as long as it wants it. */
async function served(page: Page, phone: { state: string }) {
  let made = 0
  await page.route('**/api/v1/console/logins', (r) =>
    r.fulfill({ status: 201, json: {
      id: String(++made), secret: 's', qr: `https://bense.example/c/CODE${made}`, number: '47',
      expires_at: new Date(Date.now() + 120_000).toISOString(),
    } }))
  await page.route('**/api/v1/console/logins/*/poll', (r) => r.fulfill({ json: phone }))
}

test('the code on the screen is what a phone reads', async ({ page }) => {
  await served(page, { state: 'pending' })
  await page.goto('/console/')
  await expect(page).toHaveURL(/\/console\/login$/)
  const code = page.getByRole('img', { name: '登录二维码' })
  await expect(code).toBeVisible()
  await expect(page.getByText('47')).toBeVisible()
  const picture = (await code.screenshot()).toString('base64')
  const pixels = await page.evaluate(async (png) => {
    const image = new Image()
    image.src = `data:image/png;base64,${png}`
    await image.decode()
    const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d')!
    canvas.drawImage(image, 0, 0)
    const { data, width, height } = canvas.getImageData(0, 0, image.width, image.height)
    return { data: Array.from(data), width, height }
  }, picture)
  expect(jsqr(Uint8ClampedArray.from(pixels.data), pixels.width, pixels.height)?.data).toBe('https://bense.example/c/CODE1')
  await clean(page)
})

test('what the phone does stands on the screen', async ({ page }) => {
  const phone = { state: 'scanned' }
  await served(page, phone)
  await page.goto('/console/login')
  await expect(page.getByText('已经扫到')).toBeVisible()
  phone.state = 'refused'
  await expect(page.getByText('手机上点了「不是我」')).toBeVisible()
  phone.state = 'pending'
  await page.getByRole('button', { name: '重新取码' }).click()
  await expect(page.getByRole('img', { name: '登录二维码' })).toBeVisible()
})
