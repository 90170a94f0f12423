import type { NoticeView, PersonAnswer } from '../api/types'
import { fullWhen, isPast, nearby, spokenTime, weekday, day, when } from './date'
import { activityState, answerWord, kindWord } from './words'

/** A notice, and who of the phone's people has arrived. */
export type Standing = { people: (PersonAnswer & { present_at?: string })[] } & NoticeView

type Tone = 'going' | 'leave' | 'open' | 'plain'

/** How one person stands towards an activity. */
export function standing(p: PersonAnswer & { present_at?: string }): { word: string; tone: Tone } {
  if (p.present_at) return { word: '已签到', tone: 'going' }
  if (p.answer === 'going') return { word: answerWord(p.answer), tone: 'going' }
  if (p.answer === 'leave' || p.answer === 'waiting') return { word: answerWord(p.answer), tone: 'leave' }
  return { word: answerWord(p.answer), tone: 'open' }
}

/** What a notice card shows. A single person needs no name beside the state. */
export function cardOf(n: Standing) {
  const a = n.activity
  return {
    title: n.title,
    kind: n.from_office ? '县里的通知' : a ? kindWord(a.kind) : '通知',
    when: a ? `${nearby(a.starts_at) || day(a.starts_at)} ${weekday(a.starts_at)} ${spokenTime(a.starts_at)}` : '',
    place: a?.place ?? '',
    stamp: (a && activityState(a.state)) || (n.moved ? '有改动' : n.corrected_at ? '有更正' : ''),
    people: a
      ? n.people.map((p) => ({ name: n.people.length > 1 ? p.name : '', ...standing(p) }))
      : [],
    unread: n.people.some((p) => !p.read_at) && (!a || a.state !== 'cancelled'),
  }
}

/** Still to come first, the nearest at the top; then what is over, the latest first. */
export function arrange(all: Standing[], now: number = Date.now()) {
  const at = (n: Standing) => Date.parse(n.activity?.starts_at ?? n.published_at ?? '') || 0
  const open = (n: Standing) =>
    n.activity ? Date.parse(n.activity.ends_at) > now && n.activity.state !== 'cancelled' : n.people.some((p) => !p.read_at)
  return {
    coming: all.filter(open).sort((a, b) => at(a) - at(b)),
    past: all.filter((n) => !open(n)).sort((a, b) => at(b) - at(a)),
  }
}

export function factsOf(n: NoticeView): { when: string; place: string } {
  return { when: n.activity ? fullWhen(n.activity.starts_at) : '', place: n.activity?.place ?? '' }
}

/** The text of a notice as paragraphs. */
export function paragraphs(body: string): string[] {
  return body.split(/\n+/).map((p) => p.trim()).filter(Boolean)
}

/** Whose words they are, and who answers for them since a handover. */
export function writerLine(n?: NoticeView): string {
  const w = n?.writing
  return `${w?.writer || '同事'}写的${w?.keeper && w.keeper !== w.writer ? `，现在归${w.keeper}` : ''}`
}

/** What keeps a notice from going out at once: in a word, and more of it. */
export function waitingWords(n: NoticeView): { word: string; more: string } {
  const at = n.writing?.scheduled_at
  if (n.state === 'submitted') return { word: '送审了', more: '等人看过再发' }
  if (at && !isPast(at)) return { word: '定好了', more: `${when(at)}发出` }
  return n.pictures.some((p) => p.state === 'pending') ? { word: '图片正在检查', more: '查完就发' } : { word: '正在发出', more: '' }
}

/** The same in one line. */
export function waitingLine(n: NoticeView): string {
  const { word, more } = waitingWords(n)
  return [word, more].filter(Boolean).join('，')
}

/** A correction that waits, or that came back to whoever looks: how it stands, and its page. */
export function mendingOf(n?: NoticeView): { line: string; url: string } | undefined {
  const c = n?.writing?.correction
  if (!n || !c) return undefined
  if (c.state === 'submitted') {
    const line = c.can_approve ? `${c.writer || '同事'}写的更正，看过才能发` : '更正送审了，等人看过再发'
    return { line, url: `/packages/head/correction?id=${n.id}` }
  }
  if (!c.own) return undefined
  return { line: c.remark ? `更正退回了：${c.remark}` : '更正收回来了，还没有发', url: `/packages/head/correct?id=${n.id}` }
}

/** The activity that is moved and cancelled with this notice: one that only follows another notice has none. */
export const ownActivity = (n?: NoticeView) => (n?.audience.follows_id ? undefined : n?.activity)

/** Whether its time and place can still be changed by whoever looks. */
export const movable = (n?: NoticeView): boolean =>
  n?.state === 'published' && !!n.writing?.can_change && ownActivity(n)?.state === 'planned'

/** The notice as it is read aloud: the facts first, the hours as people say them. */
export function spoken(n: NoticeView): string {
  const { when, place } = factsOf(n)
  const said = when.replace(/:00$/, '点').replace(/:30$/, '点半').replace(/:(\d\d)$/, '点$1分')
  return [n.title, said && `时间：${said}`, place && `地点：${place}`, ...paragraphs(n.body), n.alliance].filter(Boolean).map((line) => line.replace(/。$/, '')).join('。\n')
}
