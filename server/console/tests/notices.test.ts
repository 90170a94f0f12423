import { describe, expect, it } from 'vitest'
import { asks, audienceWord, chosen, countLine, partsOf, reach, standing, writerLine, type Notice, type Series } from '@/pages/notices/words'

describe('a notice to several alliances', () => {
  it('adds up what each of them says', () => {
    expect(reach([{ people: 100, reached: 80 }, { people: 32, reached: 12 }])).toEqual({ people: 132, reached: 92 })
    expect(reach([])).toEqual({ people: 0, reached: 0 })
  })
  it('is counted while it is addressed', () => {
    expect(countLine([{ people: 30, calls: 4 }, { people: 7, calls: 1 }])).toBe('将通知 37 人，其中 5 人要打电话')
    expect(countLine([])).toBe('还没有选')
  })
  it('goes out by the clock of China', () => {
    expect(new Date(chosen('2026-12-01', '08:30')).toISOString()).toBe('2026-12-01T00:30:00.000Z')
  })
  it('says whom a notice addresses', () => {
    expect(audienceWord({ alliance: '城东联盟', audience: { kind: 'alliance' } })).toBe('城东联盟全体')
    expect(audienceWord({ alliance: '城东联盟', audience: { kind: 'units', ids: ['1', '2'] } })).toBe('城东联盟 2 个单位')
  })
  it('waits for a look as a notice or as a correction, and names whose words it is', () => {
    const of = (writing: object) => ({ writing }) as Notice
    expect([of({ can_approve: true }), of({ correction: { can_approve: true } }), of({ correction: { can_approve: false } })].map(asks)).toEqual([true, true, false])
    expect(writerLine(of({ writer: '王建国', keeper: '' }))).toBe('王建国 写')
    expect(writerLine(of({ writer: '王建国', keeper: '李秀英' }))).toBe('王建国 写，现在归 李秀英')
    expect(writerLine(of({ writer: '', correction: { writer: '张德胜' } }))).toBe('张德胜 写')
  })
  it('says so of the office, too', () => {
    expect(audienceWord({ alliance: '', audience: { kind: 'alliance' } })).toBe('各联盟全体')
    expect(audienceWord({ alliance: '', audience: { kind: 'alliances', ids: ['1', '2'] } })).toBe('2 个联盟')
    expect(audienceWord({ alliance: '', audience: { kind: 'teams', teams: ['书法队', '门球队'] } })).toBe('各联盟的书法队、门球队')
  })
  it('counts who is in two of the chosen once', () => {
    const choices = {
      people: 132, calls: 20, alliances: [{ id: '1', name: '城东', people: 100, calls: 15 }, { id: '2', name: '城西', people: 32, calls: 5 }],
      teams: [{ name: '书法队', people: 5, calls: 1 }, { name: '门球队', people: 4, calls: 0 }],
      team_sets: [{ names: ['书法队', '门球队'], people: 2, calls: 0 }, { names: ['书法队'], people: 3, calls: 1 }, { names: ['门球队'], people: 2, calls: 0 }],
    }
    expect(countLine(partsOf(choices, { kind: 'alliance' }))).toBe('将通知 132 人，其中 20 人要打电话')
    expect(countLine(partsOf(choices, { kind: 'alliances', ids: ['2'] }))).toBe('将通知 32 人，其中 5 人要打电话')
    expect(countLine(partsOf(choices, { kind: 'teams', teams: ['书法队', '门球队'] }))).toBe('将通知 7 人，其中 1 人要打电话')
    expect(countLine(partsOf(choices, { kind: 'teams' }))).toBe('还没有选')
  })
  it('says what it waits for', () => {
    const of = (state: string, writing = {}) => standing({ notice: { state, writing } } as unknown as Series)
    expect(of('draft')).toBe('草稿，还没有发')
    expect(of('draft', { remark: '请写上时间' })).toBe('退回来了：请写上时间')
    expect(of('submitted')).toContain('另一位同志')
    expect(of('scheduled', { scheduled_at: '2020-01-01T00:00:00Z' })).toBe('图片查过就发')
  })
})
