import { DeviceError, type Dictation } from './platform.type'

/** The plug-in 微信同声传译: one manager for the whole mini-program, its callbacks are assigned. */
interface Manager {
  onRecognize(event: { result?: string }): void
  onStop(event: { result?: string }): void
  onError(event: { retcode?: number }): void
  start(options: { lang: string; duration: number }): void
  stop(): void
}

const LONGEST = 60_000
const MICROPHONE = -30001
const NETWORK = [-30003, -30004, -30008, -30010]
const BUSY = [-40001, -30011]

function failure(code: number | undefined): DeviceError {
  if (code === MICROPHONE) return new DeviceError('device.microphone', '微信没有打开话筒')
  if (NETWORK.includes(code ?? 0)) return new DeviceError('device.speech_network', '网络没有连上，话没有变成字')
  if (BUSY.includes(code ?? 0)) return new DeviceError('device.speech_busy', '用的人多，话没有变成字')
  return new DeviceError('device.speech', '没有听清楚')
}

/** Absent when the plug-in is not there: not built in, or not added to the appid. */
export function pluginDictation(require: () => { getRecordRecognitionManager(): Manager }): Dictation | undefined {
  let manager: Manager
  try {
    manager = require().getRecordRecognitionManager()
  } catch {
    return undefined
  }
  return {
    by: '微信',
    start(to) {
      let over = false
      const once = (act: () => void) => {
        if (!over) act()
        over = true
      }
      manager.onRecognize = ({ result }) => {
        if (!over) to.heard(result ?? '')
      }
      manager.onStop = ({ result }) => once(() => to.ended(result ?? ''))
      manager.onError = ({ retcode }) => once(() => to.failed(failure(retcode)))
      manager.start({ lang: 'zh_CN', duration: LONGEST })
      return () => manager.stop()
    },
  }
}
