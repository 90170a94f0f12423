/** Does the row fit what was typed: part of the name or unit, pinyin initials, last four digits. */
export function fits(row: { name: string; unit: string; initials?: string; phone_last4?: string }, typed: string): boolean {
  const q = typed.trim().toLowerCase().replace(/\s+/g, '')
  if (!q) return true
  if (/^\d+$/.test(q)) return (row.phone_last4 ?? '').includes(q)
  if (/^[a-z]+$/.test(q)) return (row.initials ?? '').toLowerCase().startsWith(q)
  return row.name.includes(q) || row.unit.includes(q)
}
