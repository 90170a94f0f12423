import { createClient, Problem, type Answered, type Asked, type Client } from './client'
import type { Me, Session } from './types'

/** What a session needs from the device; wired once in main.ts. */
export interface Device {
  base: string
  send: (asked: Asked) => Promise<Answered>
  loginCode: () => Promise<string>
  /** Survives a restart. */
  read: (key: string) => string | undefined
  write: (key: string, value: string) => void
}

const KEY = 'session'

let device: Device | undefined
let client: Client | undefined
let session: Session | undefined
let listener: (me: Me) => void = () => {}

/** Connects the client to the device; onMe hears of every fresh login. */
export function connect(to: Device, onMe: (me: Me) => void): void {
  device = to
  listener = onMe
  session = restore(to.read(KEY))
  client = createClient({
    base: to.base,
    send: to.send,
    token: () => session?.token,
    login,
  })
}

export const call: Client['call'] = (...args) => {
  if (!client) throw new Problem(0, 'client.unwired', '程序还没有准备好')
  return client.call(...args)
}

/** The account behind this phone; asks the server unless a login has just told us. */
export async function loadMe(): Promise<Me> {
  if (!session) {
    await client!.refresh()
    return session!.me
  }
  const me = await call('GET /me')
  keep({ ...session, me })
  return me
}

/** What the last visit knew, for the phone button while there is no connection. */
export function lastMe(): Me | undefined {
  return session?.me
}

export function accessToken(): string | undefined {
  return session?.token
}

async function login(): Promise<string> {
  const code = await device!.loginCode()
  keep(await client!.call('POST /sessions', { body: { code } }))
  return session!.token
}

function keep(next: Session) {
  session = next
  device!.write(KEY, JSON.stringify(next))
  listener(next.me)
}

function restore(text: string | undefined): Session | undefined {
  try {
    const kept = text ? (JSON.parse(text) as Session) : undefined
    return kept?.token && kept.me ? kept : undefined
  } catch {
    return undefined
  }
}
