import createFetch, { type Middleware } from 'openapi-fetch'
import { offline, toProblem } from './problem'
import type { paths } from '../../../api/schema'

let onRefused: () => void = () => {}

/** Says what to do when the session is no longer taken. */
export function connect(to: { refused: () => void }): void {
  onRefused = to.refused
}

/** The session is a cookie that no script can read; this header says that our own page asks. */
const ours = { 'X-Console': '1' }

const signed: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(ours)) request.headers.set(name, value)
    return request
  },
}

/** The typed calls of the contract: `take(api.GET('/api/v1/me'))`. */
export const api = createFetch<paths>({
  baseUrl: globalThis.location?.origin ?? '',
  fetch: (request) => globalThis.fetch(request),
})
api.use(signed)

/** Gives the body of a success; everything else is thrown as a Problem. */
export async function take<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let r
  try {
    r = await call
  } catch {
    throw offline()
  }
  if (r.response.ok) return r.data as T
  if (r.response.status === 401) onRefused()
  throw toProblem(r.response.status, r.error, Number(r.response.headers.get('Retry-After')) || 0)
}

/** A call by its path alone, for answers that several operations share. */
export async function call<T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  return take(
    fetch(path, {
      method,
      headers: { ...ours, ...headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    }).then(async (response) => {
      const json = parse(await response.text())
      return response.ok ? { data: json as T, response } : { error: json, response }
    }),
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
