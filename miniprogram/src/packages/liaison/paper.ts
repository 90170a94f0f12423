import type { RosterRow } from '../../api/types'

/** A row of the printed sheet with the number that stands before it. */
export type Sheet = Pick<RosterRow, 'person_id' | 'name' | 'unit' | 'unit_id' | 'initials' | 'phone_last4' | 'answer' | 'present_at' | 'no'>

/**
 * The rows in the order of the paper. The printed numbers are kept by the server; where nothing was
 * printed, the order of the roster counts, which is that of the attendance sheet.
 */
export function inOrder<T extends Sheet>(rows: T[]): T[] {
  if (rows.every((r) => !r.no)) return rows.map((r, i) => ({ ...r, no: i + 1 }))
  return [...rows].sort((a, b) => (a.no || Infinity) - (b.no || Infinity) || 0)
}

/** How well a row fits what was typed: 2 exactly, 1 in part, 0 not at all. */
export function fit(row: Sheet, typed: string): 0 | 1 | 2 {
  const q = typed.trim().toLowerCase().replace(/\s+/g, '')
  if (!q) return 0
  if (/^\d+$/.test(q)) return Number(q) === row.no || (q.length === 4 && row.phone_last4 === q) ? 2 : 0
  if (/^[a-z]+$/.test(q)) {
    const initials = row.initials.toLowerCase()
    return initials === q ? 2 : initials.startsWith(q) ? 1 : 0
  }
  return row.name === q ? 2 : row.name.includes(q) ? 1 : 0
}

/** Who fits, the surest first; of equals those who are not there yet, then the order of the paper. */
export function hits<T extends Sheet>(rows: T[], typed: string, here: (row: T) => boolean): T[] {
  return rows
    .map((row) => ({ row, fit: fit(row, typed) }))
    .filter((h) => h.fit > 0)
    .sort((a, b) => b.fit - a.fit || Number(here(a.row)) - Number(here(b.row)))
    .map((h) => h.row)
}

/** The one who is meant beyond doubt: the only hit, or the only exact one. */
export function certain<T extends Sheet>(found: T[], typed: string): T | undefined {
  if (found.length === 1) return found[0]
  const exact = found.filter((r) => fit(r, typed) === 2)
  return exact.length === 1 ? exact[0] : undefined
}

export interface Span {
  starts_at: string
  opens_at: string
  closes_at: string
  main: boolean
}

/**
 * When the paper was signed: the time that stands on it, else the start of the activity (of a later
 * roll call: now), and never in the future or outside of the roll call. Undefined: no time of day.
 */
export function signedAt(typed: string, span: Span, now: number): string | undefined {
  let at = span.main ? Date.parse(span.starts_at) : now
  const text = typed.trim()
  if (text) {
    const m = /^(\d{1,2})[:：点.]?(\d{2})$/.exec(text)
    if (!m || Number(m[1]) > 23 || Number(m[2]) > 59) return undefined
    const midnight = Math.floor((Date.parse(span.starts_at) + 8 * 3600_000) / 86_400_000) * 86_400_000 - 8 * 3600_000
    at = midnight + Number(m[1]) * 3600_000 + Number(m[2]) * 60_000
  }
  at = Math.max(at, Date.parse(span.opens_at))
  at = Math.min(at, Date.parse(span.closes_at), now)
  return new Date(at).toISOString()
}
