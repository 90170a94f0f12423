import { api, take } from '@/api/client'
import { toProblem } from '@/api/problem'
import type { Item } from '@/api/types'

export type Line = Item<'searchAudit'>

/** What narrows a search; it stands in the address. */
export interface Wish {
  from: string
  until: string
  committee: string
  account: string
  person: string
  action: string
}

export const blank = (): Wish => ({ from: '', until: '', committee: '', account: '', person: '', action: '' })

/** The wish of an address; what is no text there is not asked for. */
export function wishOf(query: Record<string, unknown>): Wish {
  const w = blank()
  for (const key of Object.keys(w) as (keyof Wish)[]) if (typeof query[key] === 'string') w[key] = query[key]
  return w
}

/** What the server is asked: whole days in China, the last one included. */
export function filterOf(w: Wish) {
  return {
    from: w.from ? `${w.from}T00:00:00+08:00` : undefined,
    until: w.until ? nextDay(w.until) : undefined,
    committee_id: w.committee || undefined,
    account_id: w.account || undefined,
    kind: w.person ? 'person' : undefined,
    subject_id: w.person || undefined,
    action: w.action || undefined,
  }
}

function nextDay(day: string): string {
  const next = new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000)
  return `${next.toISOString().slice(0, 10)}T00:00:00+08:00`
}

export const loadLines = (w: Wish, after = '') =>
  take(api.GET('/api/v1/audit/lines', { params: { query: { ...filterOf(w), after: after || undefined, limit: 50 } } }))

/** What the page offers to search by. */
export async function loadChoices() {
  const [actions, committees, roles] = await Promise.all([
    take(api.GET('/api/v1/audit/actions')), take(api.GET('/api/v1/committees')),
    take(api.GET('/api/v1/roles', { params: { query: { limit: 500 } } })),
  ])
  const staff = new Map(roles.items.filter((r) => r.account_id).map((r) => [r.account_id!, r.holder.name]))
  return { actions: actions.items, committees: committees.items, staff: [...staff].map(([id, name]) => ({ id, name })) }
}

export const loadChain = () => take(api.GET('/api/v1/audit/chain'))

/** The file of a search; problems come as JSON, lines as bytes. */
export async function exportLines(w: Wish, kind: 'csv' | 'xlsx', reason: string, headers: Record<string, string>): Promise<Blob> {
  const r = await fetch(`/api/v1/audit/export.${kind}`, {
    method: 'POST',
    headers: { 'X-Console': '1', 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ ...filterOf(w), reason }),
  })
  if (r.ok) return r.blob()
  throw toProblem(r.status, await r.json().catch(() => undefined))
}

