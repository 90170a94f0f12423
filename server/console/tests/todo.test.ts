import { expect, test } from 'vitest'
import { filterOf, wishOf } from '@/pages/audit/audit'
import { turnout, type Election } from '@/pages/election/elections'
import { interrupted, sourcesOf, withoutVenue } from '@/pages/home/todo'

const now = new Date('2026-11-26T08:00:00Z')
const job = (id: string, kind: string, subject: string, state: 'done' | 'interrupted', at: string) => ({ id, kind, subject_id: subject, state, created_at: at })

test('interrupted work is told until it is done again, or a week has passed', () => {
  const jobs = [
    job('1', 'import_commit', '10', 'interrupted', '2026-11-25T08:00:00Z'),
    job('2', 'import_read', '11', 'interrupted', '2026-11-25T08:00:00Z'),
    job('3', 'import_read', '11', 'done', '2026-11-25T09:00:00Z'),
    job('4', 'export', '12', 'interrupted', '2026-11-25T08:00:00Z'),
    job('5', 'export', '13', 'done', '2026-11-25T07:00:00Z'),
    job('6', 'import_undo', '14', 'interrupted', '2026-11-01T08:00:00Z'),
  ]
  expect(interrupted(jobs, now)).toEqual([
    { key: '1', text: '写入台账', to: '/imports/10' },
    { key: '4', text: '导出台账', to: '/exports' },
  ])
})

test('a liaison hears of the own unit without a venue, staff of all', () => {
  const units = [{ id: '1', venue: '' }, { id: '2', venue: '老年大学' }, { id: '3', venue: '' }]
  const me = (role: string, unit = '') => ({ roles: [{ role, unit_id: unit, label: '' }] }) as Parameters<typeof withoutVenue>[1]
  expect(withoutVenue(units, me('liaison', '1')).map((u) => u.id)).toEqual(['1'])
  expect(withoutVenue(units, me('committee_staff')).map((u) => u.id)).toEqual(['1', '3'])
})

test('everybody sees the work of the own roles', () => {
  expect(sourcesOf(new Set(['liaison'])).map((s) => s.key)).toEqual(['claims', 'proposals', 'failed', 'jobs', 'venues', 'phones'])
  expect(sourcesOf(new Set(['viewer']))).toEqual([])
})

test('a search of the audit asks for whole days in China', () => {
  const wish = wishOf({ from: '2026-11-30', until: '2026-11-30', person: '7', other: 'x' })
  expect(filterOf(wish)).toMatchObject({ from: '2026-11-30T00:00:00+08:00', until: '2026-12-01T00:00:00+08:00', kind: 'person', subject_id: '7', account_id: undefined })
})

test('below three nobody is told how many have voted', () => {
  const e = (voted?: number) => ({ progress: { expected: 20, voted, need: 11, enough: false, papers_out: 2 } }) as Election
  expect(turnout(e(12))).toBe('应到 20 人，参加 12 人，至少要 11 人，2 张纸票还没有录入')
  expect(turnout(e())).toContain('不足 3 人')
})
