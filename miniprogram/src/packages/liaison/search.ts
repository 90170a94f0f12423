import type { RosterRow } from '../../api/types'

/** Does the row fit what was typed: part of the name or unit, pinyin initials, last four digits. */
export function fits(row: Pick<RosterRow, 'name' | 'unit' | 'initials' | 'phone_last4'>, typed: string): boolean {
  const q = typed.trim().toLowerCase().replace(/\s+/g, '')
  if (!q) return true
  if (/^\d+$/.test(q)) return (row.phone_last4 ?? '').includes(q)
  if (/^[a-z]+$/.test(q)) return (row.initials ?? '').toLowerCase().startsWith(q)
  return row.name.includes(q) || row.unit.includes(q)
}
