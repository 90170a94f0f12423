import { onScopeDispose, ref } from 'vue'
import { Problem } from '@/api/problem'
import type { Answer, Offer } from '@/api/signin'
import type { Me } from '@/api/types'

/** The server's side of signing in, so that tests can play it. */
export interface Door {
  offer: () => Promise<Offer>
  read: (offer: Offer) => Promise<Answer>
}

export type Step = 'making' | 'waiting' | 'scanned' | 'refused' | 'idle' | 'offline'

const POLL_MS = 1500
/** A new code is fetched so long before the old one runs out, while nobody holds a phone before it. */
const AHEAD_MS = 10_000
const RETRY_MS = 5_000
/** A page that nobody has scanned for so long stops asking. */
const AWAKE_MS = 15 * 60_000

/** Keeps a fresh code on the screen until a phone has confirmed one. */
export function useSignIn(door: Door, signedIn: (me: Me) => void) {
  const step = ref<Step>('making')
  const offer = ref<Offer>()
  const error = ref<unknown>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let round = 0
  let since = Date.now()

  async function renew(): Promise<void> {
    const mine = ++round
    clearTimeout(timer)
    try {
      const made = await door.offer()
      if (mine !== round) return
      offer.value = made
      step.value = 'waiting'
      plan(mine, POLL_MS)
    } catch (err) {
      if (mine === round) fail(err)
    }
  }

  async function poll(mine: number): Promise<void> {
    const current = offer.value!
    try {
      const answer = await door.read(current)
      if (mine !== round) return
      if (answer.state === 'approved' && answer.me) return signedIn(answer.me)
      if (answer.state === 'refused') {
        step.value = 'refused'
        return
      }
      if (answer.state === 'scanned') step.value = 'scanned'
      const over = Date.parse(current.expires_at) - Date.now() < (answer.state === 'scanned' ? 0 : AHEAD_MS)
      if (answer.state === 'expired' || answer.state === 'used' || over) {
        if (Date.now() - since > AWAKE_MS) step.value = 'idle'
        else await renew()
        return
      }
      plan(mine, POLL_MS)
    } catch (err) {
      if (mine !== round) return
      if (err instanceof Problem && err.status === 404) await renew()
      else fail(err)
    }
  }

  function plan(mine: number, after: number) {
    timer = setTimeout(() => void poll(mine), after)
  }

  /** No answer: say so, and try again by itself. */
  function fail(err: unknown) {
    error.value = err
    step.value = 'offline'
    timer = setTimeout(() => void renew(), RETRY_MS)
  }

  function begin() {
    since = Date.now()
    step.value = 'making'
    void renew()
  }

  onScopeDispose(() => {
    round++
    clearTimeout(timer)
  })
  return { step, offer, error, begin }
}
