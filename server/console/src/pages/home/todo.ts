import { api, take } from '@/api/client'
import type { Item, Me, Role } from '@/api/types'
import { staff } from '@/menu'
import { asks, ofWhom } from '../notices/words'

export type Claim = Item<'listClaims'>
export type Proposal = Item<'listProposals'>
type Job = Item<'listJobs'>

/** One thing that waits, with the page on which it is done. */
export interface Line {
  key: string
  text: string
  to: string
}

export interface Waiting {
  count: number
  /** There are more than were counted. */
  more?: boolean
  lines?: Line[]
  /** What is decided where it stands. */
  claims?: Claim[]
  proposals?: Proposal[]
}

export interface Source {
  key: string
  title: string
  hint: string
  /** What stands there when nothing waits. */
  empty: string
  roles: Role[]
  load: (me: Me) => Promise<Waiting>
}

const most = 100
const keepers: Role[] = [...staff, 'liaison']
const of = (lines: Line[], more = false): Waiting => ({ count: lines.length, more, lines })

/** Where work comes from, the most urgent first. A feature adds a line. */
export const sources: Source[] = [
  {
    key: 'claims', title: '身份认领等您核对', hint: '有同志在手机上说明自己是谁，核对后绑定到台账。', empty: '没有等着核对的认领。', roles: keepers,
    load: async () => {
      const list = await take(api.GET('/api/v1/claims', { params: { query: { state: 'open', limit: most } } }))
      return { count: list.items.length, more: !!list.next, claims: list.items }
    },
  },
  {
    key: 'proposals', title: '人员变动等您确认', hint: '台账备注里提到的去世、调出，确认后才改状态、停通知。', empty: '没有等着确认的变动。', roles: keepers,
    load: async () => {
      const list = await take(api.GET('/api/v1/proposals', { params: { query: { limit: most } } }))
      return { count: list.items.length, more: !!list.next, proposals: list.items }
    },
  },
  {
    key: 'notices', title: '通知等您看过再发', hint: '联盟或同事送来的通知和更正，看过通过，或写一句话退回。', empty: '没有等您看的通知。', roles: staff,
    load: async () => {
      const list = await take(api.GET('/api/v1/notices', { params: { query: { asks: true, limit: most } } }))
      return of(list.items.filter(asks).map((n) => ({ key: n.id, text: `${ofWhom(n)}：${n.writing?.correction ? '更正 ' : ''}${n.title}`, to: '/notices' })), !!list.next)
    },
  },
  {
    key: 'failed', title: '没有发到手机上的提醒', hint: '可以重发的重发；不知道收到没有的，先打电话问。', empty: '提醒都发出去了。', roles: [...keepers, 'head'],
    load: async () => unsent(await take(api.GET('/api/v1/failed-messages/counts'))),
  },
  {
    key: 'erasures', title: '删除个人资料等第二个人确认', hint: '一人提出，另一人核对后确认。', empty: '没有等您确认的删除。', roles: ['committee_staff'],
    load: async () => {
      const list = await take(api.GET('/api/v1/erasures', { params: { query: { limit: most } } }))
      return of(list.items.filter((e) => !e.own).map((e) => ({ key: e.person_id, text: `${e.name}，${e.unit}`, to: `/erasures/${e.person_id}` })), !!list.next)
    },
  },
  {
    key: 'imports', title: '导入等您看预览', hint: '看清会改什么，再确认写入；一周不理会自动作废。', empty: '没有等着确认的导入。', roles: ['committee_staff'],
    load: async () => {
      const list = await take(api.GET('/api/v1/imports', { params: { query: {} } }))
      return of(list.items.filter((i) => i.state === 'preview').map((i) => ({ key: i.id, text: i.file_name, to: `/imports/${i.id}` })))
    },
  },
  {
    key: 'jobs', title: '中断的任务', hint: '服务重启时没有做完，什么也没有改动，请重新开始。', empty: '没有中断的任务。', roles: [...keepers, 'head'],
    load: async () => of(interrupted((await take(api.GET('/api/v1/jobs'))).items, new Date())),
  },
  {
    key: 'elections', title: '推选等您办理', hint: '草稿要开始，投完要计票，结果要确认。', empty: '没有等着办的推选。', roles: staff,
    load: async () => {
      const list = await take(api.GET('/api/v1/elections', { params: { query: { limit: most } } }))
      const words: Record<string, string> = { draft: '草稿，核对后开始投票', over: '投票结束，可以计票', counted: '已计票，等您确认' }
      return of(list.items.filter((e) => e.may_run && words[e.phase]).map((e) => ({ key: e.id, text: `${e.alliance}：${words[e.phase]}`, to: `/elections/${e.id}` })), !!list.next)
    },
  },
  {
    key: 'terms', title: '负责人任期快到', hint: '60 天内到期，或已过期，请准备推选。', empty: '60 天内没有到期的任期。', roles: staff,
    load: async () => {
      const list = await take(api.GET('/api/v1/terms', { params: { query: {} } }))
      return of(list.items.filter((t) => t.ends_soon).map((t) => ({ key: t.id, text: `${t.alliance}：${t.name}，到 ${t.ends_on}`, to: `/elections?alliance=${t.alliance_id}` })))
    },
  },
  {
    key: 'liaisons', title: '没有联络员的单位', hint: '每个单位要有一位在职的联络员。', empty: '各单位都有联络员。', roles: staff,
    load: async () => {
      const list = await take(api.GET('/api/v1/roles/vacancies', { params: { query: { limit: most } } }))
      return of(list.items.map((u) => ({ key: u.unit_id, text: u.unit, to: `/org/units/${u.unit_id}` })), !!list.next)
    },
  },
  {
    key: 'venues', title: '没有登记活动场所的单位', hint: '每个单位要有固定的活动场所。', empty: '各单位都登记了活动场所。', roles: keepers,
    load: async (me) => {
      const list = await take(api.GET('/api/v1/units', { params: { query: {} } }))
      return of(withoutVenue(list.items, me).map((u) => ({ key: u.id, text: u.name, to: `/org/units/${u.id}` })))
    },
  },
  {
    key: 'phones', title: '同一个电话，等您说明是不是一家人', hint: '是一家人的登记为一户，打一个电话通知两位。', empty: '没有等您说明的电话。', roles: keepers,
    load: async () => {
      const list = await take(api.GET('/api/v1/ledger/shared-phones', { params: { query: { limit: most } } }))
      return of(list.items.map((p) => ({ key: `${p.one.id}-${p.other.id}`, text: `${p.one.name}、${p.other.name}`, to: '/persons/shared-phones' })), !!list.next)
    },
  },
]

