import { describe, expect, it } from 'vitest'
import { clock, minutes, quietLine } from '@/pages/rules/clock'

describe('times of the day', () => {
  it('are minutes for the server and a clock for people', () => {
    for (const [n, text] of [[0, '00:00'], [420, '07:00'], [1290, '21:30'], [1439, '23:59']] as const) {
      expect(clock(n)).toBe(text)
      expect(minutes(text)).toBe(n)
    }
  })

  it('say what they mean', () => {
    expect(quietLine('21:30', '07:00')).toBe('每晚 21:30 到第二天 07:00 不响；这时发的通知，07:00 再提醒。')
    expect(quietLine('12:00', '14:30')).toBe('每天 12:00 到 14:30 不响；这时发的通知，14:30 再提醒。')
    expect(quietLine('05:00', '05:00')).toBe('两个时刻一样：任何时候都会提醒。')
  })
})
