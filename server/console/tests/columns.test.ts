import { expect, test } from 'vitest'
import type { OwnColumn, OwnValue } from '@/api/columns'
import type { PersonDetail } from '@/api/ledger'
import { choicesOf as lines, lost, retireWords, shifted } from '@/pages/columns/words'
import { allColumns, named, ownColumns, said } from '@/pages/ledger/columns'
import { choicesOf, ownChanges, ownDraft } from '@/pages/person/own'

const value = (v: Partial<OwnValue>) => ({ id: '1', name: '慰问类别', kind: 'choice', choices: ['一般', '重点'], value: '', editable: true, ...v }) as OwnValue

test('a form sends the own columns that were changed, and none that may not be written', () => {
  const person = { columns: [value({ value: '一般' }), value({ id: '2', editable: false, value: '300' }), value({ id: '3' })] } as PersonDetail
  const draft = ownDraft(person)
  expect(ownChanges(person, draft)).toEqual({})
  expect(ownChanges(person, { ...draft, 1: '', 2: '400', 3: ' 重点 ' })).toEqual({ 1: '', 3: '重点' })
})

test('a choice that is gone stays where it was chosen', () => {
  expect(choicesOf(value({ value: '特困' }))).toEqual(['一般', '重点', '特困'])
  expect(choicesOf(value({ value: '重点' }))).toEqual(['一般', '重点'])
  expect(choicesOf(value({ kind: 'yes_no', choices: [] }))).toEqual(['是', '否'])
})

test('whoever hides a column hears whom it concerns', () => {
  expect(retireWords('补贴', { persons: 12, values: {} })).toContain('有 12 位同志的“补贴”里填了内容')
  expect(retireWords('补贴', { persons: 0, values: {} })).toContain('还没有人填过“补贴”')
  expect(lost(lines('一般\n\n 特困 '), { persons: 3, values: { 一般: 1, 重点: 2 } })).toBe('“重点” 2 人')
})

test('the order changes one place at a time', () => {
  expect(shifted(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b'])
  expect([shifted(['a'], 0, 1), shifted(['a'], 0, -1)]).toEqual([undefined, undefined])
})

test('an address names columns only where they are not the usual ones', () => {
  const usual = allColumns.filter((c) => c.usual).map((c) => c.key)
  expect(said(usual)).toBeUndefined()
  expect(named({ cols: said([...usual, 'custom.7'])! })).toEqual(['name', ...usual.filter((k) => k !== 'name'), 'custom.7'])
  expect(named({})).toBeUndefined()
})

test('columns of several committees say whose they are', () => {
  const one = { id: '1', key: 'custom.1', committee_id: 'a', name: '补贴', kind: 'number' } as OwnColumn
  const names = [{ id: 'a', name: '甲县' }, { id: 'b', name: '乙县' }]
  expect(ownColumns([one], names)).toMatchObject([{ key: 'custom.1', title: '补贴', align: 'right' }])
  expect(ownColumns([one, { ...one, id: '2', committee_id: 'b' }], names).map((c) => c.title)).toEqual(['补贴（甲县）', '补贴（乙县）'])
})
