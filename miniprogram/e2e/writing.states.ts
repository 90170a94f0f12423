import type { Page } from '@playwright/test'
import { notice, variants, worlds, type Answers } from './mock'

const head = (over: Answers = {}): Answers => ({ ...worlds.head(), ...over })
const tap = (word: string) => async (page: Page) => page.locator('uni-button:visible', { hasText: word }).first().tap()
const { writing, at, problem } = variants
const pictures = (...states: string[]) => states.map((state, i) => ({ id: String(61 + i), width: 1280, height: 960, state }))
const photos: Answers = Object.fromEntries(['31', '35'].flatMap((n) => [61, 62, 63].map((p) => [`GET /notices/${n}/pictures/${p}`, variants.photograph])))
const one = (over: object, more: Answers = {}): Answers => head({ ...photos, 'GET /notices/31': { json: notice([], over) }, ...more })
/** A draft with its words and pictures, and then the page of the pictures. */
const stored = (over: object): Answers => {
  const view = { json: notice([], { id: '35', state: 'draft', ...over }) }
  return { 'GET /notices/35': view, 'PATCH /notices/35': view }
}
const chosen = (...states: string[]) => head({ ...photos, ...stored({ pictures: pictures(...states), writing: writing() }) })
async function written(page: Page) {
  await tap('主题党日')(page)
  await tap('看一遍')(page)
  await page.getByText('老同志看到的就是这样').waitFor()
}
const after = (...steps: ((page: Page) => Promise<void>)[]) => async (page: Page) => {
  for (const step of steps) await step(page)
}
const draftPage = (word: string) => after(tap('主题党日'), tap(word))
const asked = { state: 'submitted', writing: writing({ can_approve: true, scheduled_at: at(24, '08:30'), submitted_at: at(23, '08:00') }) }
const correction = {
  corrected_at: at(22, '09:00'),
  corrections: [{ at: at(22, '09:00'), note: '集合地点写错了', told: 41, changes: [{ before: '请在北门集合。', after: '请在南门集合。' }, { before: '', after: '请带好水杯。' }] }],
}

const mend = (over: object = {}, more: object = {}) => ({
  writing: writing({
    needs_approval: true,
    correction: {
      id: '71', title: '重阳登高活动', body: '请在南门集合。\n请带好水杯。', note: '集合地点写错了', state: 'submitted', submitted_at: at(23, '08:20'), remark: '',
      doubtful: false, writer: '王建国', own: true, can_approve: false, changes: correction.corrections[0].changes, ...over,
    },
    ...more,
  }),
})
/** Half a notice, and then the way to the form once more. */
async function halfWritten(page: Page) {
  await tap('写通知')(page)
  await tap('主题党日')(page)
  await page.getByLabel('标题').last().fill('重阳登高')
  await tap('返回')(page)
  await tap('写通知')(page)
}

