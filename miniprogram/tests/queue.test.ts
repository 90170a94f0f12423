import { describe, expect, it, vi } from 'vitest'
import { Problem } from '@/api/client'
import type { CheckinItem, CheckinResult } from '@/api/types'
import { createAttempts, type Attempt, type Device, type Watcher } from '@/offline/attempts'

const tick = () => new Promise((resolve) => setTimeout(resolve))
const desk = (nonce: string, list = '1'): Attempt => ({ nonce, list, item: { nonce, door: 'roster', person_id: nonce, happened_at: `2026-11-23T01:00:${nonce.slice(-2)}Z` }, name: `人${nonce}` })
const answer = (nonce: string, word = 'ok', message = ''): CheckinResult => ({ answer: word as 'ok', message, nonce, list_id: '1', happened_at: '2026-11-23T01:00:00Z' })
const lost = () => new Problem(0, 'client.offline', '网络没有连上')

function phone(sendList: Device['sendList'], store = new Map<string, string>(), watcher: Watcher = {}, over: Partial<Device> = {}) {
  const wakes: (() => void)[] = []
  const queue = createAttempts(
    {
      read: (k) => store.get(k),
      write: (k, v) => void store.set(k, v),
      sendOwn: async (body) => answer(body.nonce),
      sendList,
      pause() {
        let wake = () => {}
        const done = new Promise<void>((resolve) => (wake = resolve))
        wakes.push(wake)
        return { done, wake }
      },
      ...over,
    },
    watcher,
  )
  return { queue, store, wake: async () => (wakes.splice(0).forEach((w) => w()), tick()) }
}

describe('what the door has shown green', () => {
  it('is sent once more as an offline one when the server would not have let them in', async () => {
    const sent: (boolean | undefined)[] = []
    let go = () => {}
    const gate = new Promise<void>((resolve) => (go = resolve))
    const { queue } = phone(async (_, items) => {
      sent.push(items[0].offline)
      await gate
      return items.map((i) => answer(i.nonce, i.offline ? 'ok' : 'too_late'))
    })
    const got = queue.submit(desk('01'))
    expect(queue.hold('01')).toBe(true)
    go()
    await expect(got).resolves.toMatchObject({ answer: 'ok' })
    expect(sent).toEqual([undefined, true])
    expect(queue.stored()).toEqual([])
  })

  it('is put aside, with the reason, when the server knows no such person', async () => {
    const { queue, store } = phone(async (_, items) => items.map((i) => answer(i.nonce, 'unknown', '还没有找到您的登记')))
    const got = queue.submit(desk('01'))
    queue.hold('01')
    await got
    expect(queue.waiting()).toBe(0)
    expect(queue.stored()).toMatchObject([{ nonce: '01', aside: '还没有找到您的登记' }])
    // … and still there after a restart, until somebody has seen to it.
    const later = phone(async () => [], store).queue
    expect(later.stored()).toMatchObject([{ nonce: '01' }])
    later.forget('01')
    expect(later.stored()).toEqual([])
  })

  it('counts what was uploaded, and what another door had before', async () => {
    const uploaded = vi.fn()
    const store = new Map([['attempts', JSON.stringify([desk('01'), desk('02')])]])
    const { queue } = phone(async (_, items) => items.map((i) => answer(i.nonce, i.nonce === '01' ? 'already' : 'ok')), store, { uploaded })
    queue.resume()
    await tick()
    expect(uploaded.mock.calls.map(([a, merged]) => [a.nonce, merged])).toEqual([['01', true], ['02', false]])
  })

  it('was on its way before a restart, so it is an offline one afterwards', async () => {
    const sent: CheckinItem[] = []
    const store = new Map([['attempts', JSON.stringify([desk('01')])]])
    const { queue } = phone(async (_, items) => (sent.push(...items), items.map((i) => answer(i.nonce))), store)
    queue.resume()
    await tick()
    expect(sent).toMatchObject([{ nonce: '01', offline: true, happened_at: '2026-11-23T01:00:01Z' }])
  })
})

