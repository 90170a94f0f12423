import type { Page } from '@playwright/test'
import { variants, worlds, type Answers } from './mock'

const { wang, li, long, at } = variants

const candidates = [
  { person_id: '101', name: '张德胜', unit: '利津县交通局' },
  { person_id: '102', name: '刘桂兰', unit: '利津县财政局' },
  { person_id: '13', name: long.name, unit: long.unit },
]
const mine = (state: string, ...people: { id: string; name: string }[]) => people.map((p) => ({ person_id: p.id, name: p.name, state }))

/** An election while it runs; `over` replaces parts of it. */
const election = (over: object = {}) => ({
  id: '71', alliance_id: '1', alliance: '城东党建联盟', form: 'ballot', phase: 'voting', round: 1, quorum: 50, term_years: 3,
  opens_at: at(22, '09:00'), closes_at: at(25, '18:00'), cancel_reason: '', candidates, results: [], elected_id: '', elected: '',
  mine: mine('open', wang), may_run: false, ...over,
})
const result = {
  round: 1, outcome: 'elected', words: ['张德胜当选。', '得72票，超过一半。', '应到132人，参加118人。'], expected: 132, voted: 118, blank: 6,
  counts: [{ ...candidates[0], votes: 72, against: 0, abstain: 0 }, { ...candidates[1], votes: 30, against: 0, abstain: 0 }, { ...candidates[2], votes: 10, against: 0, abstain: 0 }],
}
const counted = election({ phase: 'confirmed', results: [result], elected_id: '101', elected: '张德胜' })
const repeated = election({ phase: 'counted', results: [{ ...result, outcome: 'no_quorum', words: ['参加的人数不够，这次不算数。', '应到132人，至少67人参加。', '选票没有打开，可以再投一次。'], voted: 40, blank: 0, counts: [] }] })
const progress = { expected: 132, voted: 71, need: 67, enough: true, papers_out: 4 }
const term = {
  id: '81', alliance_id: '1', alliance: '城东党建联盟', person_id: '11', name: '王建国', unit: '利津县水利局', acting: false, state: 'serving',
  starts_on: '2026-11-23', ends_on: '2029-11-22', former: '李秀英', ends_soon: false, own: true, seen: false,
}
const handover = {
  term,
  items: [
    { kind: 'activity', subject_id: '22', title: '参观黄河文化馆', note: '黄河文化馆南门集合', happens_at: at(28, '14:00') },
    { kind: 'notice', subject_id: '31', title: '十一月主题党日活动', note: '已发出，12位还没联系上' },
    { kind: 'draft', subject_id: '34', title: '十二月联盟会议', note: '草稿，还没发' },
  ],
}
const voters = {
  items: [
    { person_id: '101', name: '张德胜', unit_id: '3', unit: '利津县水利局', state: 'none', on_behalf: false },
    { person_id: '102', name: '刘桂兰', unit_id: '3', unit: '利津县水利局', state: 'phone', on_behalf: true },
    ...['赵淑芬', '孙保田', '周玉梅'].map((name, i) => ({ person_id: String(105 + i), name, unit_id: '3', unit: '利津县水利局', state: 'paper_out', on_behalf: false })),
  ],
}

const one = (over: object = {}, base = worlds.single()): Answers => ({
  ...base, 'GET /elections/71': { json: election(over) }, 'GET /elections': { json: { items: [election(over)] } },
})
const read = (json: object, base = worlds.single()): Answers => ({ ...base, 'GET /elections/71': { json }, 'GET /elections': { json: { items: [json] } } })
const desk = (over: object = {}): Answers => ({ ...one({ mine: [], progress, ...over }, worlds.liaison()), 'GET /elections/71/voters': { json: voters } })
const tap = (word: string) => async (page: Page) => page.locator('uni-button', { hasText: word }).first().tap()
const ballot = 'packages/election/ballot?id=71'

async function sent(page: Page) {
  await tap('张德胜')(page)
  await tap('确定投票')(page)
}

/** The ballot was cast on another phone while this one showed the list. */
function votedElsewhere(): Answers {
  let cast = false
  return {
    ...one(),
    'POST /elections/71/voters/11/ballot': () => {
      cast = true
      return variants.problem(409, 'election.voted', '您已经投过票了')
    },
    'GET /elections/71': () => ({ json: election(cast ? { mine: mine('voted', wang) } : {}) }),
  }
}

/** Elections in the elder audit, one line a state. */
export const electionStates: { name: string; path: string; world: Answers; sees: string; act?: (page: Page) => Promise<void> }[] = [
  { name: '推选 首页', path: 'pages/home/index', world: one(), sees: '去投票' },
  { name: '推选 首页结果', path: 'pages/home/index', world: read(counted), sees: '推选结果' },
  { name: '推选 选票', path: ballot, world: one(), sees: '投票不记名' },
  { name: '推选 两位', path: ballot, world: one({ mine: mine('open', wang, li) }, worlds.couple()), sees: '替谁投票' },
  { name: '推选 再看', path: ballot, world: one(), sees: '确定投票', act: tap('张德胜') },
  { name: '推选 长名', path: ballot, world: one(), sees: '确定投票', act: tap(long.name) },
  { name: '推选 弃权', path: ballot, world: one(), sees: '算弃权', act: tap('都不选') },
  { name: '推选 投好', path: ballot, world: { ...one(), 'POST /elections/71/voters/11/ballot': { json: election({ mine: mine('voted', wang) }) } }, sees: '投好了', act: sent },
  { name: '推选 投过', path: ballot, world: one({ mine: mine('voted', wang) }), sees: '您已经投过票了' },
  { name: '推选 两次', path: ballot, world: votedElsewhere(), sees: '您已经投过票了', act: sent },
  { name: '推选 纸票', path: ballot, world: one({ mine: mine('paper', wang) }), sees: '领了纸票' },
  { name: '推选 没开始', path: ballot, world: one({ phase: 'waiting', opens_at: at(24, '09:00') }), sees: '投票还没有开始' },
  { name: '推选 举手', path: ballot, world: one({ form: 'show' }), sees: '举手表决' },
  { name: '推选 断网', path: ballot, world: { ...worlds.single(), 'GET /elections/71': { abort: true } }, sees: '网络没有连上' },
  { name: '推选 结果', path: 'packages/election/result?id=71', world: read(counted), sees: '张德胜当选' },
  { name: '推选 不算数', path: 'packages/election/result?id=71', world: read(repeated), sees: '这次不算数' },
  { name: '推选 工作', path: 'pages/work/index', world: { ...one({ mine: [], progress }, worlds.head()), 'GET /terms': { json: { items: [term] } } }, sees: '交接清单' },
  { name: '推选 进展', path: 'packages/election/progress?id=71', world: one({ mine: [], progress: { ...progress, papers_out: 0 }, may_run: true }, worlds.head()), sees: '人数够了' },
  { name: '推选 很少', path: 'packages/election/progress?id=71', world: one({ mine: [], progress: { expected: 132, need: 67, enough: false, papers_out: 0 } }, worlds.head()), sees: '不到3' },
  { name: '推选 纸票名单', path: 'packages/election/papers?id=71', world: desk(), sees: '领纸票' },
  { name: '推选 录纸票', path: 'packages/election/papers?id=71', world: desk(), sees: '空白和作废', act: tap('录入纸票') },
  { name: '推选 交接', path: 'packages/election/welcome?term=81', world: { ...worlds.head(), 'GET /terms/81/handover': { json: handover } }, sees: '我看过了' },
]
