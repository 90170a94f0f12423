import { computed, ref, shallowRef } from 'vue'
import { call } from '../../api/session'
import type { Activity, Said } from '../../api/types'
import { isPast } from '../../composables/date'
import { usePage } from '../../composables/usePage'
import { useSession } from '../../composables/useSession'
import { useSubmit } from '../../composables/useSubmit'
import { askTemplates, prepareTemplates } from '../../composables/useTemplates'
import { platform } from '../../platform'

export type Via = 'inbox' | 'push' | 'group'

/** One notice: opening it marks it read, each answer is one call. */
export function useNotice(id: () => string, via: () => Via, card: () => string = () => '') {
  const session = useSession()
  let marked = false
  /** The activity itself knows places, companions and who waits; without it the notice still says the rest. */
  const hall = shallowRef<Activity>()

  const page = usePage(async () => {
    await session.ready()
    void prepareTemplates()
    const notice = await call('GET /notices/{id}', { path: { id: id() } })
    if (notice.activity) hall.value = await call('GET /activities/{id}', { path: { id: notice.activity.id } }).catch(() => undefined)
    void mark()
    return notice
  })

  /** Opening is reading. A failure here is no news for the reader; the next opening repeats it. */
  async function mark() {
    if (marked || !session.bound) return
    marked = true
    try {
      const group = via() === 'group' ? await platform.groupInfo() : undefined
      const from = group && { ...group, ...(card() && { card_id: card() }) }
      await call('POST /notices/{id}/read', { path: { id: id() }, body: { via: via(), group: from } })
    } catch {
      marked = false
    }
  }

  const activity = computed(() => page.data.value?.activity ?? undefined)
  const places = computed(() => hall.value?.places)
  const people = computed(() =>
    (page.data.value?.people ?? []).map((p) => ({ ...p, ...hall.value?.mine.find((m) => m.person_id === p.person_id) })),
  )
  const open = computed(
    () => !!activity.value && !isPast(activity.value.ends_at) && activity.value.state !== 'cancelled',
  )
  /** Until then one answers by oneself, afterwards through the liaison. */
  const late = computed(() => !!places.value?.answer_until && isPast(places.value.answer_until))

  const answer = useSubmit(
    async (who: string[], said: Said) => {
      if (said.answer === 'going' && !('companions' in said) && !('lift' in said)) askTemplates('answer')
      const path = { id: activity.value!.id }
      hall.value =
        who.length > 1
          ? await call('PUT /activities/{id}/answers', { path, body: { items: who.map((person_id) => ({ person_id, ...said })) } })
          : await call('PUT /activities/{id}/answers/{person_id}', { path: { ...path, person_id: who[0] }, body: said })
    },
    (who, said) => `${who.length > 1 ? 'all' : who[0]}:${said.reason ? 'reason' : said.answer}`,
  )

  const added = ref(false)
  const calendar = useSubmit(async () => {
    const a = activity.value!
    added.value = await platform.calendar({
      title: a.title,
      place: a.place,
      note: page.data.value!.body,
      starts_at: a.starts_at,
      ends_at: a.ends_at,
    })
  })

  const copyPlace = useSubmit(() => platform.copy(activity.value!.place))

  return { ...page, activity, hall, places, people, open, late, answer, calendar, added, copyPlace, session }
}