/** Writing a notice in the elder audit, and what readers see of a corrected one. */
export const writingStates: { name: string; path: string; world: Answers; sees: string; act?: (page: Page) => Promise<void>; speech?: object }[] = [
  { name: '写通知 照上次', path: 'packages/head/compose', world: head(), sees: '照11月9日那次填的', act: tap('主题党日') },
  { name: '写通知 说话', path: 'packages/head/compose', world: head(), sees: '请带好水杯', act: draftPage('说话'), speech: { hears: '请带好水杯' } },
  { name: '写通知 没话筒', path: 'packages/head/compose', world: head(), sees: '上网软件没有打开话筒', act: draftPage('说话'), speech: { fails: 'not-allowed' } },
  { name: '写通知 接着发', path: 'packages/head/compose?follow=31', world: head(), sees: '发给还没答复的' },
  { name: '写通知 发给谁', path: 'packages/head/compose', world: head(), sees: '联盟里在册的党员', act: draftPage('发给联盟全体') },
  {
    name: '写通知 挑单位', path: 'packages/head/compose', world: head(), sees: '将通知31人，其中4人要打电话',
    act: after(draftPage('发给联盟全体'), tap('挑单位'), tap('利津县水利局')),
  },
  {
    name: '写通知 挑兴趣队', path: 'packages/head/compose', world: head(), sees: '将通知29人，其中4人要打电话',
    act: after(draftPage('发给联盟全体'), tap('挑兴趣队'), tap('书法队'), tap('门球队')),
  },
  {
    name: '写通知 没有兴趣队', path: 'packages/head/compose', sees: '还没有人填兴趣队', act: after(draftPage('发给联盟全体'), tap('挑兴趣队')),
    world: head({ 'GET /alliances/1/notice-choices': { json: { people: 132, calls: 23, units: [], branches: [], teams: [], team_sets: [], silent: [] } } }),
  },
  { name: '写通知 图片', path: 'packages/head/compose', world: head(), sees: '还没有图片', act: draftPage('放图片') },
  {
    name: '写通知 三张图片', path: 'packages/head/compose', world: chosen('passed', 'pending', 'refused'), sees: '没通过，请去掉',
    act: after(written, tap('返回'), tap('放了3张图片')),
  },
  { name: '看一遍 有图片', path: 'packages/head/compose', world: chosen('passed'), sees: '将通知132人，其中23人要打电话', act: written },
  {
    name: '看一遍 要审批', path: 'packages/head/compose', sees: '先请人看过', act: written,
    world: head(stored({ writing: writing({ needs_approval: true }) })),
  },
  {
    name: '看一遍 微信拿不准', path: 'packages/head/compose', sees: '确定送审', act: after(written, tap('发通知'), tap('确定发出'), tap('送审')),
    world: head({ 'POST /notices/35/publish': problem(409, 'notice.review', '微信拿不准这段文字，请改几个字，或请别的同志看过再发') }),
  },
  { name: '看一遍 断网', path: 'packages/head/compose', world: head({ 'POST /activities': { abort: true } }), sees: '网络没有连上', act: written },
  { name: '定时发', path: 'packages/head/when?id=35', world: head(), sees: '到时候自己发' },
  {
    name: '定时发 夜里', path: 'packages/head/when?id=35', sees: '是休息时间', act: tap('定好了'),
    world: head({ 'POST /notices/35/schedule': problem(422, 'notice.quiet', '晚上9:30到上午7:00是休息时间，手机不响。请选上午7:00以后') }),
  },
  { name: '等着发 定时', path: 'packages/head/waiting?id=31', world: one({ state: 'scheduled', writing: writing({ scheduled_at: at(24, '08:30') }) }), sees: '收回来改' },
  { name: '等着发 查图片', path: 'packages/head/waiting?id=31', world: one({ state: 'scheduled', pictures: pictures('pending'), writing: writing({ scheduled_at: at(23, '08:39') }) }), sees: '图片正在检查' },
  { name: '等着发 送审了', path: 'packages/head/waiting?id=31', world: one({ state: 'submitted', writing: writing() }), sees: '等人看过再发' },
  { name: '等着发 退回', path: 'packages/head/waiting?id=31', world: one({ state: 'draft', writing: writing({ remark: '请写上集合地点。' }) }), sees: '接着写' },
  { name: '请您看', path: 'packages/head/waiting?id=31', world: one(asked), sees: '看过了，可以发' },
  {
    name: '请您看 拿不准', path: 'packages/head/waiting?id=31', sees: '微信拿不准',
    world: one({ ...asked, pictures: pictures('review'), writing: writing({ can_approve: true, doubtful: true, writer: '阿不都热依木·买买提' }) }),
  },
  { name: '请您看 退回', path: 'packages/head/waiting?id=31', world: one(asked), sees: '为什么退回', act: tap('退回去改') },
  { name: '等着发 断网', path: 'packages/head/waiting?id=31', world: head({ 'GET /notices/31': { abort: true } }), sees: '网络没有连上' },
  { name: '更正', path: 'packages/head/correct?id=31', world: one({ writing: writing() }), sees: '改了什么' },
  {
    name: '更正 发出', path: 'packages/head/correct?id=31', sees: '更正已经发出',
    world: one({ writing: writing() }, { 'POST /notices/31/correct': { json: notice([], correction) } }),
    act: async (page) => {
      await page.getByLabel('内容').last().fill('请在南门集合。')
      await page.locator('uni-button[aria-disabled=false]:visible', { hasText: '发更正' }).tap()
    },
  },
  { name: '更正 要送审', path: 'packages/head/correct?id=31', world: one({ writing: writing({ needs_approval: true }) }), sees: '改好先请人看' },
  { name: '更正 退回来', path: 'packages/head/correct?id=31', world: one(mend({ state: 'draft', remark: '写清是哪个南门。' })), sees: '写清是哪个南门' },
  {
    name: '更正 微信拿不准', path: 'packages/head/correct?id=31', sees: '送审',
    world: one({ writing: writing() }, { 'POST /notices/31/correct': problem(409, 'notice.review', '微信拿不准这段文字，更正没有发出') }),
    act: async (page) => {
      await page.getByLabel('内容').last().fill('请在南门集合。')
      await page.locator('uni-button[aria-disabled=false]:visible', { hasText: '发更正' }).tap()
      await page.getByText('更正没有发出').first().waitFor()
    },
  },
  { name: '更正 送审了', path: 'packages/head/correction?id=31', world: one(mend()), sees: '收回来改' },
  { name: '请您看更正', path: 'packages/head/correction?id=31', world: one(mend({ own: false, can_approve: true, doubtful: true, writer: '阿不都热依木·买买提' })), sees: '改好以后是这样' },
  { name: '请您看更正 退回', path: 'packages/head/correction?id=31', world: one(mend({ own: false, can_approve: true })), sees: '为什么退回', act: tap('退回去改') },
  { name: '更正 断网', path: 'packages/head/correction?id=31', world: head({ 'GET /notices/31': { abort: true } }), sees: '网络没有连上' },
  { name: '取消活动', path: 'packages/head/cancel?id=31', world: one({ writing: writing() }), sees: '为什么取消' },
  {
    name: '取消活动 取消了', path: 'packages/head/cancel?id=31', sees: '已经取消',
    world: one({ writing: writing() }, { 'POST /activities/21/cancel': { json: variants.activity } }), act: after(tap('天气不好'), tap('确定取消')),
  },
  { name: '不要草稿', path: 'packages/head/cancel?id=31', world: one({ state: 'draft', writing: writing() }), sees: '去掉草稿' },
  { name: '写通知 上次没写完', path: 'pages/work/index', world: head(), sees: '另写一条新的', act: halfWritten },
  { name: '工作 更正等着看', path: 'pages/work/index', world: head({ 'GET /notices': { json: { items: [
    notice([], { id: '36', ...mend({ own: false, can_approve: true }) }), notice([], { id: '37', ...mend() }), notice([], { id: '38', ...mend({ state: 'draft', remark: '写清是哪个南门。' }) }),
  ] } } }), sees: '等您看的通知' },
  { name: '进展 更正送审了', path: 'packages/head/timeline?id=31', world: one(mend()), sees: '更正送审了' },
  { name: '工作 等着发', path: 'pages/work/index', sees: '等您看的通知', world: head({ 'GET /notices': { json: { items: [
    notice([], { id: '36', ...asked }), notice([], { id: '37', state: 'scheduled', writing: writing({ scheduled_at: at(24, '08:30') }) }),
    notice([], { id: '38', state: 'draft', writing: writing({ remark: '请写上集合地点。' }) }), notice([], { id: '39', from_office: true, activity: undefined }),
  ] } } }) },
  { name: '图片和文字 有照片', path: 'packages/head/forward?id=31', world: one({ pictures: pictures('passed', 'passed', 'passed') }), sees: '发第3张' },
  {
    name: '通知 有更正', path: 'packages/notice/detail?id=31', sees: '请在南门集合',
    world: { ...worlds.single(), ...photos, 'GET /notices/31': { json: notice([variants.stand(variants.wang)], { ...correction, pictures: pictures('passed', 'passed') }) } },
  },
  {
    name: '通知 县里的', path: 'packages/notice/detail?id=31', sees: '县里的通知',
    world: { ...worlds.single(), 'GET /notices/31': { json: notice([variants.stand(variants.wang)], { from_office: true, activity: undefined }) } },
  },
]
