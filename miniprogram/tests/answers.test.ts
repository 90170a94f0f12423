import { mount } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { spoken } from '@/composables/notices'
import { useReadAloud } from '@/composables/useReadAloud'
import { answerWord, companionWords } from '@/composables/words'
import AnswerCard from '@/packages/notice/AnswerCard.vue'
import { platform } from '@/platform'

const person = (over: object = {}) => ({ person_id: '11', name: '王建国', answer: '', reason: '', companions: [], lift: false, pick_up: '', ahead: 0, ...over })
const places = { capacity: 40, companions: 2, lift: true }
const card = (over: object = {}, props: object = {}) =>
  mount(AnswerCard, { props: { person: person(over), places, named: false, open: true, busy: '', buttons: false, ...props } as never })
const press = async (w: ReturnType<typeof card>, word: string, nth = 0) => w.findAll('button').filter((b) => b.text() === word)[nth].trigger('tap')
const said = (w: ReturnType<typeof card>) => w.emitted('answer')?.map(([s]) => s)

describe('the card of an answer', () => {
  it('asks only who comes for companions and a lift', () => {
    expect(card({ answer: 'leave', reason: '身体不适' }).text()).not.toContain('有人陪着来吗')
    expect(card({ answer: 'going' }).text()).toContain('有人陪着来吗')
    expect(card({ answer: 'going' }, { places: { capacity: 0, companions: 0, lift: false } }).text()).not.toContain('要来接吗')
  })

  it('takes a companion and a second one, and both away again', async () => {
    const one = card({ answer: 'going' })
    await press(one, '老伴')
    expect(said(one)).toEqual([{ answer: 'going', companions: ['spouse'] }])
    const two = card({ answer: 'going', companions: ['spouse'] })
    await press(two, '子女', 1)
    await press(two, '自己来')
    expect(said(two)).toEqual([{ answer: 'going', companions: ['spouse', 'child'] }, { answer: 'going', companions: [] }])
  })

  it('says nothing of a lift before the place is known', async () => {
    const w = card({ answer: 'going' })
    await press(w, '请来接')
    expect(said(w)).toBeUndefined()
    await press(w, '单位门口')
    expect(said(w)).toEqual([{ answer: 'going', lift: true, pick_up: '单位门口' }])
  })

  it.each([
    [{ answer: 'waiting', ahead: 3 }, '前面排着3位'],
    [{ answer: 'waiting', ahead: 0 }, '排在最前面'],
    [{ answer: 'going', placed_at: '2026-11-22T02:00:00Z' }, '排到位子了'],
    [{ answer: 'unsure' }, '您还没定'],
  ])('tells how somebody stands: %j', (over, words) => {
    expect(card(over).text()).toContain(words)
  })

  it('only tells after the deadline', () => {
    const w = card({ answer: 'going', companions: ['carer'], lift: true }, { open: false, buttons: true })
    expect(w.text()).toContain('陪同：照看的人')
    expect(w.text()).toContain('到家门口接')
    expect(w.findAll('button')).toHaveLength(0)
  })
})

describe('reading aloud', () => {
  afterEach(() => {
    delete platform.voice
    delete platform.speak
  })
  const reader = () => {
    let it!: ReturnType<typeof useReadAloud>
    mount({ setup: () => ((it = useReadAloud(() => '通知')), () => null) })
    return it
  }

  it('has no button where nobody can read', () => {
    expect(reader().able.value).toBe(false)
  })

  it('reads, is stopped, reads again to the end', () => {
    const silence = vi.fn()
    let ended = () => {}
    platform.voice = (found) => found()
    platform.speak = vi.fn((_, done) => ((ended = done), silence))
    const r = reader()
    expect(r.able.value).toBe(true)
    r.toggle()
    expect([r.state.value, vi.mocked(platform.speak).mock.calls[0][0]]).toEqual(['reading', '通知'])
    r.toggle()
    expect([r.state.value, silence.mock.calls.length]).toEqual(['idle', 1])
    r.toggle()
    ended()
    expect(r.state.value).toBe('read')
  })

  it('says hours as people say them, and everything that matters first', () => {
    const n = { title: '主题党日', body: '请带笔。\n请准时。', alliance: '城东党建联盟', activity: { starts_at: '2026-11-23T14:30:00+08:00', place: '文化馆' } }
    expect(spoken(n as never)).toBe('主题党日。\n时间：11月23日 星期一 下午2点半。\n地点：文化馆。\n请带笔。\n请准时。\n城东党建联盟')
  })
})

it('has a word for every answer and every relation', () => {
  expect(['going', 'leave', 'unsure', 'waiting', ''].map(answerWord)).toEqual(['参加', '请假', '还没定', '候补', '还没答复'])
  expect(companionWords(['spouse', 'carer'])).toBe('老伴、照看的人')
})
