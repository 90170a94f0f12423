import type { Item, Role } from '@/api/types'
import { moment } from '@/ui/date'

export type FailedMessage = Item<'listFailedMessages'>

/** Who may send again; the others see what failed and call. */
const senders: Role[] = ['committee_staff', 'lead_staff', 'head']
export const maySend = (roles: Set<Role>) => senders.some((r) => roles.has(r))

/** The list is read in portions of this size, and so much is sent again at once. */
export const PORTION = 200

/** How often it was tried, in words. */
export function tries(m: Pick<FailedMessage, 'attempts' | 'resent'>): string {
  const once = m.attempts > 1 ? `试了 ${m.attempts} 次` : '试了 1 次'
  return m.resent ? `${once}，重发过 ${m.resent} 遍` : once
}

/** Which channels send nothing, and when they are tried again. */
export function rests(list: { channel: string; until: string }[]): string[] {
  return list.map((r) => `${r.channel}正在歇一歇，预计 ${moment(r.until)} 再试。`)
}

/** What came of sending again. */
export function outcome(r: { queued: number; no_credit: number; over: number }): string {
  const parts: string[] = []
  if (r.queued) parts.push(`${r.queued} 条已重新发送，稍后刷新看结果`)
  if (r.no_credit) parts.push(`${r.no_credit} 位没有同意再收一条，请打电话通知`)
  if (r.over) parts.push(`${r.over} 条已有人处理过，或通知已经结束`)
  return `${parts.join('；')}。`
}

/** How often each text stands in a list, the most frequent first. */
export function tally(texts: string[]): [string, number][] {
  const n = new Map<string, number>()
  for (const t of texts) n.set(t, (n.get(t) ?? 0) + 1)
  return [...n].sort((a, b) => b[1] - a[1])
}
