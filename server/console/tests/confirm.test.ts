import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Problem } from '@/api/problem'
import { Cancelled, useConfirmDialog, useConfirmOnPhone } from '@/ui/useConfirmOnPhone'

const states: string[] = []
beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('fetch', async (_: string, init: RequestInit) =>
    new Response(JSON.stringify({ id: '9', number: '37', state: init.method === 'POST' ? 'pending' : states.shift() })))
})
afterEach(() => {
  useConfirmDialog().cancel()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const needs = vi.fn(async (headers: Record<string, string>) => {
  if (!headers['X-Confirmation']) throw new Problem(403, 'identity.confirm_needed', '请在手机上确认这一步')
  return headers['X-Confirmation']
})

test('a call that wants the phone is made again with the confirmation', async () => {
  states.splice(0, states.length, 'pending', 'approved')
  const done = useConfirmOnPhone().guard('reveal', '5', '查看王某的电话', needs)
  await vi.advanceTimersByTimeAsync(1)
  const { dialog } = useConfirmDialog()
  expect([dialog.stage, dialog.number, dialog.summary]).toEqual(['waiting', '37', '查看王某的电话'])
  await vi.advanceTimersByTimeAsync(3100)
  expect(await done).toBe('9')
  expect(dialog.stage).toBe('closed')
})

test('a call that needs none asks nobody', async () => {
  expect(await useConfirmOnPhone().guard('reveal', '5', '', async () => 'plain')).toBe('plain')
  expect(useConfirmDialog().dialog.stage).toBe('closed')
})

test('a refusal is shown, can be asked again, and be given up', async () => {
  states.splice(0, states.length, 'refused', 'pending')
  const done = useConfirmOnPhone().guard('export', '5', '导出', needs).catch((err: unknown) => err)
  await vi.advanceTimersByTimeAsync(1600)
  const { dialog, again, cancel } = useConfirmDialog()
  expect(dialog.stage).toBe('refused')
  void again()
  await vi.advanceTimersByTimeAsync(1)
  expect(dialog.stage).toBe('waiting')
  cancel()
  expect(await done).toBeInstanceOf(Cancelled)
})
