import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '@/api/client'
import type { CheckinItem, CheckinResult } from '@/api/types'
import { createAttempts, type Attempt } from '@/offline/attempts'

const done = (nonce: string): CheckinResult =>
  ({ answer: 'ok', message: '签到成功', nonce, list_id: '1', happened_at: '2026-11-23T01:00:00Z' })
const own = (nonce: string): Attempt => ({ nonce, ticket: 'T', person_id: '11', happened_at: '2026-11-23T01:00:00Z', name: '王建国' })
const desk = (nonce: string, list = '1'): Attempt => ({ nonce, list, item: { nonce, door: 'roster', person_id: '11' }, name: '王建国' })

let store: Map<string, string>
let pauses: { ms: number; wake: () => void }[]
const settle = () => new Promise((resolve) => setTimeout(resolve))

function setup(sendOwn: () => Promise<CheckinResult>, sendList = vi.fn(async (_: string, items: CheckinItem[]) => items.map((i) => done(i.nonce)))) {
  const late = vi.fn()
  const waiting = vi.fn()
  const ownSpy = vi.fn(sendOwn)
  const attempts = createAttempts(
    {
      read: (key) => store.get(key),
      write: (key, value) => void store.set(key, value),
      sendOwn: ownSpy,
      sendList,
      pause(ms) {
        let wake = () => {}
        const held = new Promise<void>((resolve) => (wake = resolve))
        pauses.push({ ms, wake })
        return { done: held, wake }
      },
    },
    { late, waiting },
  )
  return { attempts, late, waiting, sendOwn: ownSpy, sendList }
}

beforeEach(() => {
  store = new Map()
  pauses = []
})

describe('attempts', () => {
  it('is stored before it is sent, and forgotten after the answer', async () => {
    let seen = ''
    const { attempts } = setup(async () => {
      seen = store.get('attempts') ?? ''
      return done('a')
    })
    await expect(attempts.submit(own('a'))).resolves.toMatchObject({ answer: 'ok' })
    expect(seen).toContain('"nonce":"a"')
    expect(store.get('attempts')).toBe('[]')
  })

  it('repeats the same nonce, each time a little later, until there is an answer', async () => {
    const send = vi
      .fn<() => Promise<CheckinResult>>()
      .mockRejectedValueOnce(new Problem(0, 'client.offline', ''))
      .mockRejectedValueOnce(new Problem(503, 'unavailable', '', [], 9))
      .mockResolvedValue(done('a'))
    const { attempts, sendOwn } = setup(send)
    const answer = attempts.submit(own('a'))
    await settle()
    pauses[0].wake()
    await settle()
    pauses[1].wake()
    await expect(answer).resolves.toMatchObject({ nonce: 'a' })
    expect(pauses.map((p) => p.ms)).toEqual([1000, 9000])
    expect(sendOwn.mock.calls.map(([body]: unknown[]) => (body as { nonce: string }).nonce)).toEqual(['a', 'a', 'a'])
  })

  it('tells the caller of a refusal that no repetition would change', async () => {
    const { attempts } = setup(async () => Promise.reject(new Problem(404, 'checkin.list_unknown', '没有这个活动')))
    await expect(attempts.submit(own('a'))).rejects.toMatchObject({ status: 404 })
    expect(attempts.waiting()).toBe(0)
  })

  it('goes on after a restart and reports the late answer', async () => {
    store.set('attempts', JSON.stringify([own('a')]))
    const { attempts, late } = setup(async () => done('a'))
    attempts.resume()
    await settle()
    expect(late).toHaveBeenCalledWith(expect.objectContaining({ nonce: 'a' }), '王建国')
    expect(attempts.waiting()).toBe(0)
  })

  it('survives a store that makes no sense', () => {
    store.set('attempts', '{broken')
    expect(setup(async () => done('a')).attempts.waiting()).toBe(0)
  })

  it('sends what waits for one list together, and marks it as offline', async () => {
    const sendList = vi
      .fn(async (_: string, items: CheckinItem[]) => items.map((i) => done(i.nonce)))
      .mockRejectedValueOnce(new Problem(0, 'client.offline', ''))
    const { attempts } = setup(async () => done('x'), sendList)
    const first = attempts.submit(desk('a'))
    await settle()
    const second = attempts.submit(desk('b'))
    pauses[0].wake()
    await Promise.all([first, second])
    expect(sendList).toHaveBeenCalledTimes(2)
    expect(sendList.mock.calls[1][1].map((i) => [i.nonce, i.offline])).toEqual([['a', true], ['b', undefined]])
  })

  it('keeps an attempt through a lost login', async () => {
    const send = vi.fn<() => Promise<CheckinResult>>().mockRejectedValueOnce(new Problem(401, 'session', '')).mockResolvedValue(done('a'))
    const { attempts } = setup(send)
    const answer = attempts.submit(own('a'))
    await settle()
    attempts.resume()
    await expect(answer).resolves.toMatchObject({ answer: 'ok' })
  })
})
