import { Problem } from '../api/client'
import type { CheckinItem, CheckinResult, OwnAttempt } from '../api/types'

/** With the ticket of a visit, or with the scanned code itself where no visit could be had. */
export type OwnBody = Pick<OwnAttempt, 'nonce' | 'person_id' | 'happened_at' | 'leave_to_present' | 'ticket' | 'token'>

interface Fate {
  name: string
  /** The door has let the person in on the phone's word: no answer may take that back. */
  held?: boolean
  /** Why the server would not have it. Kept until somebody has seen to it. */
  aside?: string
}
export type OwnKept = OwnBody & Fate
/** `about`: whom the phone took it for, where it knew. */
export type DeskKept = { nonce: string; list: string; item: CheckinItem; about?: string } & Fate
/** One attempt to sign somebody in. Its nonce makes every repetition harmless. */
export type Attempt = OwnKept | DeskKept

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
  changed?: (stored: Attempt[]) => void
  reachable?: (yes: boolean) => void
  /** One that the door had held has arrived; `merged`: another door was earlier. */
  uploaded?: (attempt: DeskKept, merged: boolean) => void
  /** An answer to an own attempt whose page is gone, after a restart. */
  late?: (result: CheckinResult, name: string) => void
}

const KEY = 'attempts'
const BATCH = 50
const PAUSES = [1000, 2000, 4000, 8000, 15000]
/** These speak of the list or of the caller, not of an item. */
const WHOLE = [403, 404]

type Waiter = { resolve: (result: CheckinResult) => void; reject: (err: unknown) => void; failed?: () => void }

const isDesk = (a: Attempt): a is DeskKept => 'list' in a

/**
 * Keeps attempts on the phone until the server has judged them. An attempt leaves the store only
 * with an answer; what the server refuses after somebody has gone in is put aside, not dropped.
 */
