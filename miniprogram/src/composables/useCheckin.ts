import { computed, ref, shallowRef } from 'vue'
import { call } from '../api/session'
import type { CheckinItem, CheckinResult } from '../api/types'
import { createAttempts, type Attempt, type DeskKept, type OwnKept } from '../offline/attempts'
import { platform, read, write } from '../platform'

/** Attempts the server has not answered yet. */
export const waiting = ref(0)
/** All that is stored: waiting, and put aside. */
export const stored = shallowRef<Attempt[]>([])
/** Those of one's own: the door's are the liaison's business. */
export const ownWaiting = computed(() => stored.value.filter((a) => !('list' in a)).length)
/** Whether the last thing sent got an answer. */
export const reachable = ref(true)
/** An answer that came after its page had gone. */
export const late = shallowRef<{ result: CheckinResult; name: string }>()

/** Those of a list who were let in on the phone's word and are not with the server yet. */
export const heldAt = (list: string) =>
  stored.value.filter((a): a is DeskKept => 'list' in a && a.list === list && !!a.held && !a.aside)
/** What the server would not have: for the office, on paper or once more. */
export const asideOf = (all: Attempt[]) => all.filter((a): a is DeskKept => 'list' in a && !!a.aside)

/** What remains of those who were let in without network, once the server has them. */
export interface Trace { sent: number; merged: number; at: string }
export const traces = shallowRef<Record<string, Trace>>(restored())

const attempts = createAttempts(
  {
    read: (key) => read(key),
    write: (key, value) => write(key, value),
    sendOwn: (body) => call('POST /check-ins', { body }),
    sendList: async (list, items) =>
      (await call('POST /lists/{id}/check-ins', { path: { id: list }, body: { items } })).items,
    pause(ms) {
      let wake = () => {}
      const done = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      return { done, wake }
    },
  },
  {
    waiting: (count) => (waiting.value = count),
    changed: (all) => (stored.value = all),
    reachable: (yes) => (reachable.value = yes),
    uploaded: count,
    late: (result, name) => {
      // The same code scanned twice while waiting: the first answer is the one to keep.
      const shown = late.value?.result
      if (result.answer === 'already' && shown?.answer === 'ok' && shown.list_id === result.list_id && shown.person?.id === result.person?.id) return
      late.value = { result, name }
    },
  },
)

function count(attempt: DeskKept, merged: boolean) {
  const before = traces.value[attempt.list] ?? { sent: 0, merged: 0, at: '' }
  traces.value = {
    // A few lists back are enough.
    ...Object.fromEntries(Object.entries(traces.value).slice(-8)),
    [attempt.list]: { sent: before.sent + 1, merged: before.merged + (merged ? 1 : 0), at: new Date().toISOString() },
  }
  try {
    write('traces', JSON.stringify(traces.value))
  } catch {
    // Only the figure is lost.
  }
}

function restored(): Record<string, Trace> {
  try {
    return JSON.parse(read('traces') ?? '{}')
  } catch {
    return {}
  }
}

/** Called at the start of the app and whenever the network comes back. */
export const resumeCheckins = () => attempts.resume()
export const sendAgain = () => attempts.again()
export const forget = (nonce: string) => attempts.forget(nonce)
export const hold = (nonce: string) => attempts.hold(nonce)

async function nonce(): Promise<string> {
  return Array.from(await platform.random(16), (b) => b.toString(16).padStart(2, '0')).join('')
}

/** `insisted`: had excused themselves, was asked, and stands at the door. */
export async function checkInSelf(
  by: { ticket: string } | { token: string; at: string },
  person: { person_id: string; name: string },
  insisted = false,
): Promise<CheckinResult> {
  if ('token' in by) {
    const same = stored.value.find((a): a is OwnKept => 'token' in a && a.token === by.token && a.person_id === person.person_id && !a.aside)
    const answer = same && attempts.follow(same.nonce)
    if (answer) return answer
  }
  return attempts.submit({
    nonce: await nonce(),
    ...('token' in by ? { token: by.token } : { ticket: by.ticket }),
    person_id: person.person_id,
    happened_at: 'token' in by ? by.at : new Date().toISOString(),
    leave_to_present: insisted || undefined,
    name: person.name,
  })
}

/** What the desk knows of an attempt; nonce and time are added here. */
export type Desk = Pick<CheckinItem, 'door' | 'code' | 'person_id' | 'query' | 'walk_in' | 'leave_to_present'> & {
  /** Of a paper sheet: when it was signed, where that is not now. */
  happened_at?: string
}

export interface Sent {
  nonce: string
  at: string
  answer: Promise<CheckinResult>
  /** Resolves when a try has come to nothing. */
  failed: Promise<void>
}

export async function checkInAt(list: string, item: Desk, name: string, about?: string): Promise<Sent> {
  const id = await nonce()
  const at = item.happened_at ?? new Date().toISOString()
  let fail = () => {}
  const failed = new Promise<void>((resolve) => (fail = resolve))
  const answer = attempts.submit({ nonce: id, list, item: { ...item, nonce: id, happened_at: at }, name, about }, fail)
  return { nonce: id, at, answer, failed }
}

/** Word, colour, sound and vibration together: one look, one sound per answer. */
export function sound(result: CheckinResult) {
  platform.vibrate()
  platform.play(result.answer === 'ok' ? 'ok' : result.answer === 'already' ? 'already' : 'stop')
}
