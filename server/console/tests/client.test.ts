import { afterEach, expect, test, vi } from 'vitest'
import { api, connect, take } from '@/api/client'
import { Problem, toTrouble } from '@/api/problem'

const answers = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  vi.stubGlobal('fetch', vi.fn(async () => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })))
const thrown = (call: Promise<unknown>) => call.then(() => undefined, (err: unknown) => err as Problem)
const persons = () => take(api.GET('/api/v1/persons', { params: { query: { q: '王' } } }))

afterEach(() => vi.unstubAllGlobals())

test('a call says that our own page asks, and gives the body', async () => {
  connect({ refused: () => {} })
  answers(200, { items: [], next: '' })
  expect(await persons()).toEqual({ items: [], next: '' })
  const request = vi.mocked(fetch).mock.calls[0][0] as Request
  expect(request.headers.get('X-Console')).toBe('1')
  expect(new URL(request.url).searchParams.get('q')).toBe('王')
})

test('a problem keeps the words of the server', async () => {
  answers(422, { code: 'invalid', message: '有一项没有填好', fields: [{ field: 'body.name', message: '请填姓名' }] })
  const err = await thrown(persons())
  expect(err).toMatchObject({ status: 422, code: 'invalid', message: '有一项没有填好' })
  expect(toTrouble(err)).toMatchObject({ fields: { name: '请填姓名' }, todo: '请改好标红的地方，再点一次。' })
})

test('no connection, a page of a proxy, and a bug have words of their own', async () => {
  vi.stubGlobal('fetch', vi.fn(async () => { throw new TypeError('failed') }))
  expect(toTrouble(await thrown(persons()))).toMatchObject({ status: 0, what: '连不上服务器' })
  answers(502, '<html>', { 'Retry-After': '7' })
  expect(await thrown(persons())).toMatchObject({ status: 502, code: 'client.answer', retryAfter: 7 })
  expect(toTrouble(new Error('x')).what).toBe('这一步没有成功')
})

test('a session that is no longer taken is given up', async () => {
  const refused = vi.fn()
  connect({ refused })
  answers(401, { code: 'unauthenticated', message: '请重新登录' })
  expect(await thrown(persons())).toMatchObject({ status: 401 })
  expect(refused).toHaveBeenCalledOnce()
})
