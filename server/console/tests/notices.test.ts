import { describe, expect, it } from 'vitest'
import { audienceWord, chosen, countLine, reach } from '@/pages/notices/words'

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
})
