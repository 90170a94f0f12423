import { computed, ref, shallowRef } from 'vue'
import { call } from '../../api/session'
import type { CheckinResult, Visit } from '../../api/types'
import { checkInSelf, sound } from '../../composables/useCheckin'
import { fullWhen, time } from '../../composables/date'
import { clauses, toTrouble, type Trouble } from '../../composables/problem'
import { useSession } from '../../composables/useSession'
import { useSubmit } from '../../composables/useSubmit'

export type Stage = 'opening' | 'error' | 'unbound' | 'people' | 'sending' | 'result' | 'annulled'
type Someone = { person_id: string; name: string; present_at?: string | null }

/** How long 「我点错了」 stays possible for the member; the server has the last word. */
const REGRET = 10 * 60_000

/**
 * From a scanned venue code to the result: the code becomes a visit, a single person is signed in
 * on arrival, several are offered as buttons, and whoever is unknown may register on the way.
 */
export function useVisit() {
  const session = useSession()
  const stage = ref<Stage>('opening')
  const trouble = shallowRef<Trouble>()
  const visit = shallowRef<Visit>()
  const result = shallowRef<CheckinResult>()
  const current = shallowRef<Someone>()
  const slow = ref(false)
  const people = ref<Someone[]>([])
  let token = ''

  const next = computed(() => people.value.find((p) => !p.present_at && p.person_id !== current.value?.person_id))
  const tone = computed(() => {
    const answer = result.value?.answer
    return answer === 'ok' ? 'ok' : answer === 'already' ? 'already' : answer === 'on_leave' ? 'ask' : 'stop'
  })
  const word = computed(() => {
    const r = result.value
    if (!r) return ''
    if (r.answer === 'ok') return '签到成功'
    if (r.answer === 'already' && r.first) return `您已在${time(r.first.at)}签到`
    if (r.answer === 'on_leave') return '您请过假'
    return clauses(r.message).first
  })
  const rest = computed(() => (tone.value === 'stop' ? clauses(result.value?.message ?? '').rest : ''))
  const regrettable = computed(
    () =>
      result.value?.answer === 'ok' &&
      !!result.value.person &&
      Date.now() - Date.parse(result.value.happened_at ?? '') < REGRET,
  )

  async function open(q: string) {
    token = q
    stage.value = 'opening'
    try {
      await session.ready()
      const got = await call('POST /visits', { body: { token } })
      visit.value = got
      people.value = got.people ?? []
      if (!got.ticket) return show(unadmitted(got))
      if (!people.value.length) return void (stage.value = 'unbound')
      await arrive()
    } catch (err) {
      trouble.value = toTrouble(err)
      stage.value = 'error'
    }
  }

  async function arrive() {
    if (people.value.length === 1) return signIn(people.value[0])
    stage.value = 'people'
  }

  /** Back from registering: the ticket still holds, only the people are new. */
  async function resume() {
    if (stage.value !== 'unbound') return
    await session.reload().catch(() => {})
    if (!session.bound) return
    people.value = session.persons.map((p) => ({ person_id: p.id, name: p.name }))
    await arrive()
  }

  async function signIn(person: Someone, insisted = false) {
    if (stage.value === 'sending') return
    current.value = person
    stage.value = 'sending'
    slow.value = false
    const timer = setTimeout(() => (slow.value = true), 4000)
    try {
      show(await checkInSelf(visit.value!.ticket!, person, insisted))
    } catch (err) {
      trouble.value = toTrouble(err)
      stage.value = 'error'
    } finally {
      clearTimeout(timer)
    }
  }

  function show(got: CheckinResult) {
    result.value = got
    stage.value = 'result'
    if (got.answer === 'ok' || got.answer === 'already') {
      const at = got.first?.at ?? got.happened_at ?? new Date().toISOString()
      people.value = people.value.map((p) => (p.person_id === current.value?.person_id ? { ...p, present_at: at } : p))
    }
    sound(got)
  }

  const annul = useSubmit(async () => {
    const r = result.value!
    await call('POST /lists/{id}/check-ins/{person_id}/annul', {
      path: { id: r.list_id ?? visit.value!.list_id, person_id: r.person!.id },
      body: { reason: '本人说点错了' },
    })
    people.value = people.value.map((p) => (p.person_id === r.person!.id ? { ...p, present_at: null } : p))
    stage.value = 'annulled'
  })

  /** Had excused themselves, and stands at the door. */
  const come = () => signIn(current.value!, true)

  const at = computed(() => {
    const r = result.value
    return r?.answer === 'ok' && r.happened_at ? fullWhen(r.happened_at) : ''
  })

  return {
    stage, trouble, visit, result, current, people, slow, next, tone, word, rest, at, regrettable,
    annul, come, session, open, resume, signIn,
    again: () => open(token),
  }
}

/** A code that opens no visit is shown like any other answer. */
function unadmitted(v: Visit): CheckinResult {
  return {
    answer: v.answer === 'ok' ? 'invalid_code' : v.answer,
    message: v.message,
    nonce: '',
    list_id: v.list_id,
    happened_at: new Date().toISOString(),
    activity: v.activity,
  }
}
