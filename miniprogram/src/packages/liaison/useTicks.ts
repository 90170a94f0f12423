import { computed, reactive, ref, shallowRef } from 'vue'
import { call } from '../../api/session'
import type { CheckinResult, RosterRow } from '../../api/types'
import { checkInAt, type Desk } from '../../composables/useCheckin'
import { toTrouble, type Trouble } from '../../composables/problem'
import { says } from './useDesk'

type Person = Pick<RosterRow, 'person_id' | 'name' | 'present_at'>

/**
 * Ticking names one after the other without waiting: each tick counts at once and is sent through the
 * phone's queue; one that the server refuses is taken off again and named.
 */
export function useTicks(list: () => string) {
  const ticked = reactive(new Map<string, string>())
  const undone = reactive(new Set<string>())
  const order = ref<string[]>([])
  const refused = ref<{ id: string; name: string; why: string }[]>([])
  const trouble = shallowRef<Trouble>()

  const here = (p: Person) => ticked.has(p.person_id) || (!!p.present_at && !undone.has(p.person_id))

  async function tick(p: Person, item: Omit<Desk, 'person_id'>): Promise<CheckinResult | undefined> {
    const at = item.happened_at ?? new Date().toISOString()
    trouble.value = undefined
    undone.delete(p.person_id)
    ticked.set(p.person_id, at)
    order.value = [...order.value, p.person_id]
    refused.value = refused.value.filter((r) => r.id !== p.person_id)
    try {
      const sent = await checkInAt(list(), { ...item, person_id: p.person_id }, p.name, p.person_id)
      const got = await sent.answer
      if (got.answer !== 'ok' && got.answer !== 'already') drop(p, says(got))
      return got
    } catch (err) {
      const t = toTrouble(err)
      drop(p, t.what)
      return undefined
    }
  }

  function forget(id: string) {
    ticked.delete(id)
    order.value = order.value.filter((one) => one !== id)
  }
  function drop(p: Person, why: string) {
    forget(p.person_id)
    refused.value = [...refused.value, { id: p.person_id, name: p.name, why }]
  }

  /** Takes somebody back; false where that did not work, with the reason in trouble. */
  async function undo(p: Person): Promise<boolean> {
    trouble.value = undefined
    try {
      await call('POST /lists/{id}/check-ins/{person_id}/annul', {
        path: { id: list(), person_id: p.person_id },
        body: { reason: '工作人员点错了' },
      })
    } catch (err) {
      trouble.value = toTrouble(err)
      return false
    }
    forget(p.person_id)
    undone.add(p.person_id)
    return true
  }

  /** A fresh roster knows by itself of what was taken back. */
  function settle(rows: Person[]) {
    for (const r of rows) if (!r.present_at) undone.delete(r.person_id)
  }

  const last = computed(() => order.value[order.value.length - 1] ?? '')
  return { ticked, order, last, refused, trouble, here, tick, undo, settle, at: (p: Person) => ticked.get(p.person_id) ?? p.present_at ?? '' }
}
