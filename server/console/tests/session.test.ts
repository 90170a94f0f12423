import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createMemoryHistory } from 'vue-router'
import { IDLE_MS, useSession } from '@/api/session'
import type { Me } from '@/api/types'
import { createConsoleRouter } from '@/router'

// Addresses are tested here, not pages.
vi.mock('@/shell/Shell.vue', () => ({ default: { template: '<router-view />' } }))
vi.mock('@/pages/login/LoginPage.vue', () => ({ default: {} }))
vi.mock('@/shell/MissingPage.vue', () => ({ default: {} }))

const me = { name: '王老干', roles: [{ role: 'committee_staff', label: '某县党工委' }] } as Me

beforeEach(() => {
  vi.useFakeTimers()
  localStorage.clear()
  setActivePinia(createPinia())
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('the idle time is that of all tabs, and runs out', () => {
  const here = useSession()
  here.start(me)
  expect(here.roles).toEqual(new Set(['committee_staff']))
  vi.advanceTimersByTime(IDLE_MS - 1000)
  expect(here.left()).toBe(1000)
  const other = useSession(createPinia())
  expect(other.perhaps).toBe(true)
  other.touch()
  expect(here.left()).toBe(IDLE_MS)
  vi.advanceTimersByTime(IDLE_MS)
  expect(here.left()).toBe(0)
  expect(useSession(createPinia()).perhaps).toBe(false)
})

test('who leaves ends the session on the server, also when it does not answer', async () => {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    asked.push(`${init.method} ${path}`)
    if (init.method === 'DELETE') throw new TypeError('offline')
    return new Response(JSON.stringify({ items: [{ id: '1', current: false }, { id: '2', current: true }] }))
  })
  const s = useSession()
  s.start(me)
  await s.leave('您已经退出登录。')
  expect(asked).toEqual(['GET /api/v1/me/sessions', 'DELETE /api/v1/me/sessions/2'])
  expect([s.perhaps, s.me, s.goodbye, s.left()]).toEqual([false, undefined, '您已经退出登录。', 0])
})

test('without a session every page leads to the sign-in and remembers where to', async () => {
  vi.useRealTimers() // pages are fetched
  const router = createConsoleRouter(createMemoryHistory('/console/'))
  await router.push('/nowhere?x=1')
  expect(router.currentRoute.value).toMatchObject({ name: 'login', query: { to: '/nowhere?x=1' } })
  useSession().start(me)
  await router.push('/nowhere')
  expect(router.currentRoute.value.name).toBe('missing')
  expect(document.title).toBe('没有这一页 · 本色家园')
})
