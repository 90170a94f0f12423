import { DeviceError, type Dictation } from './platform.type'

interface Recognition {
  lang: string
  interimResults: boolean
  continuous: boolean
  onresult(event: { results: ArrayLike<ArrayLike<{ transcript: string }>> }): void
  onerror(event: { error: string }): void
  onend(): void
  start(): void
  stop(): void
}
type Maker = new () => Recognition

const refusals: Record<string, DeviceError> = {
  'not-allowed': new DeviceError('device.microphone', '上网软件没有打开话筒'),
  'service-not-allowed': new DeviceError('device.microphone', '上网软件没有打开话筒'),
  'audio-capture': new DeviceError('device.microphone', '没有找到话筒'),
  network: new DeviceError('device.speech_network', '网络没有连上，话没有变成字'),
}
/** Nothing was said, or somebody stopped: no failure. */
const silences = ['no-speech', 'aborted']

/** The browser's own recognition, where it has one. */
export function browserDictation(page: object): Dictation | undefined {
  const { SpeechRecognition, webkitSpeechRecognition } = page as { SpeechRecognition?: Maker; webkitSpeechRecognition?: Maker }
  const Made = SpeechRecognition ?? webkitSpeechRecognition
  if (!Made) return undefined
  return {
    by: '上网软件',
    start(to) {
      const r = new Made()
      let text = ''
      let over = false
      const end = (act: () => void) => {
        if (!over) act()
        over = true
      }
      Object.assign(r, { lang: 'zh-CN', interimResults: true, continuous: true })
      r.onresult = ({ results }) => {
        text = Array.from(results, (one) => one[0].transcript).join('')
        if (!over) to.heard(text)
      }
      r.onerror = ({ error }) => {
        if (!silences.includes(error)) end(() => to.failed(refusals[error] ?? new DeviceError('device.speech', '没有听清楚')))
      }
      r.onend = () => end(() => to.ended(text))
      r.start()
      return () => r.stop()
    },
  }
}
