import { moveStates } from './move.states'
import { writingStates } from './writing.states'
import type { Page } from '@playwright/test'
import { notice, variants, worlds, type Answers } from './mock'

const none = { json: { items: [] } }
const head = (over: Answers = {}): Answers => ({ ...worlds.head(), ...over })
const couple = {
  json: {
    items: ['王建国', '李秀英'].map((name, i) => ({
      person_id: String(100 + i), name, unit: '利津县水利局', phone: '13954601357', household_id: '7', read_at: null, answer: '', outcome: '', note: '', at: null, by: '', calling: '',
    })),
  },
}
const daughter = { name: '王小红', relation: '女儿', phone: '13954601357' }
const families = {
  json: {
    items: [
      { ...couple.json.items[0], household_id: '', way: 'family', family: daughter },
      { ...couple.json.items[1], household_id: '', phone: '', family: { ...daughter, name: '欧阳春梅', relation: '' } },
      { ...couple.json.items[1], person_id: '109', name: '阿不都热依木·买买提', household_id: '', phone: '' },
    ],
  },
}
const { activity, hall, outing, li, stand, wang } = variants
/** The outing four days ahead: everything that can be asked of somebody who comes. */
const ahead = { ...outing, starts_at: variants.at(28, '14:00'), ends_at: variants.at(28, '17:00'), places: { ...outing.places, answer_until: variants.at(26, '17:00') } }
const asked = (people: { id: string; name: string }[], mine: object[], over: object = ahead): Answers => {
  const seen = hall(people.map((p, i) => ({ person_id: p.id, name: p.name, answer: '', ...mine[i] })), over)
  return {
    'GET /activities/21': { json: seen },
    'GET /notices/31': { json: notice(people.map((p, i) => ({ ...stand(p as typeof wang), ...mine[i] })), { activity: { ...activity, starts_at: seen.starts_at, ends_at: seen.ends_at } }) },
  }
}
const single = (mine: object, over?: object): Answers => ({ ...worlds.single(), ...asked([wang], [mine], over) })
const detail = 'packages/notice/detail?id=31'
const waitsFor = { ...activity, ...ahead, counts: { ...ahead.counts, seats: 38 } }

const tap = (word: string) => async (page: Page) => page.locator('uni-button', { hasText: word }).first().tap()

