/**
 * The browser's scanner: camera through jsqr, an uploaded picture, and inside the demo page a
 * code that the page hands over. WeChat has its own scanner; nothing here reaches the mini-program.
 */
let sink: ((text: string) => void) | undefined
let finish: ((text?: string) => void) | undefined

/** Gives a scanned text to the open scanner; false when none is open. */
export function takeScan(text: string): boolean {
  if (!sink) return false
  sink(text)
  return true
}

export interface Lens {
  close(): void
  /** Reads one from a picture instead; false when there is none in it. */
  picture(file: File): Promise<boolean>
}

/** Shows the camera in the host and gives every text it sees, again and again, until it is closed. */
export function openLens(host: HTMLElement, onText: (text: string) => void, onDark: () => void): Lens {
  const video = document.createElement('video')
  video.className = 'scanner__video'
  video.playsInline = true
  video.muted = true
  video.setAttribute('aria-hidden', 'true')
  host.append(video)
  let stream: MediaStream | undefined
  let open = true
  const mine = (text: string) => open && onText(text)
  sink = mine

  const watch = async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
    } catch {
      if (open) onDark()
      return
    }
    if (!open) return stream.getTracks().forEach((track) => track.stop())
    video.srcObject = stream
    await video.play()
    while (open) {
      await new Promise((next) => setTimeout(next, 120))
      const text = open && video.videoWidth ? await decode(video) : undefined
      if (text) mine(text)
    }
  }
  void watch().catch(() => open && onDark())

  return {
    close() {
      open = false
      if (sink === mine) sink = undefined
      stream?.getTracks().forEach((track) => track.stop())
      video.remove()
    },
    async picture(file) {
      const text = await decode(await createImageBitmap(file)).catch(() => undefined)
      if (text) mine(text)
      return !!text
    },
  }
}

export function openScanner(frame: string): Promise<string | undefined> {
  finish?.()
  return new Promise((resolve) => {
    const root = document.createElement('div')
    root.className = 'scanner'
    root.setAttribute('role', 'dialog')
    root.setAttribute('aria-label', '扫码')
    root.innerHTML = `
      <div class="scanner__say" role="status" aria-live="polite">把二维码放进方框里</div>
      <div class="scanner__view"></div>
      <div class="scanner__bar">
        ${window.parent !== window ? '<button type="button" class="scanner__button scanner__button--first" data-do="venue">扫现场二维码</button>' : ''}
        <button type="button" class="scanner__button" data-do="picture">选一张图片</button>
        <button type="button" class="scanner__button" data-do="close">关闭</button>
      </div>
      <input type="file" accept="image/*" aria-label="选一张图片" hidden>`
    document.body.append(root)
    const say = root.querySelector<HTMLElement>('.scanner__say')!
    const file = root.querySelector<HTMLInputElement>('input')!
    const lens = openLens(
      root.querySelector<HTMLElement>('.scanner__view')!,
      (text) => finish?.(text),
      () => (say.textContent = '相机没有打开，请选一张图片'),
    )

    finish = (text) => {
      finish = undefined
      lens.close()
      root.remove()
      resolve(text)
    }

    root.addEventListener('click', (event) => {
      const what = (event.target as HTMLElement).dataset.do
      if (what === 'close') finish?.()
      if (what === 'picture') file.click()
      if (what === 'venue') window.parent.postMessage({ type: 'bense:scan?', frame }, location.origin)
    })
    file.addEventListener('change', async () => {
      const picked = file.files?.[0]
      if (picked && !(await lens.picture(picked))) say.textContent = '图片里没有找到二维码，请换一张'
    })
  })
}

async function decode(source: HTMLVideoElement | ImageBitmap): Promise<string | undefined> {
  const { default: jsqr } = await import('jsqr')
  const wide = source instanceof ImageBitmap ? source.width : source.videoWidth
  const high = source instanceof ImageBitmap ? source.height : source.videoHeight
  // A photograph of twelve megapixels takes seconds; a thousand pixels across are enough.
  const scale = Math.min(1, 1000 / Math.max(wide, high))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(wide * scale)
  canvas.height = Math.round(high * scale)
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  context.drawImage(source, 0, 0, canvas.width, canvas.height)
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height)
  return jsqr(pixels.data, pixels.width, pixels.height)?.data || undefined
}
