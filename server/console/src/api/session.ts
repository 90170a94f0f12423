import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { api, call, connect, take } from './client'
import { Problem } from './problem'
import type { Me, Role } from './types'

const KEY = 'bense.console.seen'
/** Without a hand on the desk for so long the console locks itself; the server has a limit of its own. */
export const IDLE_MS = 30 * 60_000
/** So long before that it asks. */
export const WARN_MS = 2 * 60_000

/**
 * Who sits at the desk. The session itself is a cookie out of reach of every script; here is only
 * when somebody last worked, for all tabs of the browser.
 */
export const useSession = defineStore('session', () => {
  const me = ref<Me>()
  /** Whether the server is asked before the sign-in page is shown. */
  const perhaps = ref(left() > 0)
  /** Why the sign-in page is shown again, in Chinese. */
  const goodbye = ref('')
  const roles = computed(() => new Set((me.value?.roles ?? []).map((r) => r.role as Role)))

  function start(who: Me) {
    me.value = who
    perhaps.value = true
    goodbye.value = ''
    touch()
  }

  async function load(): Promise<Me> {
    me.value = await take(api.GET('/api/v1/me'))
    return me.value
  }

  /** Somebody works: the idle time begins anew, in all tabs. */
  function touch() {
    localStorage.setItem(KEY, String(Date.now()))
  }

  /** Milliseconds until the idle log-out, seen over all tabs; zero once another tab has left. */
  function left(): number {
    const seen = Number(localStorage.getItem(KEY) ?? 0)
    return Math.max(0, seen + IDLE_MS - Date.now())
  }

  /** Forgets who was here and shows the sign-in page. */
  function drop(why = '') {
    perhaps.value = false
    me.value = undefined
    goodbye.value = why
    localStorage.removeItem(KEY)
  }

  /** Ends the session on the server, too; without a connection it ends there by itself. */
  async function leave(why: string) {
    try {
      const list = await call<{ items: { id: string; current: boolean }[] }>('GET', '/api/v1/me/sessions')
      const current = list.items.find((s) => s.current)
      if (current) await call('DELETE', `/api/v1/me/sessions/${current.id}`)
    } catch (err) {
      if (!(err instanceof Problem)) throw err
    } finally {
      drop(why)
    }
  }

  connect({ refused: () => perhaps.value && drop('登录已经结束，请重新扫码。') })
  return { me, perhaps, roles, goodbye, start, load, touch, left, drop, leave }
})
