import { computed, ref, shallowRef } from 'vue'
import { call } from '../../api/session'
import type { CheckinResult } from '../../api/types'
import { checkInAt, heldAt, hold, reachable, sound, type Desk, type Sent } from '../../composables/useCheckin'
import { time } from '../../composables/date'
import { clauses, toTrouble, type Trouble } from '../../composables/problem'
import type { State } from '../../composables/usePage'
import { useSubmit } from '../../composables/useSubmit'
import { doors } from '../../composables/words'

export type Tone = 'ok' | 'already' | 'ask' | 'stop'
/** `kept`: the phone's own word, given without network. */
export type DeskResult = CheckinResult & { kept?: boolean }
/** Whom the phone knows to stand there, without asking. */
export interface Known { person_id: string; name: string; unit: string; present?: boolean }

const tones: Record<string, Tone> = { ok: 'ok', already: 'already', on_leave: 'ask', not_on_list: 'ask' }
export const toneOf = (r: DeskResult | undefined): Tone => tones[r?.answer ?? ''] ?? 'stop'

/** How long the door waits for the server's word before it gives its own, and when that had failed before. */
const PATIENCE = 3000
const SHORT = 700

/**
 * Signing people in at the desk: by their code, by their name, or as somebody not on the list.
 * Where the server does not answer in time, the phone answers from what it has stored.
 */
export function useDesk(list: () => string) {
  const result = shallowRef<DeskResult>()
  const last = shallowRef<Desk>()
  const state = ref<State>('idle')
  const trouble = shallowRef<Trouble>()
  let turn = 0

  /** True when this attempt, and no later one, has got its answer. A later one may begin at any time. */
  async function send(item: Desk, name: string, known?: () => Known | undefined): Promise<boolean> {
    const mine = ++turn
    last.value = item
    state.value = 'loading'
    trouble.value = undefined
    try {
      const person = known?.()
      const sent = await checkInAt(list(), item, person?.name || name, person?.person_id || undefined)
      const got = (await inTime(sent)) ?? (await onOwnWord(sent, item, name, person))
      if (mine !== turn) return false
      result.value = got
      state.value = 'done'
      sound(got)
      return true
    } catch (err) {
      if (mine !== turn) return false
      trouble.value = toTrouble(err)
      state.value = 'error'
      return false
    }
  }

  /** The server's answer, or undefined when it takes too long or cannot be had. */
  async function inTime(sent: Sent): Promise<DeskResult | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), reachable.value ? PATIENCE : SHORT)))
    sent.answer.catch(() => {})
    try {
      return await Promise.race([sent.answer, sent.failed.then(() => undefined), late])
    } finally {
      clearTimeout(timer)
    }
  }

  async function onOwnWord(sent: Sent, item: Desk, name: string, known: Known | undefined): Promise<DeskResult> {
    // No room on the phone: the answer is all there is to wait for, and nothing is promised.
    if (!hold(sent.nonce)) return sent.answer
    const base = { kept: true, nonce: sent.nonce, list_id: list(), happened_at: sent.at, message: '' }
    if (!known) {
      // A name that the list does not have is on the phone as it was written, for the server to find.
      return item.walk_in ? { ...base, answer: 'ok', person: { id: '', name, unit: '' } } : { ...base, answer: 'unknown' }
    }
    const before = known.present || heldAt(list()).some((a) => a.nonce !== sent.nonce && a.about === known.person_id)
    return { ...base, answer: before ? 'already' : 'ok', person: { id: known.person_id, name: known.name, unit: known.unit } }
  }

  /** The same attempt again with the liaison's word that it is right. */
  const insist = (extra: Partial<Desk>, about: DeskResult | undefined = result.value, was: Desk | undefined = last.value) => {
    const item = { ...was!, ...extra }
    const person = about?.person
    // A person that the server has named is surer than the code that led there.
    if (person) {
      delete item.code
      delete item.query
      item.person_id = person.id
      item.door = 'roster'
    }
    return send(item, person?.name ?? '', person && (() => ({ person_id: person.id, name: person.name, unit: person.unit })))
  }

  const annul = useSubmit(async (person: string) => {
    await call('POST /lists/{id}/check-ins/{person_id}/annul', {
      path: { id: list(), person_id: person },
      body: { reason: '工作人员点错了' },
    })
  })

  const tone = computed(() => toneOf(result.value))
  const word = computed(() => clauses(says(result.value)).first)
  const rest = computed(() => clauses(says(result.value)).rest)

  return { result, last, send, state, trouble, insist, annul, tone, word, rest }
}

/** Where the server's sentence sends the member to the staff, the staff need words of their own. */
const staffWords: Record<string, string> = {
  unknown: '花名册里没有这位同志，请先记在纸上',
  inactive: '这位同志已不在册，请先记在纸上',
  invalid_code: '这不是签到码，请在点名册里找名字',
  too_late: '签到已经结束',
}

export function says(r: DeskResult | undefined): string {
  if (!r) return ''
  if (r.kept) return r.answer === 'ok' ? '已记在手机上' : r.answer === 'already' ? '刚才已经签过' : '认不出这个码'
  if (r.answer === 'ok') return '签到成功'
  if (r.answer === 'already' && r.first) return `${time(r.first.at)}已经签过`
  if (r.answer === 'on_leave') return '请过假'
  return staffWords[r.answer] ?? r.message
}

export function firstLine(r: CheckinResult | undefined): string {
  return r?.first ? `${doors[r.first.door] ?? ''} ${r.first.by ?? ''}`.trim() : ''
}
