import { afterEach, expect, test, vi } from 'vitest'
import { bodyOf, entryOf, useSheet } from '@/pages/founding/useSheet'
import type { Row } from '@/pages/founding/words'

const row = (over: Partial<Row> = {}): Row => ({
  unit_id: '7', unit: '县水利局', alliance_id: '', alliance: '', members: 26, counted: 3, regular: null, typed_by: '', typed_at: null,
  own_branch: null, address: '', street: '', latitude: null, longitude: null, line: '', fill: 'empty', missing: [], verdict: 'unknown',
  why: '', revision: 2, leads_alliance: false, ...over,
})

/** The server's answers, in the order of the requests; the requests are remembered. */
function server(...answers: { status: number; body: unknown }[]) {
  const asked: { method: string; body: string }[] = []
  vi.stubGlobal('fetch', async (r: Request) => {
    asked.push({ method: r.method, body: await r.text() })
    const a = answers.shift()!
    return new Response(JSON.stringify(a.body), { status: a.status, headers: { 'Content-Type': 'application/json' } })
  })
  return asked
}
const sheet = (...items: Row[]) => ({ status: 200, body: { survey: { id: '1' }, items } })
afterEach(() => vi.unstubAllGlobals())

test('what is not filled in is not sent', () => {
  expect(bodyOf(entryOf(row()), 2)).toEqual({ revision: 2, street: '', line: '', address: '' })
  expect(bodyOf({ ...entryOf(row()), own: 'no', regular: ' 0 ', spot: '37.49，118.25' }, 2)).toMatchObject({ own_branch: false, regular: 0, latitude: 37.49, longitude: 118.25 })
})

test('what cannot be meant is said before it is sent', () => {
  expect(bodyOf({ ...entryOf(row()), regular: '三' }, 2)).toContain('数字')
  expect(bodyOf({ ...entryOf(row()), spot: '城东' }, 2)).toContain('坐标')
})

test('a row is written once, and only when something changed', async () => {
  const asked = server(sheet(row()), { status: 200, body: row({ regular: 4, revision: 3 }) })
  const s = useSheet('1')
  await s.load()
  const [l] = s.list.value
  await s.save(l)
  expect(asked).toHaveLength(1)
  l.entry.regular = '4'
  s.touch(l)
  await Promise.all([s.save(l), s.save(l)])
  expect(asked.map((a) => a.method)).toEqual(['GET', 'PUT'])
  expect(JSON.parse(asked[1].body)).toMatchObject({ regular: 4, revision: 2 })
  expect(l.state).toBe('saved')
})

test('somebody else was faster: their row is shown, with a word', async () => {
  server(sheet(row()), { status: 409, body: { code: 'founding.stale', message: '刚刚有别人改过' } }, sheet(row({ street: '城东街道', revision: 3 })))
  const s = useSheet('1')
  await s.load()
  const [l] = s.list.value
  l.entry.street = '城西街道'
  s.touch(l)
  await s.save(l)
  expect(l).toMatchObject({ state: 'error', trouble: '刚刚有别人改过', entry: { street: '城东街道' }, row: { revision: 3 } })
})
