import { describe, expect, it } from 'vitest'
import { inOrder, sumOf, type Total } from '@/pages/home/totals'

const total = (id: string, parent_id: string, active: number): Total =>
  ({ id, parent_id, name: id, alliances: 1, units: 2, loose: 1, persons: { active, moved: 3, deceased: 4, suspended: 0, total: active + 7 } })

describe('totals', () => {
  it('stand below the committee that they belong to, as far as it is in sight', () => {
    const rows = inOrder([total('县一', '市', 5), total('省外', '不在内', 1), total('市', '', 0), total('乡', '县一', 2)])
    expect(rows.map((r) => `${r.depth}${r.name}`)).toEqual(['0省外', '0市', '1县一', '2乡'])
  })
  it('add up who is in the ledger', () => {
    expect(sumOf([total('a', '', 5), total('b', '', 2)])).toEqual({ active: 7, alliances: 2, units: 4, loose: 2 })
    expect(sumOf([])).toEqual({ active: 0, alliances: 0, units: 0, loose: 0 })
  })
})
