import type { Input, Output, Route } from './types'

/** An answer that is not a success: the server's problem, or the lack of a connection. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: { field: string; message: string }[] = [],
    readonly retryAfter = 0,
  ) {
    super(message)
    this.name = 'Problem'
  }

  /** True when the same request may succeed later without anybody changing anything. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

export interface Answered { status: number; data: unknown; headers: Record<string, string> }
export interface Asked {
  method: string
  url: string
  body?: unknown
  token?: string
  /** Milliseconds to wait for an answer, where the server is asked to hold it back. */
  patience?: number
}

export interface Config {
  /** Up to and including /api/v1. */
  base: string
  send: (asked: Asked) => Promise<Answered>
  /** The session's token, or undefined before the first login. */
  token: () => string | undefined
  /** Logs in anew and returns the token. Called once for all requests that wait. */
  login: () => Promise<string>
}

export interface Client {
  /** One call of the contract, by its method and path. */
  call<R extends Route>(route: R, ...input: object extends Input<R> ? [Input<R>?] : [Input<R>]): Promise<Output<R>>
  /** Resolves when there is a session; concurrent callers share one login. */
  refresh(): Promise<string>
}

const open = new Set<string>(['POST /sessions', 'GET /boards/{token}'])

/** Reads problem+json; anything else (a proxy's HTML page) gets a sentence of our own. */
export function toProblem(answered: Answered): Problem {
  const body = (answered.data ?? {}) as Partial<Problem> & { message?: string }
  const known = typeof body === 'object' && typeof body.code === 'string'
  return new Problem(
    answered.status,
    known ? body.code! : 'client.answer',
    known && body.message ? body.message : '服务暂时没有应答',
    known && Array.isArray(body.fields) ? body.fields : [],
    Number(answered.headers['retry-after'] ?? 0) || 0,
  )
}

export function createClient(config: Config): Client {
  let pending: Promise<string> | undefined

  function refresh(): Promise<string> {
    pending ??= config.login().finally(() => {
      pending = undefined
    })
    return pending
  }

  async function call(route: string, input: { body?: unknown; path?: unknown; query?: unknown } = {}): Promise<unknown> {
    const [method, pattern] = route.split(' ')
    const held = Number((input.query as { wait?: number } | undefined)?.wait ?? 0)
    const asked = { method, url: config.base + fill(pattern, input), body: input.body, ...(held ? { patience: (held + 10) * 1000 } : {}) }
    if (open.has(route)) return unwrap(await config.send(asked))

    const token = config.token() ?? (await refresh())
    let answered = await config.send({ ...asked, token })
    if (answered.status === 401) {
      // Another request may have logged in meanwhile: its token is as good as a new one.
      const current = config.token()
      const next = current && current !== token ? current : await refresh()
      answered = await config.send({ ...asked, token: next })
    }
    return unwrap(answered)
  }

  return { call: call as unknown as Client['call'], refresh }
}

function unwrap(answered: Answered): unknown {
  if (answered.status >= 200 && answered.status < 300) return answered.data
  throw toProblem(answered)
}

function fill(pattern: string, input: { path?: unknown; query?: unknown }): string {
  const path = (input.path ?? {}) as Record<string, string>
  const url = pattern.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(path[key]))
  const query = Object.entries((input.query ?? {}) as Record<string, unknown>)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`)
    .join('&')
  return query ? `${url}?${query}` : url
}
