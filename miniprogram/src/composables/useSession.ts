import { computed, ref, shallowRef } from 'vue'
import { defineStore } from 'pinia'
import { lastMe, loadMe } from '../api/session'
import type { Help, Me, Person, Role, RoleGrant } from '../api/types'
import { toTrouble, type Trouble } from './problem'
import type { State } from './usePage'

const office: Help = {
  name: import.meta.env.VITE_HELP_NAME ?? '老干部局',
  phone: import.meta.env.VITE_HELP_PHONE ?? '',
}

export interface SessionStore {
  me: Me | undefined
  state: State
  trouble: Trouble | undefined
  online: boolean
  persons: Person[]
  /** The owner of the phone, or whoever stands first. */
  self: Person | undefined
  bound: boolean
  works: boolean
  /** Whom to call: the own liaison, else the office. */
  help: Help
  roles(role: Role): RoleGrant[]
  has(role: Role): boolean
  set(me: Me): void
  /** Loads the account once; every page calls it first and shares the one request. */
  ready(): Promise<void>
  reload(): Promise<void>
}

const define = defineStore('session', () => {
  const me = shallowRef<Me>()
  const state = ref<State>('idle')
  const trouble = shallowRef<Trouble>()
  const online = ref(true)
  let pending: Promise<void> | undefined

  const persons = computed(() => me.value?.persons ?? [])
  const self = computed(() => persons.value.find((p) => p.relation === 'self') ?? persons.value[0])
  const bound = computed(() => persons.value.length > 0)
  const works = computed(() => has('head') || has('liaison') || has('lead_staff') || has('committee_staff') || has('viewer'))
  const help = computed<Help>(() => {
    const given = me.value?.help
    return given?.phone ? given : office
  })

  function roles(role: Role): RoleGrant[] {
    return (me.value?.roles ?? []).filter((r) => r.role === role)
  }
  function has(role: Role): boolean {
    return roles(role).length > 0
  }

  function set(next: Me) {
    me.value = next
    state.value = 'done'
  }

  function ready(): Promise<void> {
    if (me.value) return Promise.resolve()
    return (pending ??= reload().finally(() => (pending = undefined)))
  }

  async function reload(): Promise<void> {
    if (!me.value) state.value = 'loading'
    try {
      set(await loadMe())
      trouble.value = undefined
    } catch (err) {
      const known = lastMe()
      if (!known) {
        trouble.value = toTrouble(err)
        state.value = 'error'
        throw err
      }
      set(known)
    }
  }

  return { me, state, trouble, online, persons, self, bound, works, help, roles, has, set, ready, reload }
})

/**
 * Who is using this phone, and for whom. The shape is spelled out because pinia's types for
 * computed members need a newer Vue than uni-app's.
 */
export const useSession = (): SessionStore => define() as unknown as SessionStore
