import { ref } from 'vue'
import { toTrouble, type Trouble } from '@/api/problem'
import { Cancelled } from './useConfirmOnPhone'

/** What a dialog does with its button: busy while it runs, and what went wrong. Whoever says no on the phone is told nothing. */
export function useSaving() {
  const busy = ref(false)
  const trouble = ref<Trouble>()
  async function saving(work: () => Promise<unknown>) {
    busy.value = true
    trouble.value = undefined
    try {
      await work()
    } catch (err) {
      if (!(err instanceof Cancelled)) trouble.value = toTrouble(err)
    } finally {
      busy.value = false
    }
  }
  return { busy, trouble, saving, calm: () => { trouble.value = undefined } }
}
