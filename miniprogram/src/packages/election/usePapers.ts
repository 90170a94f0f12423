import { computed, reactive, ref } from 'vue'
import { call } from '../../api/session'
import type { Election, ElectionVoter } from '../../api/types'
import { usePage } from '../../composables/usePage'
import { useSession } from '../../composables/useSession'
import { useSubmit } from '../../composables/useSubmit'

/** Fewer papers of one unit than this go sealed to the lead unit: the hand would give them away. */
const FEWEST = 3

/** Paper ballots: who holds one, and the pile that is entered. */
export function usePapers(id: () => string) {
  const session = useSession()
  const told = ref('')
  const pile = reactive<Record<string, number>>({})

  const page = usePage<{ election: Election; voters: ElectionVoter[] }>(async () => {
    await session.ready()
    const [election, voters] = await Promise.all([
      call('GET /elections/{id}', { path: { id: id() } }),
      call('GET /elections/{id}/voters', { path: { id: id() } }),
    ])
    return { election, voters: voters.items }
  })

  /** Whoever keeps the whole alliance enters what is out everywhere, a liaison the own unit's pile. */
  const whole = computed(() => session.has('lead_staff') || session.has('committee_staff'))
  const unit = computed(() => (whole.value ? '' : (session.roles('liaison')[0]?.unit_id ?? '')))
  const out = computed(() => (page.data.value?.voters ?? []).filter((v) => v.state === 'paper_out'))
  const sealed = computed(() => !whole.value && out.value.length > 0 && out.value.length < FEWEST)
  const entered = computed(() => Object.values(pile).reduce((sum, n) => sum + n, 0))

  const hand = useSubmit(
    async (v: ElectionVoter) => {
      const path = { id: id(), person_id: v.person_id }
      if (v.state === 'paper_out') {
        await call('DELETE /elections/{id}/voters/{person_id}/paper', { path })
        told.value = `${v.name}退回了纸票`
      } else {
        await call('PUT /elections/{id}/voters/{person_id}/paper', { path })
        told.value = `${v.name}领了纸票`
      }
      await page.renew()
    },
    (v) => v.person_id,
  )

  const enter = useSubmit(async () => {
    const votes = page.data.value!.election.candidates.map((c) => ({ person_id: c.person_id, votes: pile[c.person_id] ?? 0 }))
    const n = entered.value
    await call('POST /elections/{id}/papers', { path: { id: id() }, body: { unit_id: unit.value || undefined, votes, blank: pile.blank ?? 0 } })
    for (const key of Object.keys(pile)) delete pile[key]
    told.value = `${n}张纸票已录入`
    await page.renew()
  })

  function step(key: string, by: number) {
    pile[key] = Math.max(0, Math.min(out.value.length, (pile[key] ?? 0) + by))
  }

  return { ...page, told, pile, out, sealed, entered, hand, enter, step }
}
