import { computed, ref, watch, type Ref } from 'vue'
import { onShow } from '@dcloudio/uni-app'
import { Problem } from '../../api/client'
import { call } from '../../api/session'
import type { Roster } from '../../api/types'
import { markPack, packOf } from '../../composables/usePack'
import { usePage } from '../../composables/usePage'
import { useSession } from '../../composables/useSession'
import { useMarks } from './useMarks'
import { fits } from './search'
import { excused } from '../../composables/words'

export interface Row {
  person_id: string
  name: string
  unit: string
  initials?: string
  phone_last4?: string
  answer?: string
  present: boolean
  present_at?: string | null
  door?: string
  /** What to look at, in words; empty in the ordinary case. */
  note?: string
}
type Group = 'absent' | 'present' | 'leave'
interface Base { title: string; asked: number; stored: boolean; rows: Row[] }

/** A roster that does not come by then is shown as the phone has stored it. */
const PATIENCE = 3000

const groups: Record<Group, (r: Row) => boolean> = {
  absent: (r) => !r.present && !excused(r.answer),
  present: (r) => r.present,
  leave: (r) => !r.present && excused(r.answer),
}
const words = { absent: '未到', present: '已到', leave: '请假' }

/** The rows of a list as all doors leave them, in an order that does not move under the finger. */
export function useRows(list: () => string) {
  const session = useSession()
  const query = ref('')
  const shown = ref('absent')
  const frozen = ref<string[]>([])

  let newest: Base | undefined

  const { state, data, trouble, load, renew } = usePage<Base>(async () => {
    const asked = Date.now()
    const fresh = session.ready().then(() => call('GET /lists/{id}/roster', { path: { id: list() } })).then((got) => {
      markPack(list(), new Map(got.items.map((r) => [r.person_id, !!r.present_at])))
      return ofServer(got, asked)
    })
    const pack = stored()
    if (!pack) return fresh
    const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), PATIENCE))
    const came = fresh.catch((err) => {
      if (err instanceof Problem && !err.passing) throw err
      return undefined
    })
    came.then((got) => (newest = got ?? newest)).catch(() => {})
    // What has come from the server once is better than the stored copy.
    return (await Promise.race([came, late])) ?? newest ?? pack
  })
  const { marks, rows: heard, stale, units } = useMarks(list, () => {
    if (stale.value || data.value?.stored) void renew()
  })

  function stored(): Base | undefined {
    const pack = packOf(list())
    return pack && { title: pack.activity.title, asked: 0, stored: true, rows: pack.people }
  }

  const all = computed<Row[]>(() => {
    const base = data.value?.rows ?? []
    const known = new Set(base.map((r) => r.person_id))
    const merged = base.map((r) => {
      const mark = heard.value.get(r.person_id)
      if (!mark || mark.heard < (data.value?.asked ?? 0)) return r
      return { ...r, answer: mark.answer, present: !!mark.present_at, present_at: mark.present_at, door: mark.door, note: mark.note }
    })
    for (const mark of heard.value.values()) if (!known.has(mark.person_id)) merged.push({ ...mark, present: !!mark.present_at })
    return merged
  })
  const byId = computed(() => new Map(all.value.map((r) => [r.person_id, r])))
  const options = computed(() =>
    (Object.keys(words) as Group[]).map((value) => ({ value, word: `${words[value]} ${all.value.filter(groups[value]).length}` })),
  )

  /** Whoever searches wants that person, in whatever state; else a row stays where it was until another group is chosen. */
  const rows = computed(() => {
    if (query.value.trim()) return all.value.filter((r) => fits(r, query.value))
    const stay = frozen.value.map((id) => byId.value.get(id)).filter((r): r is Row => !!r)
    const there = new Set(frozen.value)
    return [...stay, ...all.value.filter((r) => !there.has(r.person_id) && groups[shown.value as Group](r))]
  })
  function freeze() {
    frozen.value = all.value.filter(groups[shown.value as Group]).map((r) => r.person_id)
  }
  function pick(group: string) {
    shown.value = group
    freeze()
  }
  function look(typed: string) {
    if (query.value.trim() && !typed.trim()) freeze()
    query.value = typed
  }
  // The first rows to be shown are those that stay.
  watch(all, () => frozen.value.length || freeze(), { flush: 'sync' })

  onShow(() => void renew())

  return {
    state, trouble, marks, units, stale, rows, query: query as Readonly<Ref<string>>, shown, options, look, pick,
    title: computed(() => data.value?.title ?? ''),
    load,
    renew,
  }
}

function ofServer(got: Roster, asked: number): Base {
  return { title: got.activity.title, asked, stored: false, rows: got.items.map((r) => ({ ...r, present: !!r.present_at })) }
}
