import { computed, ref, shallowRef } from 'vue'
import { Problem } from '../../api/client'
import { call, lastMe } from '../../api/session'
import type { CheckinResult, Visit } from '../../api/types'
import { checkInSelf, late, sound } from '../../composables/useCheckin'
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
  /** The server could not be reached at the scan: the code and its time are kept instead of a ticket. */
  const kept = ref(false)
  let token = ''
  let scene: number | undefined
  let scanned = ''
  let gone = false

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

  /** `scene`: in which WeChat opened the page by itself; it knows whether the code came from a picture. */
  async function open(q: string, by?: number) {
    if (token !== q || !scanned) scanned = new Date().toISOString()
    token = q
    scene = by
    kept.value = false
    stage.value = 'opening'
    try {
      const got = await soon(session.ready().then(() => call('POST /visits', { body: { token, scene } })))
      visit.value = got
      people.value = got.people ?? []
      if (!got.ticket) return show(unadmitted(got))
      if (!people.value.length) return void (stage.value = 'unbound')
      await arrive()
    } catch (err) {
      if (unreached(err) && keep()) return void (await arrive())
      trouble.value = toTrouble(err)
      stage.value = 'error'
    }
  }

  /** Those whom the last visit knew stand in for the server's answer. */
  function keep(): boolean {
    const known = session.persons.length ? session.persons : (lastMe()?.persons ?? [])
    if (!known.length) return false
    kept.value = true
    visit.value = undefined
    people.value = known.map((p) => ({ person_id: p.id, name: p.name }))
    return true
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
    const timer = setTimeout(() => (slow.value = true), kept.value ? 800 : 4000)
    const by = kept.value ? { token, at: scanned } : { ticket: visit.value!.ticket! }
    try {
      const got = await checkInSelf(by, person, insisted)
      if (!gone && current.value === person) return show(got)
      // The page has been left, or another person has it: the answer stands on the first page.
      mark(person, got)
      late.value = { result: got, name: person.name }
    } catch (err) {
      trouble.value = toTrouble(err)
      stage.value = 'error'
    } finally {
      clearTimeout(timer)
    }
  }

  function mark(person: Someone | undefined, got: CheckinResult) {
    if (got.answer !== 'ok' && got.answer !== 'already') return
    const at = got.first?.at ?? got.happened_at ?? new Date().toISOString()
    people.value = people.value.map((p) => (p.person_id === person?.person_id ? { ...p, present_at: at } : p))
  }

  function show(got: CheckinResult) {
    result.value = got
    stage.value = 'result'
    mark(current.value, got)
    sound(got)
  }

  /** While the first one waits for the network, the next may be signed in. */
  function signInNext(person: Someone) {
    people.value = people.value.map((p) => (p.person_id === current.value?.person_id ? { ...p, present_at: p.present_at ?? scanned } : p))
    stage.value = 'people'
    return signIn(person)
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
    stage, trouble, visit, result, current, people, slow, kept, next, tone, word, rest, at, regrettable,
    annul, come, session, open, resume, signIn, signInNext,
    again: () => open(token, scene),
    leave: () => (gone = true),
  }
}

/** How long a scan waits for its visit before the code itself is kept. */
const PATIENCE = 4000

function soon<T>(asked: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Problem(0, 'client.timeout', '等了很久，还没有回音')), PATIENCE)
    asked.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** No answer, or one that only says that the server is not there. */
function unreached(err: unknown): boolean {
  return err instanceof Problem ? err.status === 0 || err.status >= 500 : (err as { code?: string })?.code === 'client.offline'
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
