import { computed, ref } from 'vue'
import { useRoute, useRouter, type LocationQuery } from 'vue-router'
import type { OwnColumn } from '@/api/columns'
import type { Column } from '@/ui/VirtualGrid.vue'

/** Everything that every row can show; the name always stays. */
export const allColumns: (Column & { usual: boolean })[] = [
  { key: 'seq_no', title: '序号', width: 62, align: 'right', usual: true },
  { key: 'name', title: '姓名', width: 108, usual: true },
  { key: 'sex', title: '性别', width: 60, usual: true },
  { key: 'birth_year', title: '出生', width: 76, usual: true },
  { key: 'unit', title: '单位', width: 190, grow: true, usual: true },
  { key: 'branch', title: '支部', width: 190, grow: true, usual: false },
  { key: 'alliance', title: '联盟', width: 160, grow: true, usual: true },
  { key: 'party_post', title: '党内职务', width: 120, usual: true },
  { key: 'phone_masked', title: '联系电话', width: 136, usual: true },
  { key: 'status', title: '状态', width: 86, usual: true },
]

/** The committees' own columns as the grid shows them; of several committees each says whose it is. */
export function ownColumns(own: OwnColumn[], committees: { id: string; name: string }[]): (Column & { id: string })[] {
  const several = new Set(own.map((c) => c.committee_id)).size > 1
  const of = (id: string) => committees.find((c) => c.id === id)?.name ?? ''
  return own.map((c) => ({
    id: c.id, key: c.key, title: several ? `${c.name}（${of(c.committee_id)}）` : c.name,
    width: Math.max(c.kind === 'text' ? 140 : 104, 28 + 15 * c.name.length), align: c.kind === 'number' ? 'right' : undefined,
  }))
}

const KEY = 'bense.console.ledger.columns'
const usual = allColumns.filter((c) => c.usual).map((c) => c.key)

/** Columns named in an address, so that it can be sent with them. */
export function named(q: LocationQuery): string[] | undefined {
  return typeof q.cols === 'string' && q.cols ? [...new Set(['name', ...q.cols.split(',')])] : undefined
}

/** What the address says of columns: nothing where they are the usual ones. */
export const said = (keys: string[]) => (keys.length === usual.length && usual.every((k) => keys.includes(k)) ? undefined : keys.join(','))

/**
 * Which columns are to be seen: those of the address, else those this desk chose last, which the browser keeps.
 */
export function useColumns() {
  const route = useRoute()
  const router = useRouter()
  const kept = ref<string[]>(restore())
  return computed({
    get: () => named(route.query) ?? kept.value,
    set: (keys) => {
      kept.value = keys
      localStorage.setItem(KEY, JSON.stringify(keys))
      void router.replace({ query: { ...route.query, cols: said(keys) } })
    },
  })
}

function restore(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null')
    return Array.isArray(kept) ? [...new Set(['name', ...kept.map(String)])] : usual
  } catch {
    return usual
  }
}
