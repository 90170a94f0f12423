import { api, take } from '@/api/client'
import type { Item, Me, Role } from '@/api/types'

export type Holding = Item<'listRoles'>
export type Own = Me['roles'][number]
type Given = Exclude<Role, 'member'>

export const roleWords: Record<Given, string> = {
  committee_staff: '老干部局经办', viewer: '上级查看', lead_staff: '牵头单位经办', liaison: '联络员', head: '联盟负责人',
}

/** What a role is given for. */
export const seatOf: Record<Given, 'committee' | 'alliance' | 'unit'> = {
  committee_staff: 'committee', viewer: 'committee', lead_staff: 'alliance', head: 'alliance', liaison: 'unit',
}

/** The id that a confirmation of a change of this role names. */
export const seat = (r: Pick<Holding, 'role' | 'committee_id' | 'alliance_id' | 'unit_id'>) =>
  ({ committee: r.committee_id, alliance: r.alliance_id, unit: r.unit_id })[seatOf[r.role as Given]] ?? ''

/** All pages of the list: a county has some hundred roles. */
export async function loadRoles(): Promise<Holding[]> {
  const all: Holding[] = []
  let after: string | undefined
  do {
    const got = await take(api.GET('/api/v1/roles', { params: { query: { after, limit: 500 } } }))
    all.push(...got.items)
    after = got.next || undefined
  } while (after)
  return all
}

export async function loadSeats() {
  const [committees, alliances, units] = await Promise.all([
    take(api.GET('/api/v1/committees')), take(api.GET('/api/v1/alliances')), take(api.GET('/api/v1/units')),
  ])
  return { committee: committees.items, alliance: alliances.items, unit: units.items }
}

/** The end of a chosen day in China, as the wire wants it. */
export const endOf = (day: string | undefined) => (day ? `${day}T23:59:59+08:00` : undefined)
export const startOf = (day: string | undefined) => (day ? `${day}T00:00:00+08:00` : undefined)

/** From when until when, in words. */
export function term(r: { from?: string | null; until?: string | null }, day: (at: string) => string): string {
  if (!r.from && !r.until) return '长期'
  return `${r.from ? day(r.from) : '即日'} 至 ${r.until ? day(r.until) : '长期'}`
}
