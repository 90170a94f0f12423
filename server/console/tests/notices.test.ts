import { describe, expect, it } from 'vitest'
import { asks, audienceWord, chosen, countLine, reach, writerLine, type Notice } from '@/pages/notices/words'

describe('a notice to several alliances', () => {
  it('adds up what each of them says', () => {
    expect(reach([{ people: 100, reached: 80 }, { people: 32, reached: 12 }])).toEqual({ people: 132, reached: 92, share: 70 })
    expect(reach([])).toEqual({ people: 0, reached: 0, share: 0 })
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
})
