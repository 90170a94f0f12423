import { api, take } from './client'
import type { Item, Output } from './types'

export type PersonRow = Item<'listPersons'>
export type PersonDetail = Output<'getPerson'>
export type Unit = Item<'listUnits'>
export type Alliance = Item<'listAlliances'>
export type Branch = Item<'listBranches'>
export type Tie = Item<'listTies'>
export type Status = 'active' | 'moved' | 'deceased' | 'suspended'

export type Counts = Output<'ledgerCounts'>
export type Count = Counts['total']
export type Change = Item<'personHistory'>

/** Everything that the side of the organisation shows; the lists are short, the people are only counted. */
export async function loadOrg() {
  const [committees, alliances, units, counts] = await Promise.all([
    take(api.GET('/api/v1/committees')),
    take(api.GET('/api/v1/alliances')),
    take(api.GET('/api/v1/units')),
    take(api.GET('/api/v1/ledger/counts')),
  ])
  return { committees: committees.items, alliances: alliances.items, units: units.items, counts }
}
export type Org = Awaited<ReturnType<typeof loadOrg>>

const of = (id: string) => ({ path: { id } })
export const loadHistory = (person: string, after = '') =>
  take(api.GET('/api/v1/persons/{id}/history', { params: { ...of(person), query: { limit: 50, after: after || undefined } } }))
export const loadPersonAsOf = (person: string, day: string) =>
  take(api.GET('/api/v1/persons/{id}', { params: { ...of(person), query: { as_of: day } } }))
export const restate = (person: string, body: { status: Status; at?: string; note?: string }) =>
  take(api.POST('/api/v1/persons/{id}/status', { params: of(person), body }))
export const undoStatus = (person: string) => take(api.POST('/api/v1/persons/{id}/status/undo', { params: of(person) }))
export const loadMemberships = (unit: string) => take(api.GET('/api/v1/units/{id}/alliances', { params: of(unit) }))

export const statusWords: Record<Status, string> = { active: '在册', moved: '已调出', deceased: '已故', suspended: '暂停' }
