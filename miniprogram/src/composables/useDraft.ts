import { reactive, watch } from 'vue'
import { read, write } from '../platform'

const DAY = 24 * 3600_000

/** A form that survives leaving the page, for a day. */
export function useDraft<T extends object>(key: string, empty: () => T, now: () => number = Date.now) {
  const form = reactive({ ...empty(), ...kept() }) as T

  function kept(): Partial<T> {
    try {
      const stored = JSON.parse(read(`draft:${key}`) ?? '') as { at: number; form: Partial<T> }
      return now() - stored.at < DAY ? stored.form : {}
    } catch {
      return {}
    }
  }

  watch(form, () => write(`draft:${key}`, JSON.stringify({ at: now(), form })), { deep: true })

  return {
    form,
    clear() {
      Object.assign(form, empty())
      write(`draft:${key}`, '')
    },
  }
}
