import { computed, effectScope, ref, shallowRef } from 'vue'
import { call } from '../../api/session'
import type { Audience, Choices, Kind, NoticeView } from '../../api/types'
import { addDays, minutesOfDay } from '../../composables/date'
import { toTrouble } from '../../composables/problem'
import { useDraft } from '../../composables/useDraft'
import { back } from '../../composables/useScan'
import { useSession } from '../../composables/useSession'
import { platform } from '../../platform'
import { useSubmit } from '../../composables/useSubmit'
import { templates, type Choice } from './templates'
import { HALF, timesOf, useTimes, type Times } from './times'

const QUARTER_HOUR = 15 * 60_000

/** In three days at nine; in the demo at the next half hour that is a quarter of an hour away. */
export function firstStart(soon: boolean, now: number = Date.now()): { day: number; minutes: number } {
  if (!soon) return { day: addDays(now, 3), minutes: MORNING }
  const slot = HALF * 60_000
  const at = Math.ceil((now + QUARTER_HOUR) / slot) * slot
  return { day: at, minutes: minutesOfDay(at) }
}

export interface Form extends Times {
  alliance: string
  choice: Choice | ''
  title: string
  place: string
  body: string
  notice: string
  activity: string
  audience: Audience
  /** The audience as the server has it, so that it is told only of changes. */
  told: string
  /** All of it as the server has it: what differs is on this phone alone. */
  kept: string
  like: Suggestion
}

/** What was filled in for somebody, for which alliance and kind, and when the one was after which it was done. */
interface Suggestion { for: string; at: string; place: string; minutes: number }

const MORNING = 9 * 60

