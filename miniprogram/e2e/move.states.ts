import type { Page } from '@playwright/test'
import { notice, variants, worlds, type Answers } from './mock'

const { activity, at, problem, timeline, writing } = variants
const tap = (word: string) => async (page: Page) => page.locator('uni-button:visible', { hasText: word }).first().tap()
const after = (...steps: ((page: Page) => Promise<void>)[]) => async (page: Page) => {
  for (const step of steps) await step(page)
}
const path = 'packages/head/move?id=31'
/** The party day is on Saturday; on Sunday afternoon there is an outing. */
const event = { ...activity, starts_at: at(28, '09:00'), ends_at: at(28, '11:00') }
const outing = { ...activity, id: '22', title: '参观黄河文化馆', starts_at: at(29, '09:30'), ends_at: at(29, '11:30') }
const moved = (over: object = {}) => ({
  at: at(23, '08:40'), told: 109, changes: [{ before: '11月28日 星期六 上午9:00到11:00', after: '11月29日 星期日 上午9:00到11:00' }], ...over,
})
const world = (over: Answers = {}, now: object = {}): Answers => ({
  ...worlds.head(), 'GET /notices/31': { json: notice([], { activity: event, writing: writing(), ...now }) }, 'GET /activities/21': { json: event },
  'GET /activities': { json: { items: [event, outing] } }, ...over,
})
/** Answers as the server does before and after the change. */
function changing(is: object, line: object = timeline, patch?: Answers[string]): Answers {
  let changed = false
  return world({
    'PATCH /activities/21': patch ?? (() => ((changed = true), { json: event })),
    'GET /notices/31': () => ({ json: notice([], { activity: event, writing: writing(), ...(changed ? { activity: { ...event, starts_at: at(29, '09:00'), ends_at: at(29, '11:00') }, moved: is } : {}) }) }),
    'GET /notices/31/timeline': () => ({ json: changed ? { ...line, unreached: 131 } : timeline }),
  })
}
const aDayLater = after(tap('点这里改时间'), async (page) => page.locator('.step:visible', { hasText: '晚一天' }).tap(), tap('定好了'))
const sure = after(aDayLater, tap('看一遍'))
const done = after(sure, tap('确定改'))
const ended = (state: string, over: object = {}) => world({ 'GET /notices/31/timeline': { json: { ...timeline, state } } }, { state, ...over })

/** Another time or place, and notices that are over, in the elder audit. */
export const moveStates: { name: string; path: string; world: Answers; sees: string; act?: (page: Page) => Promise<void> }[] = [
  { name: '改时间地点 不用送审', path, world: world({}, { writing: writing({ needs_approval: true }) }), sees: '不用送审', act: sure },
  { name: '改时间地点', path, world: world(), sees: '现在定的' },
  { name: '改时间地点 选时间', path, world: world(), sees: '几点结束', act: tap('点这里改时间') },
  { name: '改时间地点 看一遍', path, world: world(), sees: '已经知道的109位', act: sure },
  {
    name: '改时间地点 换地方', path, world: world({}, { activity: { ...event, place: '利津县凤凰城街道综合文化服务中心三楼多功能报告厅' } }), sees: '利津县凤凰城街道综合文化服务中心',
    act: async (page) => {
      await page.getByLabel('新的地点').last().fill('黄河文化馆')
      await tap('看一遍')(page)
    },
  },
  {
    name: '改时间地点 还没人看', path, sees: '还没有人看过', act: sure,
    world: world({ 'GET /notices/31/timeline': { json: { ...timeline, unreached: 132 } }, 'GET /activities/21': { json: { ...event, places: { ...event.places, answer_until: at(27, '17:00') } } } }),
  },
  { name: '改时间地点 过了', path, sees: '这个时间已经过了', act: done, world: changing({}, timeline, problem(422, 'activity.past', '这个时间已经过了，请选晚一点的时间')) },
  { name: '改时间地点 取消了', path, sees: '活动已取消', act: done, world: changing({}, timeline, problem(409, 'activity.cancelled', '活动已取消')) },
  { name: '改时间地点 没网', path, sees: '网络没有连上', act: done, world: changing({}, timeline, { abort: true }) },
  { name: '改时间地点 改好', path, sees: '又通知了', act: done, world: changing(moved()) },
  { name: '改时间地点 夜里', path, sees: '休息时间', act: done, world: changing(moved(), { ...timeline, rings_at: at(24, '07:00') }) },
  { name: '改时间地点 改回去', path, sees: '看一遍再改', act: after(done, tap('改回原来的')), world: changing(moved()) },
  { name: '改时间地点 晚了', path, world: world({}, { activity: { ...event, state: 'ended' } }), sees: '不能再改了' },
  { name: '改时间地点 断网', path, world: world({ 'GET /notices/31': { abort: true } }), sees: '网络没有连上' },
  { name: '进展 取消了', path: 'packages/head/timeline?id=31', world: ended('cancelled', { activity: { ...event, state: 'cancelled' } }), sees: '通知已经取消' },
  { name: '进展 结束了', path: 'packages/head/timeline?id=31', world: ended('closed', { activity: { ...event, state: 'ended' } }), sees: '通知已经结束' },
  {
    name: '通知 改了时间', path: 'packages/notice/detail?id=31', sees: '时间地点改了',
    world: {
      ...worlds.single(),
      'GET /notices/31': { json: notice([variants.stand(variants.wang, 'going')], { activity: event, moved: moved({ changes: [...moved().changes, { before: '文化馆二楼会议室', after: '黄河文化馆' }] }) }) },
    },
  },
  {
    name: '活动 改了时间', path: 'pages/home/index', sees: '有改动',
    world: { ...worlds.single(), 'GET /me/notices': { json: { items: [notice([variants.stand(variants.wang, 'going')], { activity: event, moved: moved() })] } } },
  },
]
