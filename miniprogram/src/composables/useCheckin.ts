import { ref, shallowRef } from 'vue'
import { call } from '../api/session'
import type { CheckinItem, CheckinResult } from '../api/types'
import { createAttempts } from '../offline/attempts'
import { platform, read, write } from '../platform'

/** Attempts the server has not answered yet. */
export const waiting = ref(0)
/** An answer that came after its page had gone. */
export const late = shallowRef<{ result: CheckinResult; name: string }>()

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
    late: (result, name) => (late.value = { result, name }),
  },
)

/** Called at the start of the app and whenever the network comes back. */
export const resumeCheckins = () => attempts.resume()

async function nonce(): Promise<string> {
  return Array.from(await platform.random(16), (b) => b.toString(16).padStart(2, '0')).join('')
}

/** `insisted`: had excused themselves, was asked, and stands at the door. */
export async function checkInSelf(
  ticket: string,
  person: { person_id: string; name: string },
  insisted = false,
): Promise<CheckinResult> {
  return attempts.submit({
    nonce: await nonce(),
    ticket,
    person_id: person.person_id,
    happened_at: new Date().toISOString(),
    leave_to_present: insisted || undefined,
    name: person.name,
  })
}

/** What the desk knows of an attempt; nonce and time are added here. */
export type Desk = Pick<CheckinItem, 'door' | 'code' | 'person_id' | 'query' | 'walk_in' | 'leave_to_present'>

export async function checkInAt(
  list: string,
  item: Desk,
  name: string,
): Promise<CheckinResult> {
  const id = await nonce()
  return attempts.submit({
    nonce: id,
    list,
    item: { ...item, nonce: id, happened_at: new Date().toISOString() },
    name,
  })
}

/** Word, colour, sound and vibration together: one look, one sound per answer. */
export function sound(result: CheckinResult) {
  platform.vibrate()
  platform.play(result.answer === 'ok' ? 'ok' : result.answer === 'already' ? 'already' : 'stop')
}
