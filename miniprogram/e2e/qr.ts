import { expect, type Page } from '@playwright/test'
import jsqr from 'jsqr'

/** Reads the code that a page shows, the way a camera would. */
export async function readQr(page: Page): Promise<string> {
  const image = page.locator('uni-image:visible img').first()
  await expect(image).toHaveAttribute('src', /^data:/)
  const pixels = await image.evaluate(async (el: HTMLImageElement) => {
    const picture = new Image()
    picture.src = el.src
    await picture.decode()
    const canvas = document.createElement('canvas')
    canvas.width = picture.naturalWidth
    canvas.height = picture.naturalHeight
    const pen = canvas.getContext('2d')!
    pen.drawImage(picture, 0, 0)
    const { data, width, height } = pen.getImageData(0, 0, canvas.width, canvas.height)
    return { data: Array.from(data), width, height }
  })
  return jsqr(Uint8ClampedArray.from(pixels.data), pixels.width, pixels.height)!.data
}
