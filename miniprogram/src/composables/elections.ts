import { call } from '../api/session'
import type { Election, HeadTerm } from '../api/types'
import { addDays, day, spokenTime } from './date'

const MONTH = 30

/** What the front pages show of elections; a failure there is no reason to hide everything else. */
export async function elections(): Promise<Election[]> {
  return call('GET /elections', { query: {} }).then((l) => l.items).catch(() => [])
}
export async function headTerms(): Promise<HeadTerm[]> {
  return call('GET /terms', { query: {} }).then((l) => l.items).catch(() => [])
}

/** Something to vote on for somebody of this phone. */
export const toVote = (e: Election) => e.form === 'ballot' && e.phase === 'voting' && e.mine.some((m) => m.state === 'open')

/** Counted not long ago: worth a line. */
export function justCounted(e: Election, now: number = Date.now()): boolean {
  return (e.phase === 'counted' || e.phase === 'confirmed') && addDays(e.closes_at, MONTH) > now
}

/** 11月25日晚上6:00 */
export const moment = (at: string) => `${day(at)}${spokenTime(at)}`

/** What a member is told of the state of a vote. */
export function voteLine(e: Election): string {
  if (e.phase === 'waiting') return `${moment(e.opens_at)}开始投票。`
  if (e.phase === 'voting') return `${moment(e.closes_at)}前都可以投。`
  if (e.phase === 'over') return '投票结束了，正在等计票。'
  return ''
}

/** How far a vote is, for those who run it: never what was chosen. */
export function turnoutLine(e: Election): string {
  if (e.phase === 'draft') return '还没有开始'
  if (e.phase === 'cancelled') return '已取消'
  const p = e.progress
  if (!p) return e.elected ? `${e.elected}当选` : '已计票'
  const voted = p.voted === undefined ? '参加的不到3人' : `${p.voted}人已参加`
  return `应到${p.expected}人，${voted}`
}