describe('one bad item', () => {
  it('is found and put aside, the rest goes up in order', async () => {
    const arrived: string[] = []
    const store = new Map([['attempts', JSON.stringify(Array.from({ length: 30 }, (_, i) => desk(String(i).padStart(2, '0'))))]])
    const { queue } = phone(async (_, items) => {
      if (items.some((i) => i.nonce === '17')) throw new Problem(422, 'validation', '记录不完整')
      arrived.push(...items.map((i) => i.nonce))
      return items.map((i) => answer(i.nonce))
    }, store)
    queue.resume()
    for (let i = 0; i < 20; i++) await tick()
    expect(arrived).toEqual([...arrived].sort())
    expect(arrived).toHaveLength(29)
    expect(queue.stored()).toMatchObject([{ nonce: '17', aside: '记录不完整' }])
  })

  it('that breaks the server keeps none of the others, and is not given up', async () => {
    const arrived = new Set<string>()
    const store = new Map([['attempts', JSON.stringify(Array.from({ length: 9 }, (_, i) => desk(`0${i}`)))]])
    const { queue, wake } = phone(async (_, items) => {
      if (items.some((i) => i.nonce === '04')) throw new Problem(500, 'internal', '出错了')
      items.forEach((i) => arrived.add(i.nonce))
      return items.map((i) => answer(i.nonce))
    }, store)
    queue.resume()
    for (let i = 0; i < 12; i++) {
      await tick()
      await wake()
    }
    expect(arrived.size).toBe(8)
    expect(queue.stored()).toMatchObject([{ nonce: '04' }])
    expect(queue.waiting()).toBe(1)
  })

  it('of a list that one may not touch does not keep another list', async () => {
    const store = new Map([['attempts', JSON.stringify([desk('01', '7'), desk('02', '7'), desk('03', '8')])]])
    const send = vi.fn(async (list: string, items: CheckinItem[]) => {
      if (list === '7') throw new Problem(403, 'forbidden', '这件事由别的同志负责')
      return items.map((i) => answer(i.nonce))
    })
    const { queue } = phone(send, store)
    queue.resume()
    await tick()
    expect(queue.stored().map((a) => [a.nonce, a.aside])).toEqual([['01', '这件事由别的同志负责'], ['02', '这件事由别的同志负责']])
    expect(send).toHaveBeenCalledTimes(2)
  })

  it('goes up after all when it is sent again', async () => {
    let may = false
    const store = new Map([['attempts', JSON.stringify([desk('01')])]])
    const { queue } = phone(async (_, items) => {
      if (!may) throw new Problem(403, 'forbidden', '不可以')
      return items.map((i) => answer(i.nonce))
    }, store)
    queue.resume()
    await tick()
    may = true
    queue.again()
    await tick()
    expect(queue.stored()).toEqual([])
  })
})

describe('a phone without room', () => {
  const full = { write: () => { throw new Error('quota') } }
  it('promises nothing, and says so when the server cannot be reached', async () => {
    const { queue } = phone(async () => Promise.reject(lost()), new Map(), {}, full)
    const got = queue.submit(desk('01'))
    expect(queue.hold('01')).toBe(false)
    await expect(got).rejects.toMatchObject({ code: 'client.storage' })
    expect(queue.waiting()).toBe(0)
  })
  it('still signs in while there is network', async () => {
    const { queue } = phone(async (_, items) => items.map((i) => answer(i.nonce)), new Map(), {}, full)
    await expect(queue.submit(desk('01'))).resolves.toMatchObject({ answer: 'ok' })
  })
  it('is noticed too when the write says nothing', async () => {
    const { queue } = phone(async () => Promise.reject(lost()), new Map(), {}, { write: () => {} })
    const got = queue.submit(desk('01'))
    expect(queue.hold('01')).toBe(false)
    await expect(got).rejects.toMatchObject({ code: 'client.storage' })
  })
})

/** A server that loses questions and answers, breaks, refuses batches, and ends the phone in between. */
describe('whatever fails, in whatever order', () => {
  function random(seed: number) {
    return () => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff
      return seed / 0x7fffffff
    }
  }

  it.each(Array.from({ length: 60 }, (_, i) => i + 1))('run %i: nothing is lost, nothing doubled, nobody is sent with another nonce or time', async (seed) => {
    const chance = random(seed * 7919)
    const records = new Map<string, { nonce: string; at: string }>()
    const asked = new Map<string, string>()
    let calm = false
    const bad = new Set(['05', '13'])
    const sendList = async (_: string, items: CheckinItem[]): Promise<CheckinResult[]> => {
      await tick()
      for (const i of items) {
        const before = asked.get(i.nonce)
        if (before && before !== i.happened_at) throw new Error(`${i.nonce} changed its time`)
        asked.set(i.nonce, i.happened_at!)
      }
      const fate = calm ? 1 : chance()
      if (fate < 0.2) throw lost()
      if (fate < 0.3) throw new Problem(503, 'unavailable', '系统正忙', [], 1)
      if (fate < 0.35) throw new Problem(401, 'session', '')
      if (items.some((i) => bad.has(i.nonce))) throw new Problem(items.length % 2 ? 422 : 400, 'validation', '记录不完整')
      const results = items.map((i) => {
        const stands = records.get(i.person_id!)
        if (!stands) records.set(i.person_id!, { nonce: i.nonce, at: i.happened_at! })
        return answer(i.nonce, stands && stands.nonce !== i.nonce ? 'already' : 'ok')
      })
      // The answer is lost after the work was done.
      if (fate < 0.5) throw lost()
      return fate < 0.55 ? results.slice(0, -1) : results
    }

    let store = new Map<string, string>()
    let device = phone(sendList, store)
    const names = Array.from({ length: 20 }, (_, i) => String(i).padStart(2, '0'))
    for (const name of names) {
      device.queue.submit(desk(name)).catch(() => {})
      expect(device.queue.hold(name)).toBe(true)
      if (chance() < 0.5) await tick()
      if (chance() < 0.3) await device.wake()
      if (chance() < 0.15) {
        // The app is killed: what was in flight may still reach the server, the new start has only the store.
        store = new Map(store)
        device = phone(sendList, store)
        device.queue.resume()
      }
    }
    calm = true
    for (let i = 0; i < 80 && device.queue.waiting(); i++) {
      await device.wake()
      device.queue.resume()
    }
    const good = names.filter((n) => !bad.has(n))
    expect(device.queue.waiting()).toBe(0)
    expect([...records.keys()].sort()).toEqual(good)
    expect([...records].every(([person, r]) => r.nonce === person)).toBe(true)
    expect(device.queue.stored().map((a) => a.nonce).sort()).toEqual([...bad])
  })
})
