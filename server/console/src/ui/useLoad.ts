import { ref, shallowRef } from 'vue'

export type Phase = 'idle' | 'loading' | 'done' | 'error'

/**
 * One thing that a page loads. A run that was overtaken by a later one changes nothing; while a
 * second one is under way the first result stays to be seen.
 */
export function useLoad<T, A extends unknown[]>(load: (...args: A) => Promise<T>) {
  const state = ref<Phase>('idle')
  const data = shallowRef<T>()
  const error = shallowRef<unknown>()
  let latest = 0

  async function run(...args: A): Promise<void> {
    const mine = ++latest
    state.value = 'loading'
    try {
      const got = await load(...args)
      if (mine !== latest) return
      data.value = got
      state.value = 'done'
    } catch (err) {
      if (mine !== latest) return
      error.value = err
      state.value = 'error'
    }
  }
  return { state, data, error, run }
}
