import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import AnswerCard from '@/packages/notice/AnswerCard.vue'
import ResultScreen from '@/ui/ResultScreen.vue'
import StateBox from '@/ui/StateBox.vue'

describe('ResultScreen', () => {
  it('announces word, name and activity at once', () => {
    const said = mount(ResultScreen, { props: { tone: 'ok', word: '签到成功', name: '王建国', activity: '主题党日' } }).get('[aria-live=assertive]')
    expect(said.text()).toContain('签到成功')
    expect(said.text()).toContain('王建国')
    expect(said.text()).toContain('主题党日')
  })

  it.each(['ok', 'already', 'stop', 'ask', 'wait'] as const)('has a mark of its own for %s', (tone) => {
    expect(mount(ResultScreen, { props: { tone, word: '字' } }).classes()).toContain(`result--${tone}`)
  })
})

describe('StateBox', () => {
  const trouble = { code: 'unavailable', what: '系统正忙', todo: '过一会儿再试。' }
  it('says what happened and what to do', async () => {
    const box = mount(StateBox, { props: { state: 'error', trouble } })
    expect(box.get('[role=alert]').text()).toContain('系统正忙过一会儿再试。')
    await box.get('button').trigger('tap')
    expect(box.emitted('again')).toHaveLength(1)
  })
  it('shows the content only when it is there', () => {
    const slots = { default: '<p>内容</p>' }
    expect(mount(StateBox, { props: { state: 'loading' }, slots }).text()).toBe('正在打开，请稍等')
    expect(mount(StateBox, { props: { state: 'done' }, slots }).text()).toBe('内容')
  })
})

describe('AnswerCard', () => {
  const person = { person_id: '1', name: '王建国', answer: 'leave', reason: '' }
  const props = { person, named: false, open: true, busy: '', buttons: false }
  it('takes a reason with one tap', async () => {
    const card = mount(AnswerCard, { props })
    await card.findAll('button').find((b) => b.text() === '身体不适')!.trigger('tap')
    expect(card.emitted('answer')).toEqual([[{ answer: 'leave', reason: '身体不适' }]])
  })
  it('asks no more once a reason is known', () => {
    const card = mount(AnswerCard, { props: { ...props, person: { ...person, reason: '家里有事' } } })
    expect(card.text()).toContain('原因：家里有事')
    expect(card.text()).not.toContain('要说一下原因吗')
  })
  it('offers only the other answer', () => {
    const card = mount(AnswerCard, { props: { ...props, buttons: true, person: { ...person, answer: 'going' } } })
    expect(card.text()).toContain('改成请假')
    expect(card.text()).not.toContain('改成参加')
  })
})
