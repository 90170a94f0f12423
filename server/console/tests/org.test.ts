import { expect, test } from 'vitest'
import type { Org } from '@/api/ledger'
import { moveSentence, treeOf } from '@/pages/org/tree'

const none = { moved: 0, deceased: 0, suspended: 0 }
const count = (active: number) => ({ active, total: active, ...none })
const org = {
  committees: [{ id: '1', parent_id: '9', name: '某县党工委' }, { id: '2', parent_id: '1', name: '城关党委' }],
  alliances: [{ id: '10', committee_id: '1', name: '北部联盟' }],
  units: [
    { id: '20', committee_id: '1', alliance_id: '10', name: '团县委' },
    { id: '21', committee_id: '1', alliance_id: '', name: '农业局' },
    { id: '22', committee_id: '2', alliance_id: '', name: '城关小学' },
  ],
  counts: { total: count(9), alliances: [], units: [{ id: '20', count: count(4) }, { id: '21', count: count(3) }, { id: '22', count: count(2) }] },
} as unknown as Org

test('the tree shows committees, their alliances, their free units, and adds up', () => {
  const [top, ...rest] = treeOf(org)
  expect(rest).toEqual([])
  expect([top.label, top.people]).toEqual(['某县党工委', 9])
  expect(top.children!.map((n) => [n.key, n.people])).toEqual([['committees/2', 2], ['alliances/10', 4], ['units/21', 3]])
})

test('without a committee in sight the alliances stand at the top', () => {
  expect(treeOf({ ...org, committees: [] }).map((n) => n.key)).toEqual(['alliances/10', 'units/21', 'units/22'])
})

test('a move says who goes along', () => {
  expect(moveSentence('团县委', 4, '北部联盟', '南部联盟')).toBe('「团县委」将从「北部联盟」转到「南部联盟」。4 名在册党员随之改属新的联盟；支部不变，以往的记录都会保留。')
  expect(moveSentence('团县委', 4, '', '南部联盟')).toBe('「团县委」将加入「南部联盟」。4 名在册党员随之进入这个联盟；支部不变。')
  expect(moveSentence('团县委', 4, '北部联盟', '')).toBe('「团县委」将退出「北部联盟」。4 名在册党员随之不再属于任何联盟；支部不变，以往的记录都会保留。')
  expect(moveSentence('团县委', 0, '北部联盟', '')).toBe('「团县委」将退出「北部联盟」。单位里目前没有在册党员；支部不变，以往的记录都会保留。')
})
