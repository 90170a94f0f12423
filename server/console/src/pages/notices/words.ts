import type { Item } from '@/api/types'

export type Notice = Item<'listNotices'>
export type Series = Item<'listCommitteeNotices'>
export type Level = 'none' | 'lead' | 'committee'
export type Audience = Notice['audience']

export const levels: { value: Level; word: string; hint: string }[] = [
  { value: 'none', word: '不用审批', hint: '负责人写好就发' },
  { value: 'lead', word: '牵头单位审批', hint: '牵头单位或老干部局看过再发' },
  { value: 'committee', word: '老干部局审批', hint: '只有老干部局看过才能发' },
]

/** Of what the office sends to all its alliances. */
export const ownLevels: typeof levels = [
  { value: 'none', word: '不用审批', hint: '写好就发' },
  { value: 'committee', word: '另一位同志看过再发', hint: '写的人不能自己通过' },
]

export const stateWord: Record<Notice['state'], string> = {
  draft: '草稿', submitted: '等审批', scheduled: '到时候发', published: '已发出', closed: '已结束', cancelled: '已取消',
}

/** How far a notice to several alliances has come, over all of them. */
export function reach(parts: { people: number; reached: number }[]): { people: number; reached: number } {
  const people = parts.reduce((n, p) => n + p.people, 0)
  const reached = parts.reduce((n, p) => n + p.reached, 0)
  return { people, reached }
}

/** Whose it is: an alliance's, or the office's to all of them. */
export const ofWhom = (n: Pick<Notice, 'alliance'>) => n.alliance || '各联盟'

/** 联盟全体, or the part of it that is named. */
export function audienceWord(n: Pick<Notice, 'audience' | 'alliance'>): string {
  const some = n.audience.ids?.length ?? 0
  const of = ofWhom(n)
  return {
    alliance: `${of}全体`, units: `${of} ${some} 个单位`, branches: `${of} ${some} 个支部`, teams: `${of}的${n.audience.teams?.join('、')}`, silent: '还没答复的', alliances: `${some} 个联盟`,
  }[n.audience.kind]
}

/** A moment that somebody chose on the page, in China wherever the browser stands. */
export const chosen = (day: string, time: string) => `${day}T${time}:00+08:00`

/** 将通知 37 人，其中 5 人要打电话 */
export function countLine(parts: { people: number; calls: number }[]): string {
  const people = parts.reduce((n, p) => n + p.people, 0)
  const calls = parts.reduce((n, p) => n + p.calls, 0)
  return people ? `将通知 ${people} 人${calls ? `，其中 ${calls} 人要打电话` : ''}` : '还没有选'
}

interface Count { people: number; calls: number }
export interface Choices extends Count { alliances: (Count & { id: string; name: string })[]; teams: (Count & { name: string })[]; team_sets: (Count & { names: string[] })[] }

/** The people of an audience, in parts that don't overlap: who is in two of the teams is told once. */
export function partsOf(c: Choices, a: Audience): Count[] {
  if (a.kind === 'alliances') return c.alliances.filter((x) => a.ids?.includes(x.id))
  if (a.kind === 'teams') return c.team_sets.filter((s) => s.names.some((t) => a.teams?.includes(t)))
  return [c]
}

export const pictureWord: Record<Notice['pictures'][number]['state'], string> = {
  pending: '正在检查', passed: '可以发', review: '要另一位同志看过', refused: '没通过，请去掉',
}

/** What a notice of the office is waiting for, or how far it is. */
export function standing(s: Series): string {
  const w = s.notice.writing
  const when = w?.scheduled_at
  switch (s.notice.state) {
    case 'draft': return w?.remark ? `退回来了：${w.remark}` : '草稿，还没有发'
    case 'submitted': return '送审了，等另一位同志看过再发'
    case 'scheduled': return when && Date.parse(when) > Date.now() ? '到时候自己发' : '图片查过就发'
    default: return ''
  }
}

/** The asker may let it out: a notice, or the correction of one that is out. */
export function asks(n: Pick<Notice, 'writing'>): boolean {
  return !!(n.writing?.can_approve || n.writing?.correction?.can_approve)
}

/** Whose words they are, and who answers for them since a handover. */
export function writerLine({ writing: w }: Pick<Notice, 'writing'>): string {
  if (w?.correction) return `${w.correction.writer} 写`
  return `${w?.writer ?? ''} 写${w?.keeper && w.keeper !== w.writer ? `，现在归 ${w.keeper}` : ''}`
}
