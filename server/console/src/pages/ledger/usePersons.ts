import { ref, shallowRef } from 'vue'
import { api, take } from '@/api/client'
import type { PersonRow, Status } from '@/api/ledger'
import type { OwnFilter } from '@/api/ownFilter'
import type { Phase } from '@/ui/useLoad'

export interface Query extends OwnFilter {
  q: string
  alliance: string
  unit: string
  status: Status | ''
}

const PAGE = 200

/** The rows of a search, fetched page by page as they come into sight. An overtaken search changes nothing. */
export function usePersons(fetchPage = fetchPersons, size = PAGE) {
  const rows = shallowRef<PersonRow[]>([])
  const state = ref<Phase>('idle')
  const error = shallowRef<unknown>()
  const more = ref(false)
  let query: Query | undefined
  let next = ''
  let round = 0
  let running = false

  async function search(q: Query): Promise<void> {
    query = q
    round++
    next = ''
    running = false
    state.value = 'loading'
    await page()
  }

  async function page(): Promise<void> {
    if (!query || running) return
    running = true
    const mine = round
    let fresh = !next
    try {
      let gained = 0
      do { // a filter's page may be short, and even empty, before the end
        const got = await fetchPage(query, next, size)
        if (mine !== round) return
        rows.value = fresh ? got.items : rows.value.concat(got.items)
        fresh = false
        gained += got.items.length
        next = got.next
      } while (next && gained < size)
      more.value = !!next
      state.value = 'done'
    } catch (err) {
      if (mine !== round) return
      error.value = err
      state.value = 'error'
    } finally {
      if (mine === round) running = false
    }
  }

  const further = () => (more.value && state.value === 'done' ? page() : undefined)
  return { rows, state, error, more, search, further, again: page }
}

function fetchPersons(q: Query, after: string, limit: number) {
  return take(api.GET('/api/v1/persons', { params: { query: {
    q: q.q || undefined, alliance_id: q.alliance || undefined, unit_id: q.unit || undefined,
    status: q.status || undefined, column_id: q.column || undefined, column_value: q.value || undefined,
    column_from: q.from || undefined, column_to: q.to || undefined, column_blank: !!q.blank || undefined, after: after || undefined, limit,
  } } }))
}
