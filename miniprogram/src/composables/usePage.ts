import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { toTrouble, type Trouble } from './problem'

export type State = 'idle' | 'loading' | 'done' | 'error'

export interface Page<T> {
  state: Ref<State>
  data: ShallowRef<T | undefined>
  trouble: ShallowRef<Trouble | undefined>
  /** Loads from nothing: shows the waiting state. */
  load(): Promise<void>
  /** Loads again behind what is shown; a failure leaves the old content standing. */
  renew(): Promise<void>
}

/** The content of a page. Only the newest request may write the state. */
export function usePage<T>(fetch: () => Promise<T>): Page<T> {
  const state = ref<State>('idle')
  const data = shallowRef<T>()
  const trouble = shallowRef<Trouble>()
  let turn = 0

  async function run(quiet: boolean) {
    const mine = ++turn
    if (!quiet) state.value = 'loading'
    try {
      const got = await fetch()
      if (mine !== turn) return
      data.value = got
      trouble.value = undefined
      state.value = 'done'
    } catch (err) {
      if (mine !== turn) return
      if (quiet && data.value !== undefined) return
      trouble.value = toTrouble(err)
      state.value = 'error'
    }
  }

  return {
    state,
    data,
    trouble,
    load: () => run(false),
    renew: () => run(state.value === 'done'),
  }
}
