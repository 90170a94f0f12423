import { expect, test } from 'vitest'
import type { PersonDetail, PersonRow } from '@/api/ledger'
import { nothing } from '@/api/ownFilter'
import { usePersons, type Query } from '@/pages/ledger/usePersons'
import { changesOf, draftOf } from '@/pages/person/fields'

const query = (q: string): Query => ({ q, alliance: '', unit: '', status: '', ...nothing })
const row = (id: string) => ({ id }) as PersonRow

test('rows come page by page, and a search that was overtaken changes nothing', async () => {
  const waiting: ((v: { items: PersonRow[]; next: string }) => void)[] = []
  const asked: string[] = []
  const p = usePersons((q, after) => {
    asked.push(q.q + after)
    return new Promise((resolve) => waiting.push(resolve))
  }, 1)
  const slow = p.search(query('w'))
  const quick = p.search(query('wang'))
  waiting[1]({ items: [row('1')], next: '1' })
  await quick
  waiting[0]({ items: [row('9')], next: '' })
  await slow
  expect(p.rows.value.map((r) => r.id)).toEqual(['1'])
  const more = p.further()
  expect(p.further()).toBeInstanceOf(Promise)
  waiting[2]({ items: [row('2')], next: '' })
  await more
  expect([p.rows.value.length, p.more.value, p.further()]).toEqual([2, false, undefined])
  expect(asked).toEqual(['w', 'wang', 'wang1'])
})

test('a page that failed can be asked for again', async () => {
  let bad = true
  const p = usePersons(async () => {
    if (bad) throw new Error('x')
    return { items: [row('1')], next: '' }
  })
  await p.search(query(''))
  expect(p.state.value).toBe('error')
  bad = false
  await p.again()
  expect([p.state.value, p.rows.value.length]).toEqual(['done', 1])
})

test('a short page before the end is followed by the next one at once', async () => {
  const pages: Record<string, { items: PersonRow[]; next: string }> = { '': { items: [], next: '1' }, 1: { items: [row('2')], next: '3' }, 3: { items: [row('4')], next: '5' } }
  const p = usePersons(async (_, after) => pages[after], 2)
  await p.search(query(''))
  expect([p.rows.value.map((r) => r.id), p.more.value]).toEqual([['2', '4'], true])
})

test('a form sends what was changed, and a covered column only when something was typed', () => {
  const person = { name: '王某', sex: '男', phone_masked: '138****1234', talents: '书法' } as PersonDetail
  const draft = draftOf(person)
  expect(draft).toMatchObject({ name: '王某', phone: '', talents: '书法' })
  expect(changesOf(person, draft)).toEqual({})
  expect(changesOf(person, { ...draft, phone: '13900000001', talents: '' })).toEqual({ phone: '13900000001', talents: '' })
})
