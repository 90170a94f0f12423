import { computed } from 'vue'
import { call } from '../../api/session'
import type { Answer } from '../../api/types'
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

  const page = usePage(async () => {
    await session.ready()
    void prepareTemplates()
    const notice = await call('GET /notices/{id}', { path: { id: id() } })
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
  const people = computed(() => page.data.value?.people ?? [])
  const open = computed(
    () => !!activity.value && !isPast(activity.value.ends_at) && activity.value.state !== 'cancelled',
  )

  const answer = useSubmit(
    async (person: string, word: Answer, reason: string) => {
      if (!reason && word === 'going') askTemplates('answer')
      await call('PUT /activities/{id}/answers/{person_id}', {
        path: { id: activity.value!.id, person_id: person },
        body: { answer: word, reason },
      })
      const notice = page.data.value!
      page.data.value = {
        ...notice,
        people: notice.people.map((p) => (p.person_id === person ? { ...p, answer: word, reason } : p)),
      }
    },
    (person, word, reason) => `${person}:${reason ? 'reason' : word}`,
  )

  const calendar = useSubmit(async () => {
    const a = activity.value!
    await platform.calendar({
      title: a.title,
      place: a.place,
      note: page.data.value!.body,
      starts_at: a.starts_at,
      ends_at: a.ends_at,
    })
  })

  const copyPlace = useSubmit(() => platform.copy(activity.value!.place))

  return { ...page, activity, people, open, answer, calendar, copyPlace, session }
}
