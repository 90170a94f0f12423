import { describe, expect, it, vi } from 'vitest'
import { createClient, Problem, toProblem, type Answered, type Asked } from '@/api/client'

const ok = (data: unknown = {}): Answered => ({ status: 200, data, headers: {} })
const no = (status: number, data: unknown = {}, headers = {}): Answered => ({ status, data, headers })

function setup(send: (asked: Asked) => Promise<Answered> | Answered) {
  let token: string | undefined
  const login = vi.fn(async () => (token = `t${login.mock.calls.length}`))
  const sent: Asked[] = []
  const client = createClient({
    base: '/api/v1',
    token: () => token,
    login,
    send: async (asked) => (sent.push(asked), send(asked)),
  })
  return { client, login, sent, set: (next?: string) => (token = next) }
}

describe('client', () => {
  it('logs in before the first call and sends the token', async () => {
    const { client, sent, login } = setup(() => ok({ items: [] }))
    await client.call('GET /me/claims')
    expect(login).toHaveBeenCalledTimes(1)
    expect(sent[0]).toMatchObject({ method: 'GET', url: '/api/v1/me/claims', token: 't1' })
  })

  it('shares one login among all that wait for it', async () => {
    const { client, login, set } = setup((asked) => (asked.token === 'old' ? no(401) : ok()))
    set('old')
    await Promise.all([client.call('GET /me'), client.call('GET /me/claims'), client.call('GET /me')])
    expect(login).toHaveBeenCalledTimes(1)
  })

  it('gives up when the fresh session is refused too', async () => {
    const { client, login, set } = setup(() => no(401, { code: 'session', message: '请重新进来' }))
    set('old')
    await expect(client.call('GET /me')).rejects.toMatchObject({ status: 401, message: '请重新进来' })
    expect(login).toHaveBeenCalledTimes(1)
  })

  it('takes a token that another request has fetched meanwhile', async () => {
    const world = setup((asked) => {
      if (asked.token !== 'old') return ok()
      world.set('new')
      return no(401)
    })
    world.set('old')
    await world.client.call('GET /me')
    expect(world.login).not.toHaveBeenCalled()
    expect(world.sent[1].token).toBe('new')
  })

  it('may fail to log in now and succeed later', async () => {
    const { client, login } = setup(() => ok())
    login.mockRejectedValueOnce(new Problem(503, 'wechat.down', '微信没有应答'))
    await expect(client.call('GET /me')).rejects.toMatchObject({ code: 'wechat.down' })
    await expect(client.call('GET /me')).resolves.toEqual({})
  })

  it('fills paths and leaves empty filters out', async () => {
    const { client, sent } = setup(() => ok({ items: [] }))
    await client.call('GET /persons', { query: { q: '王 五', unit_id: '' } })
    await client.call('GET /notices/{id}', { path: { id: '7' } })
    expect(sent.map((s) => s.url)).toEqual(['/api/v1/persons?q=%E7%8E%8B%20%E4%BA%94', '/api/v1/notices/7'])
  })

  it('reads problem+json, and has words for anything else', () => {
    expect(toProblem(no(422, { code: 'x.y', message: '请写姓名', fields: [{ field: 'name', message: '请写姓名' }] }))).toMatchObject({
      code: 'x.y', message: '请写姓名', fields: [{ field: 'name' }],
    })
    expect(toProblem(no(502, '<html>'))).toMatchObject({ code: 'client.answer', passing: true })
    expect(toProblem(no(503, {}, { 'retry-after': '7' })).retryAfter).toBe(7)
    expect(toProblem(no(404, { code: 'a', message: 'b' })).passing).toBe(false)
  })
})
