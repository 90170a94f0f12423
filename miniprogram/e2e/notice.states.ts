import { writingStates } from './writing.states'
import type { Page } from '@playwright/test'
import { variants, worlds, type Answers } from './mock'

const none = { json: { items: [] } }
const head = (over: Answers = {}): Answers => ({ ...worlds.head(), ...over })
const couple = {
  json: {
    items: ['王建国', '李秀英'].map((name, i) => ({
      person_id: String(100 + i), name, unit: '利津县水利局', phone: '13954601357', household_id: '7', read_at: null, answer: '', outcome: '', note: '', at: null, by: '', calling: '',
    })),
  },
}
const tap = (word: string) => async (page: Page) => page.locator('uni-button', { hasText: word }).first().tap()

/** A published notice in the elder audit, as its head and the callers see it. */
export const noticeStates: { name: string; path: string; world: Answers; sees: string; act?: (page: Page) => Promise<void> }[] = [
  { name: '进展', path: 'packages/head/timeline?id=31', world: head(), sees: '还没联系上' },
  {
    name: '进展 刚发出', path: 'packages/head/timeline?id=31&fresh=1', sees: '已经发出',
    world: head({ 'GET /notices/31/timeline': { json: { ...variants.timeline, card: { state: 'none', shared_at: null, count: 0, expires_at: null }, read: 0, answered: 0, told: 0, unreached: 132 } } }),
  },
  {
    name: '进展 夜里', path: 'packages/head/timeline?id=31&fresh=1', sees: '休息时间',
    world: head({ 'GET /notices/31/timeline': { json: { ...variants.timeline, queued: 104, sent: 0, rings_at: variants.at(24, '07:00'), card: { state: 'none', shared_at: null, count: 0, expires_at: null } } } }),
  },
  ...writingStates,
  { name: '图片和文字', path: 'packages/head/forward?id=31', world: head(), sees: '发这张图片' },
  { name: '图片和文字 复制', path: 'packages/head/forward?id=31', world: head(), sees: '文字已复制', act: tap('复制文字') },
  { name: '图片和文字 断网', path: 'packages/head/forward?id=31', world: head({ 'GET /notices/31/notice.png': { abort: true } }), sees: '图片没有下载成功' },
  { name: '谁看了', path: 'packages/head/readers?id=31', world: head(), sees: '没答复' },
  { name: '打电话', path: 'packages/calls/index?id=31', world: head(), sees: '打电话 1' },
  { name: '打电话 结果', path: 'packages/calls/index?id=31', world: head(), sees: '打完了', act: tap('打电话 1') },
  {
    name: '打电话 同事先打', path: 'packages/calls/index?id=31', sees: '请打下一位', act: tap('打电话 1'),
    world: head({ 'POST /notices/31/calls/100/take': variants.problem(409, 'notice.call_taken', '同事正在给这位同志打电话，请打下一位') }),
  },
  { name: '打电话 一户', path: 'packages/calls/index?id=31', world: head({ 'GET /notices/31/calls': couple }), sees: '也告诉了李秀英', act: tap('打电话 1') },
  { name: '打电话 都好了', path: 'packages/calls/index?id=31', world: head({ 'GET /notices/31/calls': none }), sees: '都联系上了' },
]
