import { effectScope } from 'vue'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Problem } from '@/api/problem'
import type { Answer, Offer } from '@/api/signin'
import type { Me } from '@/api/types'
import { useSignIn, type Door } from '@/pages/login/useSignIn'

let n = 0
const offer = (seconds: number): Offer =>
  ({ id: `${++n}`, secret: 's', qr: `Q${n}`, number: '42', expires_at: new Date(Date.now() + seconds * 1000).toISOString() })
const me = { name: '王联络' } as Me

let scope = effectScope()
beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
  n = 0
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

function begin(read: Door['read'], seconds = 120) {
  const signedIn = vi.fn()
  const door = { offer: vi.fn(async () => offer(seconds)), read: vi.fn(read) }
  const s = scope.run(() => useSignIn(door, signedIn))!
  s.begin()
  return { ...s, door, signedIn }
}

test('a code that was scanned and confirmed signs in', async () => {
  const says: Answer[] = [{ state: 'pending' }, { state: 'scanned' }, { state: 'approved', me }]
  const s = begin(async () => says.shift()!)
  await vi.advanceTimersByTimeAsync(3100)
  expect(s.step.value).toBe('scanned')
  await vi.advanceTimersByTimeAsync(1600)
  expect(s.signedIn).toHaveBeenCalledWith(me)
})

test('a code is renewed before it runs out, and not for ever', async () => {
  const s = begin(async () => ({ state: 'pending' }), 60)
  await vi.advanceTimersByTimeAsync(52_000)
  expect(s.offer.value!.qr).toBe('Q2')
  expect(s.step.value).toBe('waiting')
  await vi.advanceTimersByTimeAsync(20 * 60_000)
  expect(s.step.value).toBe('idle')
  const asked = s.door.read.mock.calls.length
  await vi.advanceTimersByTimeAsync(60_000)
  expect(s.door.read).toHaveBeenCalledTimes(asked)
})

test('a refusal stays on the screen', async () => {
  const s = begin(async () => ({ state: 'refused' }))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(s.step.value).toBe('refused')
  expect(s.door.read).toHaveBeenCalledTimes(1)
})

test('without a network it tries again by itself', async () => {
  let up = false
  const s = begin(async () => {
    if (!up) throw new Problem(0, 'client.offline', '连不上服务器')
    return { state: 'pending' }
  })
  await vi.advanceTimersByTimeAsync(1600)
  expect(s.step.value).toBe('offline')
  up = true
  await vi.advanceTimersByTimeAsync(5100)
  expect(s.step.value).toBe('waiting')
  expect(s.offer.value!.qr).toBe('Q2')
})
