import { computed, ref, shallowRef } from 'vue'
import { call } from '../../api/session'
import type { CheckinResult } from '../../api/types'
import { checkInAt, sound, type Desk } from '../../composables/useCheckin'
import { time } from '../../composables/date'
import { useSubmit } from '../../composables/useSubmit'
import { doors } from '../../composables/words'

/** Signing people in at the desk: by their code, by their name, or as somebody not on the list. */
export function useDesk(list: () => string) {
  const result = shallowRef<CheckinResult>()
  const last = shallowRef<Desk>()
  const sending = ref(false)

  const send = useSubmit(async (item: Desk, name: string) => {
    last.value = item
    sending.value = true
    try {
      const got = await checkInAt(list(), item, name)
      result.value = got
      sound(got)
    } finally {
      sending.value = false
    }
  })

  /** The same attempt again with the liaison's word that it is right. */
  const insist = (extra: Partial<Desk>) => {
    const item = { ...last.value!, ...extra }
    // A person that the server has named is surer than the code that led there.
    if (result.value?.person) {
      delete item.code
      delete item.query
      item.person_id = result.value.person.id
    }
    return send.run(item, result.value?.person?.name ?? '')
  }

  const annul = useSubmit(async (person: string) => {
    await call('POST /lists/{id}/check-ins/{person_id}/annul', {
      path: { id: list(), person_id: person },
      body: { reason: '工作人员点错了' },
    })
  })

  const tone = computed(() =>
    ({ ok: 'ok', already: 'already', on_leave: 'ask', not_on_list: 'ask' } as const)[result.value?.answer as 'ok'] ?? 'stop',
  )
  const word = computed(() => says(result.value))

  return { result, send, sending, insist, annul, tone, word, last }
}

export function says(r: CheckinResult | undefined): string {
  if (!r) return ''
  if (r.answer === 'ok') return '签到成功'
  if (r.answer === 'already' && r.first) return `${time(r.first.at)}已经签过`
  if (r.answer === 'on_leave') return '请过假'
  return r.message
}

export function firstLine(r: CheckinResult | undefined): string {
  return r?.first ? `${doors[r.first.door] ?? ''} ${r.first.by ?? ''}`.trim() : ''
}
