import { computed, reactive } from 'vue'
import type { NoticeView } from '../../api/types'
import { fullWhen, spokenTime } from '../../composables/date'
import { timesOf, useTimes } from './times'

type Event = { starts_at: string; ends_at: string; place: string }

/** When and where, in one line each. */
export const whenLine = (a: { starts_at: string; ends_at: string }): string => `${fullWhen(a.starts_at)} 到${spokenTime(a.ends_at)}`

/** What is different, as readers will see it. */
export function differences(was: Event, is: Event): { before: string; after: string }[] {
  const pairs = [[whenLine(was), whenLine(is)], [was.place, is.place]]
  return pairs.filter(([before, after]) => before !== after).map(([before, after]) => ({ before, after }))
}

/** Others of the activities that take place at the same time. */
export function clashes<A extends { id: string; starts_at: string; ends_at: string }>(own: string, is: Event, all: A[]): A[] {
  const [from, to] = [Date.parse(is.starts_at), Date.parse(is.ends_at)]
  return all.filter((a) => a.id !== own && Date.parse(a.starts_at) < to && Date.parse(a.ends_at) > from)
}

/** The new time and place: kept while the page 什么时候 is open. */
const form = reactive({ notice: '', place: '', day: Date.now(), minutes: 0, length: 0 })

export function useMove() {
  const times = useTimes(form)
  const now = computed<Event>(() => ({ place: form.place.trim(), starts_at: times.starts.value, ends_at: times.ends.value }))
  return {
    form, now, ...times,
    fill: (n: NoticeView, at: Event = n.activity!) => Object.assign(form, { notice: n.id, place: at.place }, timesOf(at)),
    clear: () => (form.notice = ''),
  }
}
