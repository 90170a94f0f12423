import { computed, effectScope, ref, shallowRef } from 'vue'
import { call } from '../../api/session'
import type { Audience, Choices, Kind, NoticeView } from '../../api/types'
import { addDays, instant, minutesOfDay } from '../../composables/date'
import { useDraft } from '../../composables/useDraft'
import { useSession } from '../../composables/useSession'
import { platform } from '../../platform'
import { useSubmit } from '../../composables/useSubmit'
import { templates, type Choice } from './templates'

const HALF = 30
const EARLIEST = 5 * 60
const LATEST = 23 * 60 + HALF
const QUARTER_HOUR = 15 * 60_000

/** In three days at nine; in the demo at the next half hour that is a quarter of an hour away. */
export function firstStart(soon: boolean, now: number = Date.now()): { day: number; minutes: number } {
  if (!soon) return { day: addDays(now, 3), minutes: 9 * 60 }
  const slot = HALF * 60_000
  const at = Math.ceil((now + QUARTER_HOUR) / slot) * slot
  return { day: at, minutes: minutesOfDay(at) }
}

export interface Form {
  alliance: string
  choice: Choice | ''
  title: string
  place: string
  day: number
  minutes: number
  length: number
  body: string
  notice: string
  activity: string
  audience: Audience
  /** The audience as the server has it, so that it is told only of changes. */
  told: string
}

function empty(): Form {
  return {
    alliance: '', choice: '', title: '', place: '', ...firstStart(platform.soon),
    length: 120, body: '', notice: '', activity: '', audience: { kind: 'alliance' }, told: '',
  }
}

/** Among whom a notice can choose, by alliance: shared by the pages, asked for anew with each visit. */
const known = shallowRef<{ alliance: string; choices: Choices }>()

/** How many people an audience has, and how many of them must be called. */
export function countOf(c: Choices, a: Audience): { people: number; calls: number } {
  if (a.kind === 'alliance') return { people: c.people, calls: c.calls }
  const list = a.kind === 'units' ? c.units : a.kind === 'branches' ? c.branches : c.silent
  const named = a.kind === 'silent' ? [a.follows_id] : (a.ids ?? [])
  // Who is in two of the teams is told once.
  const counted = a.kind === 'teams' ? c.team_sets.filter((s) => s.names.some((t) => a.teams?.includes(t))) : list.filter((p) => named.includes(p.id))
  return counted.reduce((n, p) => ({ people: n.people + p.people, calls: n.calls + p.calls }), { people: 0, calls: 0 })
}

/** 发给3个单位 */
export function audienceWord(a: Audience, all: string): string {
  const n = (a.kind === 'teams' ? a.teams : a.ids)?.length ?? 0
  return { alliance: `发给${all}全体`, units: `发给${n}个单位`, branches: `发给${n}个支部`, teams: `发给${n}个兴趣队`, alliances: `发给${n}个联盟`, silent: '发给还没答复的' }[a.kind]
}

/** 将通知37人，其中5人要打电话 */
export function countLine(n: { people: number; calls: number }): string {
  return `将通知${n.people}人${n.calls ? `，其中${n.calls}人要打电话` : ''}`
}

/** The draft as the server has it: with its pictures, and whether somebody has to approve it. */
const stored = shallowRef<NoticeView>()

let draft: ReturnType<typeof useDraft<Form>> | undefined

/**
 * The notice being written, one for all pages that write it. It survives leaving them; 先存起来 also
 * puts it on the server.
 */