function empty(): Form {
  return {
    alliance: '', choice: '', title: '', place: '', ...firstStart(platform.soon),
    length: 120, body: '', notice: '', activity: '', audience: { kind: 'alliance' }, told: '', kept: '',
    like: { for: '', at: '', place: '', minutes: MORNING },
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

/** The words and facts of a form, to tell whether they have changed. */
function wordsOf({ choice, title, place, day, minutes, length, body, audience }: Form): string {
  return JSON.stringify({ choice, title, place, day, minutes, length, body, audience })
}

let draft: ReturnType<typeof useDraft<Form>> | undefined
/** What was half written when another notice was opened, by its id; '' is a new one. */
let aside: ReturnType<typeof useDraft<{ forms: Record<string, Form> }>> | undefined

/**
 * The notice being written, one for all pages that write it. It survives leaving them; 先存起来 also
 * puts it on the server.
 */
export function useCompose() {
  const session = useSession()
  const { form, clear } = (draft ??= effectScope(true).run(() => useDraft<Form>('notice', empty))!)
  const halves = (aside ??= effectScope(true).run(() => useDraft('notice-aside', () => ({ forms: {} as Record<string, Form> })))!).form
  const missing = ref<Record<string, string>>({})

  const times = useTimes(form)
  const { starts, ends } = times
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

  /** Where and when, until somebody says otherwise: as the last one of the kind, else in the alliance's own room at nine. */
  async function suggest() {
    const id = alliance.value?.alliance_id
    const kind = form.choice
    const key = `${id}:${kind}`
    if (!id || !kind || kind === 'plain' || form.activity || form.like.for === key) return
    const [list, home] = await Promise.all([
      call('GET /activities', { query: { alliance_id: id, kind, state: 'ended', limit: 1 } }).catch(() => undefined),
      call('GET /alliances/{id}', { path: { id } }).catch(() => undefined),
    ])
    if (key !== `${alliance.value?.alliance_id}:${form.choice}`) return
    const last = list?.items[0]
    const times = last && timesOf(last)
    const next = { for: key, at: last?.starts_at ?? '', place: last?.place || home?.venue || '', minutes: times?.minutes ?? MORNING }
    if (!form.place || form.place === form.like.place) form.place = next.place
    if (!platform.soon && form.minutes === form.like.minutes) form.minutes = next.minutes
    if (times) form.length = Math.max(HALF, times.length)
    form.like = next
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

  /** Something stands in the form that is on this phone alone. */
  const unsaved = () => !!form.choice && wordsOf(form) !== form.kept

  /** Makes room for another notice ('' a new one): nothing half written is lost by opening something else. */
  function turnTo(id: string) {
    if (unsaved()) halves.forms[form.notice] = { ...form }
    Object.assign(form, empty(), halves.forms[id])
    delete halves.forms[id]
  }

  /** Opens what was asked for: a draft of the server, without one ('') what is half written, else a new one. */
  async function open(id: string) {
    if (form.notice !== id && (id || !unsaved())) turnTo(id)
    if (id && !unsaved()) await reopen(id)
    renewDay()
  }

  /** Leaves what is being written and begins anew: what can be a draft becomes one. */
  const another = useSubmit(async () => {
    if (!gaps.value.length) await save()
    missing.value = {}
    clear()
  })

  /** Begins a notice to those who have not answered to another one. */
  async function follow(id: string) {
    turnTo('')
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

  /** What a reader would miss, by field. */
  const gaps = computed(() =>
    Object.entries({
      choice: form.choice ? '' : '请先选一种活动',
      title: form.title.trim() ? '' : '请写标题',
      place: form.choice === 'plain' || form.place.trim() ? '' : '请写地点',
      body: form.body.trim() ? '' : '请写几句话',
    }).filter(([, word]) => word),
  )
  /** True when everything a reader needs is there; marks what is not. */
  function complete(): boolean {
    missing.value = Object.fromEntries(gaps.value)
    return !gaps.value.length
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
      Object.assign(form, { place: n.activity.place }, timesOf(n.activity))
      form.kept = wordsOf(form)
      renewDay()
    }
    if (!form.kept) form.kept = wordsOf(form)
  }

  /** Puts the form on the server as a draft and gives it as it stands there. */
  async function save(): Promise<NoticeView> {
    const title = form.title.trim()
    const body = form.body.trim()
    const place = form.place.trim()
    const alliance_id = alliance.value?.alliance_id ?? ''
    const facts = { title, place, starts_at: starts.value, ends_at: ends.value }
    if (form.activity) {
      await call('PATCH /activities/{id}', { path: { id: form.activity }, body: { kind: form.choice as Kind, ...facts } })
    } else if (form.choice !== 'plain') {
      const made = await call('POST /activities', {
        body: { alliance_id, kind: form.choice as Kind, ...facts, notice: { title, body } },
      })
      form.activity = made.id
      form.notice = made.notice_id ?? ''
    }
    let n = form.notice
      ? await call('PATCH /notices/{id}', { path: { id: form.notice }, body: { title, body } })
      : await call('POST /notices', { body: { alliance_id, activity_id: form.activity || undefined, title, body } })
    form.notice = n.id
    const audience = JSON.stringify(form.audience)
    if (audience !== form.told && (form.told || form.audience.kind !== 'alliance')) {
      n = await call('PUT /notices/{id}/audience', { path: { id: form.notice }, body: form.audience })
    }
    form.told = audience
    form.kept = wordsOf(form)
    return n
  }

  const prepare = useSubmit(async () => {
    if (form.notice && !unsaved()) await reopen(form.notice)
    else stored.value = await save()
  })

  const keep = useSubmit(async () => {
    await save()
    clear()
  })

  /** What was looked at is what leaves: the draft as it was shown, else the form as it stands there. */
  const shown = async () => (stored.value?.id === form.notice && !unsaved() ? stored.value : save())
  const published = ref('')
  const publish = useSubmit(async () => {
    const { id, revision } = await shown()
    try {
      await call('POST /notices/{id}/publish', { path: { id }, body: { revision } })
    } catch (err) {
      // Somebody else was at it: what stands there now is shown before it leaves.
      if (toTrouble(err).code === 'notice.changed') await reopen(id).catch(() => {})
      throw err
    }
    clear()
    published.value = id
  })
  const submit = useSubmit(async () => {
    const { id } = await shown()
    await call('POST /notices/{id}/submit', { path: { id }, body: {} })
    clear()
    published.value = id
  })
  const backToForm = () => back(`/packages/head/compose${form.notice ? `?id=${form.notice}` : ''}`)

  return {
    form, missing, times, starts, ends, alliance, alliances, choose, gaps, complete, open, another, unsaved, follow, suggest, countPeople, choices, count,
    save, prepare, stored, keep, publish, submit, published, clear, backToForm, session,
  }
}
