import type { Page } from '@playwright/test'
import { variants, worlds, type Answers } from './mock'

const tap = (word: string) => async (page: Page) => page.locator('uni-button', { hasText: word }).first().tap()
const group = (id: string, state: string, over: object = {}) => ({
  id, state, title: '十一月主题党日活动', seen_at: variants.at(20, '16:40'), bound_at: state === 'seen' ? undefined : variants.at(20, '16:41'),
  by: state === 'bound' ? '王建国' : '', ended_at: state === 'ended' ? variants.at(22, '09:00') : undefined, ...over,
})
const heads = (items: object[], over: Answers = {}): Answers => ({ ...worlds.head(), 'GET /alliances/1/groups': { json: { items } }, ...over })
const ways: Answers = {
  'GET /persons/11/notice-way': { json: { way: 'wechat', name: '微信通知' } },
  'PUT /persons/11/notice-way': { json: { way: 'phone', name: '不发微信，打电话' } },
  'GET /persons/12/notice-way': { json: { way: 'family', name: '先告诉家里人' } },
}

/** How somebody is told, and the groups of an alliance, in the elder audit. */
export const channelStates: { name: string; path: string; world: Answers; sees: string; act?: (page: Page) => Promise<void> }[] = [
  { name: '怎样通知', path: 'packages/family/way', world: { ...worlds.single(), ...ways }, sees: '✓ 微信通知' },
  { name: '怎样通知 改好了', path: 'packages/family/way', world: { ...worlds.single(), ...ways }, sees: '已改成', act: tap('不发微信') },
  { name: '怎样通知 两位', path: 'packages/family/way?id=12', world: { ...worlds.couple(), ...ways }, sees: '✓ 先告诉家里人' },
  {
    name: '怎样通知 断网', path: 'packages/family/way', sees: '网络',
    world: { ...worlds.single(), ...ways, 'GET /persons/11/notice-way': { abort: true } },
  },
  {
    name: '微信群', path: 'packages/head/groups', sees: '是我们的群',
    world: heads([group('1', 'bound'), group('2', 'seen', { title: '参观黄河文化馆' }), group('3', 'ended', { title: '' })]),
  },
  { name: '微信群 去掉', path: 'packages/head/groups', sees: '还是留着', world: heads([group('1', 'bound', { by: '' })]), act: tap('换群了') },
  {
    name: '微信群 认定了', path: 'packages/head/groups', sees: '已认定',
    world: heads([group('1', 'bound'), group('2', 'seen')], { 'POST /alliances/1/groups/2/bind': { json: { items: [group('1', 'bound'), group('2', 'bound')] } } }),
    act: tap('是我们的群'),
  },
  { name: '微信群 还没有', path: 'packages/head/groups', world: heads([]), sees: '还没有认定的群' },
]
