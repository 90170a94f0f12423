import { api, call, take } from './client'
import type { Item, Output } from './types'

export type PersonRow = Item<'listPersons'>
export type PersonDetail = Output<'getPerson'> & { status_at?: string; status_note_masked?: string }
export type Unit = Item<'listUnits'>
export type Alliance = Item<'listAlliances'>
export type Committee = Item<'listCommittees'>
export type Branch = Item<'listBranches'>
export type Tie = Item<'listTies'>
export type Status = 'active' | 'moved' | 'deceased' | 'suspended'

export interface Count {
  active: number
  moved: number
  deceased: number
  suspended: number
  total: number
}
export interface Counts {
  total: Count
  alliances: { id: string; name: string; units: number; count: Count }[]
  units: { id: string; name: string; alliance_id: string; count: Count }[]
}
export interface Change {
  seq: number
  at: string
  by: string
  cause: 'create' | 'edit' | 'status' | 'undo' | 'import' | 'proposal' | 'household' | 'remove'
  changes: { key: string; label: string; from: string; to: string; masked: boolean }[]
}
export interface Membership {
  alliance_id: string
  from: string
  until: string
}

/** Everything that the side of the organisation shows; the lists are short, the people are only counted. */
export async function loadOrg() {
  const [committees, alliances, units, counts] = await Promise.all([
    take(api.GET('/api/v1/committees')),
    take(api.GET('/api/v1/alliances')),
    take(api.GET('/api/v1/units')),
    call<Counts>('GET', '/api/v1/ledger/counts'),
  ])
  return { committees: committees.items, alliances: alliances.items, units: units.items, counts }
}
export type Org = Awaited<ReturnType<typeof loadOrg>>

export const loadHistory = (person: string, after = '') =>
  call<{ items: Change[]; next: string }>('GET', `/api/v1/persons/${person}/history?limit=50${after && `&after=${after}`}`)
export const revealChange = (person: string, seq: number, reason: string, headers: Record<string, string>) =>
  call<Change>('POST', `/api/v1/persons/${person}/history/${seq}/reveal`, { reason }, headers)
export const loadPersonAsOf = (person: string, day: string) =>
  call<PersonDetail>('GET', `/api/v1/persons/${person}?as_of=${day}`)
export const restate = (person: string, body: { status: Status; at?: string; note?: string }) =>
  call<{ person: PersonDetail; message: string }>('POST', `/api/v1/persons/${person}/status`, body)
export const undoStatus = (person: string) =>
  call<{ person: PersonDetail; message: string }>('POST', `/api/v1/persons/${person}/status/undo`)
export const loadMemberships = (unit: string) => call<{ items: Membership[] }>('GET', `/api/v1/units/${unit}/alliances`)

export const statusWords: Record<Status, string> = { active: '在册', moved: '已调出', deceased: '已故', suspended: '暂停' }
