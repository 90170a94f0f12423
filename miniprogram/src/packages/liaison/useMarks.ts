import { computed, ref, shallowRef } from 'vue'
import { onHide, onShow, onUnload } from '@dcloudio/uni-app'
import { Problem } from '../../api/client'
import { markPack } from '../../composables/usePack'
import { call } from '../../api/session'
import type { Mark, Marks } from '../../api/types'

const HELD = 20
const PAUSES = [2000, 5000, 10_000, 20_000]

/** With the moment when the phone heard it. */
export type Heard = Mark & { heard: number }

/** What all doors of a list have done, as it happens: the server holds the question until something changes. */
export function useMarks(list: () => string, changed: () => unknown = () => {}) {
  const marks = shallowRef<Pick<Marks, 'cursor' | 'counts' | 'by_unit' | 'reset'>>()
  const rows = shallowRef(new Map<string, Heard>())
  /** Nothing could be heard lately: the figures are from before. */
  const stale = ref(false)
  let turn = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  function take(got: Marks) {
    const next = new Map(got.reset ? [] : rows.value)
    for (const mark of got.items) next.set(mark.person_id, { ...mark, heard: Date.now() })
    rows.value = next
    markPack(list(), new Map(got.items.map((m) => [m.person_id, !!m.present_at])))
    const { items: _, ...rest } = got
    marks.value = rest
    stale.value = false
  }

  async function listen() {
    const mine = ++turn
    let failures = 0
    while (mine === turn) {
      try {
        const cursor = marks.value?.cursor
        const got = await call('GET /lists/{id}/marks', { path: { id: list() }, query: { after: cursor, wait: cursor ? HELD : undefined } })
        if (mine !== turn) return
        failures = 0
        const news = got.reset || got.items.length
        take(got)
        if (news) changed()
      } catch (err) {
        if (mine !== turn) return
        stale.value = true
        // Whom it does not concern need not ask again and again.
        const lasting = err instanceof Problem && (err.status === 403 || err.status === 404)
        const pause = lasting ? PAUSES[PAUSES.length - 1] : PAUSES[Math.min(failures++, PAUSES.length - 1)]
        changed()
        await new Promise<void>((resolve) => (timer = setTimeout(resolve, pause)))
      }
    }
  }
  function stop() {
    turn++
    clearTimeout(timer)
  }

  onShow(() => void listen())
  onHide(stop)
  onUnload(stop)

  return { marks, rows, stale, units: computed(() => marks.value?.by_unit ?? []) }
}
