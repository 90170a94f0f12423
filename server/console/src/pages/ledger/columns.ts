import { ref, watch } from 'vue'
import type { Column } from '@/ui/VirtualGrid.vue'

/** Everything a row can show; the name always stays. */
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

const KEY = 'bense.console.ledger.columns'

/** Which columns this desk wants to see, kept in the browser. */
export function useColumns() {
  const chosen = ref<string[]>(restore())
  watch(chosen, (keys) => localStorage.setItem(KEY, JSON.stringify(keys)))
  return chosen
}

function restore(): string[] {
  const usual = allColumns.filter((c) => c.usual).map((c) => c.key)
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null')
    return Array.isArray(kept) ? [...new Set(['name', ...kept.map(String)])] : usual
  } catch {
    return usual
  }
}
