import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { toTrouble, type Trouble } from './problem'
import type { State } from './usePage'

export interface Submit<A extends unknown[]> {
  state: Ref<State>
  trouble: ShallowRef<Trouble | undefined>
  /** What the running call is about, so that one of several buttons can show it. */
  about: Ref<string>
  /** False when it failed, or when the same is already under way: a double tap does it once. */
  run(...args: A): Promise<boolean>
  clear(): void
}

export function useSubmit<A extends unknown[]>(
  act: (...args: A) => Promise<unknown>,
  label: (...args: A) => string = () => '',
): Submit<A> {
  const state = ref<State>('idle')
  const trouble = shallowRef<Trouble>()
  const about = ref('')

  async function run(...args: A): Promise<boolean> {
    if (state.value === 'loading') return false
    state.value = 'loading'
    trouble.value = undefined
    about.value = label(...args)
    try {
      await act(...args)
      state.value = 'done'
      return true
    } catch (err) {
      trouble.value = toTrouble(err)
      state.value = 'error'
      return false
    }
  }

  return {
    state,
    trouble,
    about,
    run,
    clear() {
      state.value = 'idle'
      trouble.value = undefined
    },
  }
}
