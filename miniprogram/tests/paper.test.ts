import { describe, expect, it } from 'vitest'
import { certain, fit, hits, inOrder, signedAt, type Sheet } from '../src/packages/liaison/paper'

const row = (no: number, name: string, initials: string, last4 = '', over: Partial<Sheet> = {}): Sheet => ({
  person_id: name + no, no, name, initials, phone_last4: last4, unit: '县水利局', unit_id: '3', answer: '', present_at: undefined, ...over,
})
const rows = [
  row(1, '张建国', 'zjg', '0001'), row(2, '李淑芬', 'lsf', '0012'), row(3, '王志强', 'wzq', '1234'),
  row(12, '王志', 'wz', ''), row(13, '王志强', 'wzq', '0013'), row(1234, '赵平', 'zp', '7777'),
]
const nobody = () => false
const found = (typed: string, here: (r: Sheet) => boolean = nobody) => hits(rows, typed, here).map((r) => r.no)

describe('the order of the paper', () => {
  it('is that of the printed numbers, who was not printed last', () => {
    expect(inOrder([row(2, '乙', 'y'), row(0, '丙', 'b'), row(1, '甲', 'j')]).map((r) => r.name)).toEqual(['甲', '乙', '丙'])
  })
  it('is that of the roster where nothing was printed', () => {
    expect(inOrder([row(0, '乙', 'y'), row(0, '甲', 'j')]).map((r) => [r.no, r.name])).toEqual([[1, '乙'], [2, '甲']])
  })
})

describe('finding somebody', () => {
  it.each([
    ['1', [1]], ['12', [12]], ['0012', [12, 2].sort()], ['1234', [3, 1234]], ['99', []], ['7777', [1234]],
    ['zjg', [1]], ['WZ', [12, 3, 13]], ['w', [3, 12, 13]], ['q', []],
    ['王志', [12, 3, 13]], ['李', [2]], ['淑芬', [2]], [' 王 志 强 ', [3, 13]], ['', []],
  ])('%s', (typed, want) => {
    const got = found(typed)
    expect(typed === '0012' ? got.sort() : got).toEqual(want)
  })
  it('puts those who are there behind their equals', () => {
    expect(found('王志强', (r) => r.no === 3)).toEqual([13, 3])
    expect(found('王志', (r) => r.no === 12)).toEqual([12, 3, 13])
  })
  it.each([
    ['1', 1], ['zjg', 1], ['王志', 12], ['wz', 12], ['王志强', undefined], ['w', undefined], ['1234', undefined], ['99', undefined],
  ])('%s is certainly %s', (typed, want) => {
    expect(certain(hits(rows, typed, nobody), typed)?.no).toBe(want)
  })
  it('does not take part of a number for the number', () => {
    expect(fit(rows[3], '1')).toBe(0)
    expect(fit(rows[2], '234')).toBe(0)
  })
})

describe('when it was signed', () => {
  const span = { starts_at: '2026-11-23T09:00:00+08:00', opens_at: '2026-11-23T08:00:00+08:00', closes_at: '2026-11-23T11:30:00+08:00', main: true }
  const at = (clock: string) => Date.parse(`2026-11-23T${clock}:00+08:00`)
  const evening = at('20:00')
  it.each([
    ['', evening, '09:00'], ['9:05', evening, '09:05'], ['09：05', evening, '09:05'], ['905', evening, '09:05'], ['8点50', evening, '08:50'],
    ['7:00', evening, '08:00'], ['15:00', evening, '11:30'], ['', at('08:40'), '08:40'], ['9:30', at('09:10'), '09:10'],
  ])('%s entered at %d', (typed, now, want) => {
    expect(signedAt(typed, span, now)).toBe(new Date(at(want)).toISOString())
  })
  it.each(['25:00', '9:75', 'abc', '9'])('%s is no time', (typed) => {
    expect(signedAt(typed, span, evening)).toBeUndefined()
  })
  it('is now on a later roll call', () => {
    expect(signedAt('', { ...span, main: false }, at('10:40'))).toBe(new Date(at('10:40')).toISOString())
  })
})