/** A published notice in the elder audit, as its head and the callers see it. */
export const noticeStates: { name: string; path: string; world: Answers; sees: string; act?: (page: Page) => Promise<void>; voice?: boolean; speech?: object }[] = [
  { name: '进展', path: 'packages/head/timeline?id=31', world: head(), sees: '还没联系上' },
  {
    name: '进展 刚发出', path: 'packages/head/timeline?id=31&fresh=1', sees: '已经发出',
    world: head({ 'GET /notices/31/timeline': { json: { ...variants.timeline, card: { state: 'none', shared_at: null, count: 0, expires_at: null }, read: 0, answered: 0, told: 0, unreached: 132 } } }),
  },
  {
    name: '进展 夜里', path: 'packages/head/timeline?id=31&fresh=1', sees: '休息时间',
    world: head({ 'GET /notices/31/timeline': { json: { ...variants.timeline, queued: 104, sent: 0, rings_at: variants.at(24, '07:00'), card: { state: 'none', shared_at: null, count: 0, expires_at: null } } } }),
  },
  {
    name: '进展 还能做的', path: 'packages/head/timeline?id=31', sees: '写错了，在这里改', act: tap('还能做的事'),
    world: head({ 'GET /activities/21': { json: { ...activity, ...ahead } }, 'GET /notices/31': { json: notice([], { activity: { ...activity, starts_at: variants.at(28, '14:00') }, writing: variants.writing({ can_change: true }) }) } }),
  },
  ...moveStates,
  ...writingStates,
  { name: '图片和文字', path: 'packages/head/forward?id=31', world: head(), sees: '发日历' },
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
  { name: '打电话 家里人', path: 'packages/calls/index?id=31', world: head({ 'GET /notices/31/calls': families }), sees: '打给本人' },
  { name: '打电话 都好了', path: 'packages/calls/index?id=31', world: head({ 'GET /notices/31/calls': none }), sees: '都联系上了' },
  {
    name: '打电话 排到了', path: 'packages/calls/index?id=31', sees: '候补排到位子了',
    world: head({ 'GET /notices/31/calls': { json: { items: [{ ...couple.json.items[0], household_id: '', outcome: 'told', at: variants.at(22, '15:20'), by: '张秀兰', news: 'placed' }] } } }),
  },
  { name: '通知 能朗读', path: detail, world: worlds.single(), sees: '读给我听', voice: true },
  { name: '通知 朗读', path: detail, world: single({ answer: 'going' }), sees: '正在读给您听', act: tap('读给我听'), voice: true },
  { name: '通知 名额', path: detail, world: single({}), sees: '40个位子' },
  { name: '通知 还没定', path: detail, world: single({ answer: 'unsure' }), sees: '您还没定' },
  { name: '通知 候补', path: detail, world: single({ answer: 'waiting', ahead: 3 }), sees: '前面排着3位' },
  {
    name: '通知 候补 太多', path: detail, sees: '少来1位就能排',
    world: single({ answer: 'waiting', companions: ['spouse', 'child'], wants: 3 }, { ...ahead, places: { ...ahead.places, capacity: 2 } }),
  },
  { name: '通知 排到了', path: detail, world: single({ answer: 'going', placed_at: variants.at(22, '10:00') }), sees: '排到位子了' },
  { name: '通知 陪同接送', path: detail, world: single({ answer: 'going', companions: ['spouse'], lift: true, pick_up: '水利局家属院南门' }), sees: '还有一位陪同吗' },
  { name: '通知 截止', path: detail, world: single({ answer: 'going', companions: ['spouse'], lift: true }, { ...ahead, places: outing.places }), sees: '报名已经截止' },
  { name: '通知 俩人', path: detail, world: { ...worlds.couple(), ...asked([wang, li], [{}, {}]) }, sees: '我们俩都参加' },
  { name: '通知 俩人都去', path: detail, world: { ...worlds.couple(), ...asked([wang, li], [{}, {}]), 'GET /subscriptions/templates': none }, sees: '王建国已答复：参加', act: tap('我们俩都参加') },
  {
    name: '通知 没位子了', path: detail, sees: '陪同加不上',
    world: { ...single({ answer: 'going' }), 'PUT /activities/21/answers/11': variants.problem(409, 'activity.full', '位子满了，陪同加不上，您自己的位子还在') },
    act: async (page) => page.locator('.chip', { hasText: '老伴' }).tap(),
  },
  { name: '替人答复', path: 'packages/notice/behalf?id=21&person=100', world: head({ 'GET /activities/21': { json: { ...activity, ...ahead } } }), sees: '替王建国答复' },
  { name: '替人答复 候补', path: 'packages/notice/behalf?id=21&person=107', world: head({ 'GET /activities/21': { json: { ...activity, ...ahead } } }), sees: '前面排着1位' },
  { name: '替人答复 没有', path: 'packages/notice/behalf?id=21&person=1', world: head(), sees: '名单里没有这位同志' },
  { name: '名额', path: 'packages/head/places?id=21', world: head({ 'GET /activities/21': { json: { ...activity, ...ahead } } }), sees: '少10个' },
  { name: '名额 不限', path: 'packages/head/places?id=21', world: head(), sees: '限名额' },
  { name: '名额 调少', path: 'packages/head/places?id=21', world: head({ 'GET /activities/21': { json: { ...activity, ...ahead } } }), sees: '一位也不取消', act: async (page) => page.locator('.step', { hasText: '少10个' }).tap() },
  { name: '名额 存好', path: 'packages/head/places?id=21', world: head(), sees: '存好了', act: tap('存好') },
  { name: '名额 断网', path: 'packages/head/places?id=21', world: head({ 'GET /activities/21': { abort: true } }), sees: '网络没有连上' },
  { name: '候补名单', path: 'packages/head/queue?id=21', world: head({ 'GET /activities/21': { json: waitsFor } }), sees: '先安排' },
  { name: '候补名单 为什么', path: 'packages/head/queue?id=21', world: head({ 'GET /activities/21': { json: waitsFor } }), sees: '为什么先安排', act: tap('先安排') },
  {
    name: '候补名单 太多', path: 'packages/head/queue?id=21', sees: '这一家的号留着',
    world: head({ 'GET /activities/21': { json: { ...waitsFor, places: { ...waitsFor.places, capacity: 1 }, counts: { ...waitsFor.counts, seats: 1 } } } }),
  },
  { name: '候补名单 没有', path: 'packages/head/queue?id=21', world: head({ 'GET /activities/21/answers': none }), sees: '没有人在等' },
  { name: '接送名单', path: 'packages/liaison/lifts?id=21', world: head(), sees: '水利局家属院南门' },
  { name: '接送名单 没有', path: 'packages/liaison/lifts?id=21', world: head({ 'GET /activities/21/lifts': none }), sees: '没有人要接' },
  { name: '接送名单 断网', path: 'packages/liaison/lifts?id=21', world: head({ 'GET /activities/21/lifts': { abort: true } }), sees: '网络没有连上' },
]