export function useCompose() {
  const session = useSession()
  const { form, clear } = (draft ??= effectScope(true).run(() => useDraft<Form>('notice', empty))!)
  const missing = ref<Record<string, string>>({})

  const starts = computed(() => instant(form.day, form.minutes))
  const ends = computed(() => instant(form.day, form.minutes + form.length))
  // A role's label ends in the post; readers are told of the alliance alone.
  const alliances = computed(() =>
    [...session.roles('head'), ...session.roles('lead_staff')].map((r) => ({
      alliance_id: r.alliance_id ?? '',
      label: session.persons.find((p) => p.alliance_id === r.alliance_id)?.alliance ?? r.label.split(' ')[0],
    })),
  )
  const alliance = computed(
    () => alliances.value.find((a) => a.alliance_id === form.alliance) ?? alliances.value[0],
  )

  /** A draft may have been left lying until its own day had passed. */
  function renewDay() {
    if (Date.parse(starts.value) < Date.now()) Object.assign(form, firstStart(platform.soon))
  }
  renewDay()

  /** Most meetings are held in the alliance's own room: say so until somebody says otherwise. */
  async function suggestPlace() {
    const id = alliance.value?.alliance_id
    if (form.place || !id) return
    const home = await call('GET /alliances/{id}', { path: { id } }).catch(() => undefined)
    if (home?.venue && !form.place) form.place = home.venue
  }

  const choices = computed(() => (known.value?.alliance === alliance.value?.alliance_id ? known.value?.choices : undefined))
  const count = computed(() => choices.value && countOf(choices.value, form.audience))

  /** Counting is a help, never a condition: without it the notice can be written all the same. */
  async function countPeople() {
    const id = alliance.value?.alliance_id
    if (!id) return
    const got = await call('GET /alliances/{id}/notice-choices', { path: { id } }).catch(() => undefined)
    if (got) known.value = { alliance: id, choices: got }
  }

  /** Begins a notice to those who have not answered to another one. */
  async function follow(id: string) {
    const n = await call('GET /notices/{id}', { path: { id } })
    Object.assign(form, empty(), {
      alliance: n.alliance_id, choice: 'plain', title: `请答复：${n.title}`.slice(0, 30),
      body: '您还没有告诉我们来不来。\n请点开，点参加或请假。\n不方便点的，打个电话也行。', audience: { kind: 'silent', follows_id: id },
    })
  }

  function choose(choice: string) {
    const next = templates[choice as Choice]
    const before = form.choice ? templates[form.choice] : undefined
    // Own words stay; only what still is the former template gives way.
    if (!form.title || form.title === before?.title) form.title = next.title
    if (!form.body || form.body === before?.body) form.body = next.body
    if (next.hours) form.length = next.hours * 60
    form.choice = choice as Choice
  }

  function moveDay(days: number) {
    const next = addDays(form.day, days)
    form.day = Math.max(next, Date.now())
  }
  function moveTime(minutes: number) {
    form.minutes = Math.min(LATEST, Math.max(EARLIEST, form.minutes + minutes))
  }
  function moveLength(minutes: number) {
    form.length = Math.min(10 * 60, Math.max(HALF, form.length + minutes))
  }

  /** True when everything a reader needs is there. */
  function complete(): boolean {
    const gaps: Record<string, string> = {}
    if (!form.choice) gaps.choice = '请先选一种活动'
    if (!form.title.trim()) gaps.title = '请写标题'
    if (form.choice !== 'plain' && !form.place.trim()) gaps.place = '请写地点'
    if (!form.body.trim()) gaps.body = '请写几句话'
    missing.value = gaps
    return !Object.keys(gaps).length
  }

  /** Opens a draft of the server in the form. */
  async function reopen(id: string) {
    const n = (stored.value = await call('GET /notices/{id}', { path: { id } }))
    Object.assign(form, empty(), {
      notice: n.id,
      title: n.title,
      body: n.body,
      alliance: n.alliance_id ?? '',
      choice: n.activity?.kind ?? 'plain',
      activity: n.audience.follows_id ? '' : (n.activity?.id ?? ''),
      audience: n.audience,
      told: JSON.stringify(n.audience),
    })
    if (n.audience.follows_id) form.choice = 'plain'
    else if (n.activity) {
      form.place = n.activity.place
      form.day = Date.parse(n.activity.starts_at)
      form.minutes = minutesOfDay(n.activity.starts_at)
      form.length = Math.round((Date.parse(n.activity.ends_at) - Date.parse(n.activity.starts_at)) / 60_000)
      renewDay()
    }
  }

  /** Puts the form on the server as a draft and returns the notice's id. */
  async function save(): Promise<string> {
    const title = form.title.trim()
    const body = form.body.trim()
    const place = form.place.trim()
    const alliance_id = alliance.value?.alliance_id ?? ''
    const facts = { title, place, starts_at: starts.value, ends_at: ends.value }
    if (form.activity) {
      await call('PATCH /activities/{id}', { path: { id: form.activity }, body: facts })
    } else if (form.choice !== 'plain') {
      const made = await call('POST /activities', {
        body: { alliance_id, kind: form.choice as Kind, ...facts, notice: { title, body } },
      })
      form.activity = made.id
      form.notice = made.notice_id ?? ''
    }
    if (form.notice) {
      await call('PATCH /notices/{id}', { path: { id: form.notice }, body: { title, body } })
    } else {
      form.notice = (
        await call('POST /notices', { body: { alliance_id, activity_id: form.activity || undefined, title, body } })
      ).id
    }
    const audience = JSON.stringify(form.audience)
    if (audience !== form.told && (form.told || form.audience.kind !== 'alliance')) {
      await call('PUT /notices/{id}/audience', { path: { id: form.notice }, body: form.audience })
    }
    form.told = audience
    return form.notice
  }

  const prepare = useSubmit(async () => {
    const id = await save()
    stored.value = await call('GET /notices/{id}', { path: { id } })
  })

  const keep = useSubmit(async () => {
    await save()
    clear()
  })

  const published = ref('')
  const publish = useSubmit(async () => {
    const id = await save()
    await call('POST /notices/{id}/publish', { path: { id } })
    clear()
    published.value = id
  })
  const submit = useSubmit(async () => {
    const id = await save()
    await call('POST /notices/{id}/submit', { path: { id }, body: {} })
    clear()
    published.value = id
  })

  return {
    form, missing, starts, ends, alliance, alliances, choose, moveDay, moveTime, moveLength,
    complete, reopen, follow, suggestPlace, countPeople, choices, count, save, prepare, stored, keep, publish, submit, published, clear, session,
  }
}
