import { api, take } from '@/api/client'
import type { Item, Me } from '@/api/types'

export type Export = Item<'listExports'>

export const forms: Record<Export['form'], { title: string; hint: string }> = {
  county: { title: '县格式', hint: '每个联盟一张表，可以再导入' },
  province: { title: '省格式', hint: '一张总表，带代码' },
  print: { title: '打印名册', hint: 'PDF，A4' },
}

/** What somebody may export. */
export interface Place {
  key: string
  kind: 'committee_id' | 'alliance_id' | 'unit_id'
  id: string
  label: string
  /** Whose own columns there are to choose from. */
  committee: string
}

/** The places of somebody's roles: whole committees first, then alliances, then units. */
export async function places(roles: Me['roles']): Promise<Place[]> {
  const has = (...names: string[]) => roles.some((r) => names.includes(r.role))
  const out: Place[] = []
  const add = (kind: Place['kind'], id: string, label: string, committee: string) =>
    id && !out.some((p) => p.id === id) && out.push({ key: `${kind}.${id}`, kind, id, label, committee })
  if (has('committee_staff')) {
    for (const c of (await take(api.GET('/api/v1/committees'))).items) add('committee_id', c.id, c.name, c.id)
  }
  if (has('committee_staff', 'lead_staff', 'head')) {
    for (const a of (await take(api.GET('/api/v1/alliances'))).items) add('alliance_id', a.id, a.name, a.committee_id)
  }
  const units = (await take(api.GET('/api/v1/units'))).items
  const own = new Set(roles.filter((r) => r.role === 'liaison').map((r) => r.unit_id))
  for (const u of units) if (has('committee_staff', 'lead_staff', 'head') || own.has(u.id)) add('unit_id', u.id, u.name, u.committee_id)
  return out
}
