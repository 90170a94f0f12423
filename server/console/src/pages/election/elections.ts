import { api, take } from '@/api/client'
import type { Item, Output } from '@/api/types'

export type Election = Output<'getElection'>
export type Term = Item<'listTerms'>
export type Voter = Item<'listVoters'>
export type Phase = Election['phase']

export const phaseWords: Record<Phase, string> = {
  draft: '草稿', waiting: '等开始', voting: '正在投票', over: '等计票', counted: '等确认', confirmed: '已确认', cancelled: '已取消',
}
export const formWords: Record<Election['form'], string> = { ballot: '无记名投票', show: '举手表决' }
export const voterWords: Record<Voter['state'], string> = { none: '还没有投', phone: '手机投了', paper_out: '领了纸票', paper: '纸票已交' }
export const termWords: Record<Term['state'], string> = { planned: '还没开始', serving: '在任', ended: '已结束' }

/** What waits for somebody who runs elections, by phase; the others go on by themselves or are over. */
export const nextStep: Partial<Record<Phase, string>> = { draft: '核对后开始投票', over: '可以计票了', counted: '等您确认结果' }

export const load = (id: string) => take(api.GET('/api/v1/elections/{id}', { params: { path: { id } } }))
export const loadAll = async (alliance: string) =>
  take(api.GET('/api/v1/elections', { params: { query: { alliance_id: alliance || undefined, limit: 100 } } }))
export const loadTerms = async (alliance: string) =>
  take(api.GET('/api/v1/terms', { params: { query: { alliance_id: alliance || undefined } } }))

/** How many have taken part, in words; below three nobody is told. */
export function turnout(e: Election): string {
  const p = e.progress
  if (!p) return ''
  if (e.phase === 'waiting') return `应到 ${p.expected} 人，至少要 ${p.need} 人参加`
  const voted = p.voted === undefined ? '不足 3 人（保密，不显示）' : ` ${p.voted} 人`
  const papers = p.papers_out ? `，${p.papers_out} 张纸票还没有录入` : ''
  return `应到 ${p.expected} 人，参加${voted}，至少要 ${p.need} 人${papers}`
}

/** Whole per cent of those expected, for the bar. */
export const share = (e: Election) => (e.progress?.expected ? Math.round(((e.progress.voted ?? 0) / e.progress.expected) * 100) : 0)

/** A minute in China, chosen without a zone, as the wire wants it. */
export const inChina = (minute: string) => `${minute.replace(' ', 'T')}:00+08:00`

/** Today in China and the day after some days, as the wire wants days. */
export const chinaDay = (plus = 0) => new Date(Date.now() + 8 * 3_600_000 + plus * 86_400_000).toISOString().slice(0, 10)
