import type { Item } from '@/api/types'

export type Total = Item<'ledgerTotals'>

/** Committees below the one that they belong to, each with how far below the top in sight it stands. */
export function inOrder(list: Total[]): (Total & { depth: number })[] {
  const seen = new Set(list.map((c) => c.id))
  const below = (parent: string, depth: number): (Total & { depth: number })[] =>
    list.filter((c) => (depth === 0 ? !seen.has(c.parent_id) : c.parent_id === parent)).flatMap((c) => [{ ...c, depth }, ...below(c.id, depth + 1)])
  return below('', 0)
}

export function sumOf(list: Total[]) {
  const add = (of: (c: Total) => number) => list.reduce((n, c) => n + of(c), 0)
  return { active: add((c) => c.persons.active), alliances: add((c) => c.alliances), units: add((c) => c.units), loose: add((c) => c.loose) }
}
