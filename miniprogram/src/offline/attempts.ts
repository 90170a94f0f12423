import { Problem } from '../api/client'
import type { CheckinItem, CheckinResult, OwnAttempt } from '../api/types'

type OwnBody = Pick<OwnAttempt, 'ticket' | 'nonce' | 'person_id' | 'happened_at' | 'leave_to_present'>

/** One attempt to sign somebody in. Its nonce makes every repetition harmless. */
export type Attempt =
  | (OwnBody & { name: string })
  | { nonce: string; list: string; item: CheckinItem; name: string }

export interface Device {
  read: (key: string) => string | undefined
  write: (key: string, value: string) => void
  sendOwn: (body: OwnBody) => Promise<CheckinResult>
  sendList: (list: string, items: CheckinItem[]) => Promise<CheckinResult[]>
  /** Resolves after the time, or earlier when wake() is called. */
  pause: (ms: number) => { done: Promise<void>; wake: () => void }
}

export interface Watcher {
  /** How many attempts wait for an answer. */
  waiting?: (count: number) => void
  /** An answer to an attempt whose page is gone, after a restart. */
  late?: (result: CheckinResult, name: string) => void
}

const KEY = 'attempts'
const BATCH = 50
const PAUSES = [1000, 2000, 4000, 8000, 15000]

type Waiter = { resolve: (result: CheckinResult) => void; reject: (err: unknown) => void }

/**
 * Keeps attempts on the phone until the server has judged them. An attempt leaves the store only
 * with an answer, or with a refusal that no repetition would change.
 */
export function createAttempts(device: Device, watcher: Watcher = {}) {
  let stored = restore(device.read(KEY))
  const waiters = new Map<string, Waiter>()
  let running = false
  let wake = () => {}

  function save() {
    device.write(KEY, JSON.stringify(stored))
    watcher.waiting?.(stored.length)
  }

  function settle(attempt: Attempt, result: CheckinResult) {
    stored = stored.filter((kept) => kept.nonce !== attempt.nonce)
    save()
    const waiter = waiters.get(attempt.nonce)
    waiters.delete(attempt.nonce)
    if (waiter) waiter.resolve(result)
    else watcher.late?.(result, attempt.name)
  }

  function refuse(attempt: Attempt, err: unknown) {
    stored = stored.filter((kept) => kept.nonce !== attempt.nonce)
    save()
    waiters.get(attempt.nonce)?.reject(err)
    waiters.delete(attempt.nonce)
  }

  async function sendNext(): Promise<void> {
    const first = stored[0]
    if ('ticket' in first) {
      const { name: _, ...body } = first
      return settle(first, await device.sendOwn(body))
    }
    const batch = stored
      .filter((kept): kept is Extract<Attempt, { list: string }> => 'list' in kept && kept.list === first.list)
      .slice(0, BATCH)
    const results = await device.sendList(first.list, batch.map((kept) => kept.item))
    batch.forEach((attempt, i) => {
      const result = results.find((r) => r.nonce === attempt.nonce) ?? results[i]
      if (result) settle(attempt, result)
    })
    if (!results.length) throw new Problem(0, 'client.answer', '服务暂时没有应答')
  }

  /** Whoever stood at the door has gone in by now: the server may flag the record, not refuse it. */
  function markOffline() {
    stored = stored.map((kept) => ('list' in kept ? { ...kept, item: { ...kept.item, offline: true } } : kept))
    save()
  }

  async function run() {
    if (running) return wake()
    running = true
    let failures = 0
    while (stored.length) {
      try {
        await sendNext()
        failures = 0
      } catch (err) {
        if (lasting(err)) {
          refuse(stored[0], err)
          continue
        }
        markOffline()
        const asked = err instanceof Problem ? err.retryAfter * 1000 : 0
        const pause = device.pause(Math.max(asked, PAUSES[Math.min(failures++, PAUSES.length - 1)]))
        wake = pause.wake
        await pause.done
      }
    }
    running = false
  }

  return {
    /** Stores the attempt, then sends it until there is an answer. */
    submit(attempt: Attempt): Promise<CheckinResult> {
      stored = [...stored, attempt]
      save()
      return new Promise((resolve, reject) => {
        waiters.set(attempt.nonce, { resolve, reject })
        void run()
      })
    },
    /** Goes on with what an earlier start left behind, or tries at once after a pause. */
    resume() {
      watcher.waiting?.(stored.length)
      if (stored.length) void run()
    },
    waiting: () => stored.length,
  }
}

/** A refusal of the request itself; a lost login (401) or a busy server passes. */
function lasting(err: unknown): boolean {
  return err instanceof Problem && !err.passing && err.status !== 401
}

function restore(text: string | undefined): Attempt[] {
  try {
    const kept = JSON.parse(text ?? '[]') as Attempt[]
    return Array.isArray(kept) ? kept.filter((a) => typeof a?.nonce === 'string') : []
  } catch {
    return []
  }
}