export function createAttempts(device: Device, watcher: Watcher = {}) {
  let stored = restore(device.read(KEY))
  const waiters = new Map<string, Waiter>()
  /** Attempts that the phone had no room for: sent once, and never promised. */
  const loose = new Set<string>()
  const limits = new Map<string, number>()
  let running = false
  let wake = () => {}

  const open = () => stored.filter((a) => !a.aside)

  /** True when it is in the store for certain, read back. */
  function save(): boolean {
    watcher.waiting?.(open().length)
    watcher.changed?.(stored)
    try {
      const text = JSON.stringify(stored)
      device.write(KEY, text)
      if (device.read(KEY) !== text) return false
      loose.clear()
      return true
    } catch {
      return false
    }
  }

  function change(nonce: string, to: (a: Attempt) => Attempt | undefined): boolean {
    stored = stored.flatMap((a) => (a.nonce === nonce ? (to(a) ?? []) : a))
    return save()
  }
  const remove = (nonce: string) => change(nonce, () => undefined)
  const putAside = (nonce: string, reason: string) => change(nonce, (a) => ({ ...a, aside: reason }))

  function take(nonce: string): Waiter | undefined {
    const waiter = waiters.get(nonce)
    waiters.delete(nonce)
    return waiter
  }

  function settle(sent: Attempt, result: CheckinResult) {
    const attempt = stored.find((a) => a.nonce === sent.nonce)
    if (!attempt) return
    const accepted = result.answer === 'ok' || result.answer === 'already'
    if (isDesk(attempt) && !accepted && (attempt.held || !waiters.has(attempt.nonce))) {
      // Judged as somebody before the door, who by now is inside: once more, and say so.
      if (isDesk(sent) && !sent.item.offline) return void change(attempt.nonce, offline)
      putAside(attempt.nonce, result.message)
      return take(attempt.nonce)?.resolve(result)
    }
    remove(attempt.nonce)
    if (isDesk(attempt) && attempt.held && accepted) watcher.uploaded?.(attempt, result.answer === 'already')
    const waiter = take(attempt.nonce)
    if (waiter) waiter.resolve(result)
    else if (!isDesk(attempt)) watcher.late?.(result, attempt.name)
  }

  /** A refusal that no repetition would change. */
  function refuse(attempt: Attempt, err: Problem) {
    const now = stored.find((a) => a.nonce === attempt.nonce)
    const waiter = take(attempt.nonce)
    if (!now) return
    if (isDesk(now) && (now.held || !waiter)) putAside(now.nonce, err.message)
    else remove(now.nonce)
    if (waiter) waiter.reject(err)
    else if (!isDesk(now)) watcher.late?.({ answer: 'invalid_code', message: err.message, nonce: now.nonce, list_id: '', happened_at: now.happened_at ?? '' }, now.name)
  }

  function nextBatch(tried: Set<string>): Attempt[] {
    const fresh = open().filter((a) => !tried.has(a.nonce))
    const first = fresh[0]
    if (!first || !isDesk(first)) return fresh.slice(0, 1)
    return fresh.filter((a) => isDesk(a) && a.list === first.list).slice(0, limits.get(first.list) ?? BATCH)
  }

  async function deliver(batch: Attempt[]): Promise<void> {
    const first = batch[0]
    if (!isDesk(first)) {
      const { name: _, held: __, aside: ___, ...body } = first
      return settle(first, await device.sendOwn(body))
    }
    const desk = batch.filter(isDesk)
    const results = await device.sendList(first.list, desk.map((a) => a.item))
    const pairs = desk.map((a, i) => [a, results.find((r) => r.nonce === a.nonce) ?? (results[i]?.nonce ? undefined : results[i])] as const)
    for (const [attempt, result] of pairs) if (result) settle(attempt, result)
    if (pairs.some(([, result]) => !result)) throw new Problem(0, 'client.answer', '服务暂时没有应答')
    limits.set(first.list, Math.min(BATCH, desk.length * 2))
  }

  /** Whoever stood at the door has gone in by now: the server may flag the record, not refuse it. */
  function failed(batch: Attempt[]) {
    for (const { nonce } of batch) {
      if (!loose.has(nonce)) continue
      loose.delete(nonce)
      stored = stored.filter((a) => a.nonce !== nonce)
      take(nonce)?.reject(new Problem(0, 'client.storage', '手机存不下了，请记在纸上'))
    }
    stored = stored.map((a) => (a.aside || loose.has(a.nonce) ? a : offline(a)))
    save()
    for (const { nonce } of batch) waiters.get(nonce)?.failed?.()
  }

  /** Tries everything once, in order. Gives the milliseconds that the server asked for, or undefined when all went well. */
  async function round(): Promise<number | undefined> {
    const tried = new Set<string>()
    let wait: number | undefined
    for (;;) {
      const batch = nextBatch(tried)
      if (!batch.length) return wait
      batch.forEach((a) => tried.add(a.nonce))
      try {
        await deliver(batch)
        watcher.reachable?.(true)
      } catch (err) {
        const first = batch[0]
        if (lasting(err)) {
          watcher.reachable?.(true)
          if (isDesk(first) && batch.length > 1 && !WHOLE.includes(err.status)) {
            // One of them spoils the rest: smaller, until it is alone.
            limits.set(first.list, Math.floor(batch.length / 2))
            batch.forEach((a) => tried.delete(a.nonce))
          } else batch.forEach((a) => refuse(a, err))
          continue
        }
        wait = Math.max(wait ?? 0, err instanceof Problem ? err.retryAfter * 1000 : 0)
        watcher.reachable?.(false)
        failed(batch)
        // 500 may be the fault of what was sent: the others have their turn. Else nobody gets through.
        if (!(err instanceof Problem) || err.status !== 500) return wait
        if (isDesk(first)) limits.set(first.list, Math.max(1, Math.floor(batch.length / 2)))
      }
    }
  }

  async function run() {
    if (running) return wake()
    running = true
    let failures = 0
    while (open().length) {
      const asked = await round()
      if (asked === undefined) {
        failures = 0
        continue
      }
      const pause = device.pause(Math.max(asked, PAUSES[Math.min(failures++, PAUSES.length - 1)]))
      wake = pause.wake
      await pause.done
      wake = () => {}
    }
    running = false
  }

  function follow(nonce: string, failed?: () => void): Promise<CheckinResult> {
    return new Promise((resolve, reject) => waiters.set(nonce, { resolve, reject, failed }))
  }

  return {
    /** Stores the attempt, then sends it until there is an answer. `failed` hears of a try in vain. */
    submit(attempt: Attempt, failed?: () => void): Promise<CheckinResult> {
      stored = [...stored, attempt]
      loose.add(attempt.nonce)
      save()
      const answer = follow(attempt.nonce, failed)
      void run()
      return answer
    },
    /** The door lets the person in on the phone's word. False: not in the store, do not promise anything. */
    hold(nonce: string): boolean {
      if (loose.has(nonce) || !stored.some((a) => a.nonce === nonce)) return false
      return change(nonce, (a) => ({ ...a, held: true }))
    },
    /** The answer to one that is stored already. */
    follow: (nonce: string) => (open().some((a) => a.nonce === nonce) ? follow(nonce) : undefined),
    /** Goes on with what an earlier start left behind, or tries at once after a pause. */
    resume() {
      watcher.waiting?.(open().length)
      watcher.changed?.(stored)
      if (open().length) void run()
    },
    /** Sends once more what had been put aside. */
    again() {
      stored = stored.map((a) => ({ ...a, aside: undefined }))
      save()
      if (stored.length) void run()
    },
    /** Somebody has written it on paper. */
    forget(nonce: string) {
      if (stored.some((a) => a.nonce === nonce && a.aside)) remove(nonce)
    },
    waiting: () => open().length,
    stored: () => stored,
  }
}

function offline(a: Attempt): Attempt {
  return isDesk(a) ? { ...a, item: { ...a.item, offline: true } } : a
}

/** A refusal of the request itself; a lost login (401) or a busy server passes. */
function lasting(err: unknown): err is Problem {
  return err instanceof Problem && !err.passing && err.status !== 401
}

/** Who was at a door before the restart has long gone in. */
function restore(text: string | undefined): Attempt[] {
  try {
    const kept = JSON.parse(text ?? '[]') as Attempt[]
    return Array.isArray(kept) ? kept.filter((a) => typeof a?.nonce === 'string').map((a) => (isDesk(a) ? { ...offline(a), held: true } : a)) : []
  } catch {
    return []
  }
}
