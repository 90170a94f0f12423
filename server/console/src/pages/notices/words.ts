import type { Item } from '@/api/types'

export type Notice = Item<'listNotices'>
export type Series = Item<'listCommitteeNotices'>
export type Level = 'none' | 'lead' | 'committee'

export const levels: { value: Level; word: string; hint: string }[] = [
  { value: 'none', word: '不用审批', hint: '负责人写好就发' },
  { value: 'lead', word: '牵头单位审批', hint: '牵头单位或老干部局看过再发' },
  { value: 'committee', word: '老干部局审批', hint: '只有老干部局看过才能发' },
]

export const stateWord: Record<Notice['state'], string> = {
  draft: '草稿', submitted: '等审批', scheduled: '到时候发', published: '已发出', closed: '已结束', cancelled: '已取消',
}

/** How far a notice to several alliances has come, over all of them. */
export function reach(parts: { people: number; reached: number }[]): { people: number; reached: number; share: number } {
  const people = parts.reduce((n, p) => n + p.people, 0)
  const reached = parts.reduce((n, p) => n + p.reached, 0)
  return { people, reached, share: people ? Math.round((reached / people) * 100) : 0 }
}

/** 联盟全体, or the part of it that is named. */
export function audienceWord(n: Pick<Notice, 'audience' | 'alliance'>): string {
  const some = n.audience.ids?.length ?? 0
  const teams = n.audience.teams?.join('、')
  return { alliance: `${n.alliance}全体`, units: `${n.alliance} ${some} 个单位`, branches: `${n.alliance} ${some} 个支部`, teams: `${n.alliance}的${teams}`, silent: '还没答复的' }[n.audience.kind]
}

/** A moment that somebody chose on the page, in China wherever the browser stands. */
export const chosen = (day: string, time: string) => `${day}T${time}:00+08:00`

/** 将通知 37 人，其中 5 人要打电话 */
export function countLine(parts: { people: number; calls: number }[]): string {
  const people = parts.reduce((n, p) => n + p.people, 0)
  const calls = parts.reduce((n, p) => n + p.calls, 0)
  return people ? `将通知 ${people} 人${calls ? `，其中 ${calls} 人要打电话` : ''}` : '还没有选'
}
