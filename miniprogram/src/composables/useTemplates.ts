import { call } from '../api/session'
import type { SubscribeTemplate } from '../api/types'
import { platform } from '../platform'

let known: SubscribeTemplate[] = []
let asked = false

/** Fetched ahead of the tap: WeChat shows its question only inside one. */
export async function prepareTemplates(): Promise<void> {
  if (known.length) return
  try {
    known = (await call('GET /subscriptions/templates')).items
  } catch {
    known = []
  }
}

/** Asks once per visit; the answer reaches the server through WeChat's callback. */
export function askTemplates(occasion: string): void {
  const fitting = known.filter((t) => !t.occasion || t.occasion === occasion).slice(0, 3)
  if (asked || !fitting.length) return
  asked = true
  void platform.subscribe(fitting)
}