/** Messages that wait for a decision: those to send again, and those that may have arrived. */
export function unsent(c: { failed: number; unknown: number }): Waiting {
  const lines: Line[] = []
  if (c.failed) lines.push({ key: 'failed', text: `没有发出 ${c.failed} 条`, to: '/failed' })
  if (c.unknown) lines.push({ key: 'unknown', text: `不知道收到没有 ${c.unknown} 条`, to: '/failed' })
  return { count: c.failed + c.unknown, lines }
}

/** The units without a venue that somebody keeps: a liaison the own ones, staff all in sight. */
export function withoutVenue<U extends { id: string; venue: string }>(units: U[], me: Pick<Me, 'roles'>): U[] {
  const all = me.roles.some((r) => staff.includes(r.role as Role))
  const own = new Set(me.roles.filter((r) => r.role === 'liaison').map((r) => r.unit_id))
  return units.filter((u) => !u.venue && (all || own.has(u.id)))
}

const kinds: Record<string, string> = { import_read: '读取台账', import_commit: '写入台账', import_undo: '撤销导入', export: '导出台账' }
const WEEK_MS = 7 * 86_400_000

/** Interrupted work of the last week that nobody has done since; an export is done again as a new one. */
export function interrupted(jobs: Pick<Job, 'id' | 'kind' | 'subject_id' | 'state' | 'created_at'>[], now: Date): Line[] {
  const later = (j: (typeof jobs)[number]) => jobs.some((o) =>
    o.kind === j.kind && (o.subject_id === j.subject_id || j.kind === 'export') && o.state !== 'interrupted' && o.created_at > j.created_at)
  return jobs
    .filter((j) => j.state === 'interrupted' && now.getTime() - Date.parse(j.created_at) < WEEK_MS && !later(j))
    .map((j) => ({ key: j.id, text: kinds[j.kind] ?? '后台任务', to: j.kind === 'export' ? '/exports' : `/imports/${j.subject_id}` }))
}

export const sourcesOf = (roles: Set<Role>) => sources.filter((s) => s.roles.some((r) => roles.has(r)))
