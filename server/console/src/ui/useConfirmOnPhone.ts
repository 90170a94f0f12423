import { reactive, readonly } from 'vue'
import { Problem } from '@/api/problem'
import { createConfirmation, readConfirmation, type Confirmation } from '@/api/confirmation'

/** How often the desk asks whether the phone has answered. */
const POLL_MS = 1500

export type Stage = 'closed' | 'asking' | 'waiting' | 'refused' | 'expired' | 'error'

const dialog = reactive({
  stage: 'closed' as Stage,
  summary: '',
  number: '',
  error: undefined as unknown,
})

interface Question {
  action: string
  subject: string
  summary: string
  resolve: (confirmation: string) => void
  reject: (err: unknown) => void
}
let question: Question | undefined
let round = 0

/** Thrown when the clerk closes the dialog: pages stay silent about it. */
export class Cancelled extends Error {
  constructor() {
    super('cancelled')
    this.name = 'Cancelled'
  }
}

/**
 * The second look on the phone, for what leaves the office or cannot be taken back.
 * `guard` does the call, and when the server wants a confirmation gets one and does it again.
 */
export function useConfirmOnPhone() {
  /** Resolves with the id of the approved confirmation. */
  function ask(action: string, subject: string, summary: string): Promise<string> {
    cancel()
    return new Promise((resolve, reject) => {
      question = { action, subject, summary, resolve, reject }
      dialog.summary = summary
      void begin()
    })
  }

  async function guard<T>(
    action: string, subject: string, summary: string, call: (headers: Record<string, string>) => Promise<T>,
  ): Promise<T> {
    try {
      return await call({})
    } catch (err) {
      if (!(err instanceof Problem) || err.code !== 'identity.confirm_needed') throw err
    }
    return call({ 'X-Confirmation': await ask(action, subject, summary) })
  }

  return { ask, guard }
}

/** What the one dialog in App.vue shows and does. */
export function useConfirmDialog() {
  return { dialog: readonly(dialog), again: begin, cancel }
}

async function begin(): Promise<void> {
  const q = question
  if (!q) return
  const mine = ++round
  dialog.stage = 'asking'
  try {
    const made = await createConfirmation(q.action, q.subject, q.summary)
    if (mine !== round) return
    dialog.number = made.number
    dialog.stage = 'waiting'
    await watch(made, mine, q)
  } catch (err) {
    if (mine !== round) return
    dialog.error = err
    dialog.stage = 'error'
  }
}

async function watch(made: Confirmation, mine: number, q: Question): Promise<void> {
  for (;;) {
    await new Promise((next) => setTimeout(next, POLL_MS))
    if (mine !== round) return
    let state
    try {
      state = (await readConfirmation(made.id)).state
    } catch (err) {
      if (err instanceof Problem && err.passing) continue // the network comes back, the dialog stays
      throw err
    }
    if (mine !== round || state === 'pending') continue
    if (state === 'approved') {
      close()
      q.resolve(made.id)
    } else {
      dialog.stage = state === 'refused' ? 'refused' : 'expired'
    }
    return
  }
}

function cancel(): void {
  const q = question
  close()
  q?.reject(new Cancelled())
}

function close(): void {
  round++
  question = undefined
  dialog.stage = 'closed'
}
