import { computed, ref, shallowRef } from 'vue'
import { call } from '../../api/session'
import type { CheckinResult } from '../../api/types'
import { checkInAt, sound, type Desk } from '../../composables/useCheckin'
import { time } from '../../composables/date'
import { clauses, toTrouble, type Trouble } from '../../composables/problem'
import type { State } from '../../composables/usePage'
import { useSubmit } from '../../composables/useSubmit'
import { doors } from '../../composables/words'

type Tone = 'ok' | 'already' | 'ask' | 'stop'
const tones: Record<string, Tone> = { ok: 'ok', already: 'already', on_leave: 'ask', not_on_list: 'ask' }

/**
 * Signing people in at the desk: by their code, by their name, or as somebody not on the list.
 * A slow network holds nobody up: the attempt is kept, and the next one may begin.
 */
export function useDesk(list: () => string) {
  const result = shallowRef<CheckinResult>()
  const last = shallowRef<Desk>()
  const state = ref<State>('idle')
  const trouble = shallowRef<Trouble>()
  const slow = ref(false)
  let turn = 0

  /** True when this attempt, and no later one, has got its answer. */
  async function send(item: Desk, name: string): Promise<boolean> {
    if (state.value === 'loading' && !slow.value) return false
    const mine = ++turn
    last.value = item
    state.value = 'loading'
    trouble.value = undefined
    slow.value = false
    const timer = setTimeout(() => mine === turn && (slow.value = true), 3000)
    try {
      const got = await checkInAt(list(), item, name)
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
    } finally {
      clearTimeout(timer)
    }
  }

  /** The same attempt again with the liaison's word that it is right. */
  const insist = (extra: Partial<Desk>) => {
    const item = { ...last.value!, ...extra }
    // A person that the server has named is surer than the code that led there.
    if (result.value?.person) {
      delete item.code
      delete item.query
      item.person_id = result.value.person.id
    }
    return send(item, result.value?.person?.name ?? '')
  }

  const annul = useSubmit(async (person: string) => {
    await call('POST /lists/{id}/check-ins/{person_id}/annul', {
      path: { id: list(), person_id: person },
      body: { reason: '工作人员点错了' },
    })
  })

  const tone = computed(() => tones[result.value?.answer ?? ''] ?? 'stop')
  const word = computed(() => clauses(says(result.value)).first)
  const rest = computed(() => clauses(says(result.value)).rest)

  return { result, send, state, trouble, slow, insist, annul, tone, word, rest }
}

/** Where the server's sentence sends the member to the staff, the staff need words of their own. */
const staffWords: Record<string, string> = {
  unknown: '花名册里没有这位同志，请先记在纸上',
  inactive: '这位同志已不在册，请先记在纸上',
  invalid_code: '这不是签到码，请在点名册里找名字',
  too_late: '签到已经结束',
}

export function says(r: CheckinResult | undefined): string {
  if (!r) return ''
  if (r.answer === 'ok') return '签到成功'
  if (r.answer === 'already' && r.first) return `${time(r.first.at)}已经签过`
  if (r.answer === 'on_leave') return '请过假'
  return staffWords[r.answer] ?? r.message
}

export function firstLine(r: CheckinResult | undefined): string {
  return r?.first ? `${doors[r.first.door] ?? ''} ${r.first.by ?? ''}`.trim() : ''
}
