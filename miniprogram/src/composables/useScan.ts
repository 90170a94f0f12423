import { useSubmit } from './useSubmit'
import { readCode } from './codes'
import { DeviceError } from '../platform.type'
import { platform } from '../platform'

/**
 * Scans and goes where the code leads: a venue code to its visit, a registration code to binding, the
 * code on a desktop to its sign-in. `wrong` is said of any other code; `instead` replaces the page
 * that asks.
 */
export function useScan(wrong = '这不是签到码，请找工作人员', instead = false) {
  return useSubmit(async () => {
    const text = await platform.scan()
    if (text === undefined) return
    const code = readCode(text)
    if (code.kind === 'venue') return go(`/packages/checkin/visit?by=scan&q=${encodeURIComponent(code.text)}`)
    if (code.kind === 'binding') return go(`/packages/binding/code?code=${encodeURIComponent(code.text)}`)
    if (code.kind === 'console') return (instead ? swap : go)(`/packages/console/confirm?q=${encodeURIComponent(code.text)}`)
    throw new DeviceError('checkin.invalid_code', wrong)
  })
}

export function go(url: string) {
  uni.navigateTo({ url })
}

/** One page back; without one, to where that page would be. */
export function back(elsewhere: string) {
  if (getCurrentPages().length > 1) uni.navigateBack()
  else uni.redirectTo({ url: elsewhere })
}

function swap(url: string) {
  uni.redirectTo({ url })
}
