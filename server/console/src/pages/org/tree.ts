import type { Org } from '@/api/ledger'

/** One line of the tree: a committee, an alliance of it, or a unit. */
export interface Node {
  /** Kind and id; what the address carries, too. */
  key: string
  kind: 'committee' | 'alliance' | 'unit'
  id: string
  label: string
  /** Active people below it. */
  people: number
  children?: Node[]
}

/** Committees with the alliances and free units of each. Whose parent is out of sight stands at the top. */
export function treeOf(org: Org): Node[] {
  const unitPeople = new Map(org.counts.units.map((u) => [u.id, u.count.active]))
  const sum = (nodes: Node[]) => nodes.reduce((n, c) => n + c.people, 0)
  const unit = (u: Org['units'][number]): Node =>
    ({ key: `units/${u.id}`, kind: 'unit', id: u.id, label: u.name, people: unitPeople.get(u.id) ?? 0 })
  const alliance = (a: Org['alliances'][number]): Node => {
    const children = org.units.filter((u) => u.alliance_id === a.id).map(unit)
    return { key: `alliances/${a.id}`, kind: 'alliance', id: a.id, label: a.name, people: sum(children), children }
  }
  const seen = new Set(org.committees.map((c) => c.id))
  const below = (parent: (id: string) => boolean): Node[] =>
    org.committees.filter((c) => parent(c.parent_id)).map((c) => {
      const children = [
        ...below((id) => id === c.id),
        ...org.alliances.filter((a) => a.committee_id === c.id).map(alliance),
        ...org.units.filter((u) => u.committee_id === c.id && !u.alliance_id).map(unit),
      ]
      return { key: `committees/${c.id}`, kind: 'committee', id: c.id, label: c.name, people: sum(children), children }
    })
  const top = below((id) => !seen.has(id))
  if (top.length) return top
  return [...org.alliances.map(alliance), ...org.units.filter((u) => !u.alliance_id).map(unit)]
}

/** What moving a unit means, in one sentence. */
export function moveSentence(unit: string, people: number, from: string, to: string): string {
  const moves = from && to ? `从「${from}」转到「${to}」` : to ? `加入「${to}」` : `退出「${from}」`
  const along = from && to ? '改属新的联盟' : to ? '进入这个联盟' : '不再属于任何联盟'
  const who = people ? `${people} 名在册党员随之${along}` : '单位里目前没有在册党员'
  return `「${unit}」将${moves}。${who}；支部不变${from ? '，以往的记录都会保留' : ''}。`
}
