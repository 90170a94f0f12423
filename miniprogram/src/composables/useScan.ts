import { useSubmit } from './useSubmit'
import { readCode } from './codes'
import { DeviceError } from '../platform.type'
import { platform } from '../platform'

/** Scans and goes where the code leads: a venue code to its visit, a registration code to binding. */
export function useScan() {
  return useSubmit(async () => {
    const text = await platform.scan()
    if (text === undefined) return
    const code = readCode(text)
    if (code.kind === 'venue') return go(`/packages/checkin/visit?q=${encodeURIComponent(code.text)}`)
    if (code.kind === 'binding') return go(`/packages/binding/code?code=${encodeURIComponent(code.text)}`)
    throw new DeviceError('checkin.invalid_code', '这不是签到码，请找工作人员')
  })
}

export function go(url: string) {
  uni.navigateTo({ url })
}
