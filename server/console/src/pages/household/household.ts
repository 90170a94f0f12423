import { api, take } from '@/api/client'
import type { PersonRow } from '@/api/ledger'
import type { Item, Output } from '@/api/types'

export type Household = Output<'getHousehold'>
export type Pair = Item<'listSharedPhones'>

const of = (id: string) => ({ params: { path: { id } } })

export const loadHousehold = (id: string) => take(api.GET('/api/v1/persons/{id}/household', of(id)))
export const joinHousehold = (id: string, other: string) =>
  take(api.POST('/api/v1/persons/{id}/household', { ...of(id), body: { person_id: other } }))
export const leaveHousehold = (id: string) => take(api.DELETE('/api/v1/persons/{id}/household', of(id)))
export const denyFamily = (id: string, other: string) =>
  take(api.POST('/api/v1/persons/{id}/household/apart', { ...of(id), body: { person_id: other } }))
export const askAgain = (id: string, other: string) =>
  take(api.DELETE('/api/v1/persons/{id}/household/apart/{other_id}', { params: { path: { id, other_id: other } } }))
export const loadPairs = (after = '') => take(api.GET('/api/v1/ledger/shared-phones', { params: { query: { limit: 50, after } } }))

/** The question that a shared telephone asks. */
export const familyQuestion = (other: { name: string; unit: string }) => `与${other.name}（${other.unit}）登记的是同一个电话：是一家人吗？`

/** Whom the page offers while a name is typed: everybody but those who are there already. */
export async function findOthers(q: string, but: string[]): Promise<PersonRow[]> {
  if (!q.trim()) return []
  const found = await take(api.GET('/api/v1/persons', { params: { query: { q: q.trim(), limit: 20 } } }))
  return found.items.filter((p) => !but.includes(p.id))
}
