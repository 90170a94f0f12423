import { describe, expect, it } from 'vitest'
import { addDays, day, dayLine, fullWhen, instant, isPast, isToday, minutesOfDay, nearby, spokenTime, time, when } from '@/composables/date'

// Sunday 23:30 UTC is Monday morning in Shanghai.
const monday = '2026-11-22T23:30:00Z'
const now = Date.parse('2026-11-23T00:40:00Z')

describe('dates live in Shanghai whatever the device thinks', () => {
  it('names day and time', () => {
    expect(day(monday)).toBe('11月23日')
    expect(time(monday)).toBe('7:30')
    expect(fullWhen(monday)).toBe('11月23日 星期一 上午7:30')
  })

  it.each([
    ['2026-11-22T20:05:00Z', '清早4:05'],
    ['2026-11-23T01:00:00Z', '上午9:00'],
    ['2026-11-23T04:30:00Z', '中午12:30'],
    ['2026-11-23T06:00:00Z', '下午2:00'],
    ['2026-11-23T11:00:00Z', '晚上7:00'],
  ])('%s is spoken as %s', (at, spoken) => expect(spokenTime(at)).toBe(spoken))

  it('counts days by the calendar, not by 24 hours', () => {
    expect(nearby('2026-11-23T15:59:00Z', now)).toBe('今天')
    expect(nearby('2026-11-23T16:00:00Z', now)).toBe('明天')
    expect(nearby('2026-11-22T15:00:00Z', now)).toBe('昨天')
    expect(nearby('2026-11-26T01:00:00Z', now)).toBe('')
    expect(isToday(monday, now)).toBe(true)
  })

  it('prefers the near word to the date', () => {
    expect(when('2026-11-24T01:00:00Z', now)).toBe('明天 上午9:00')
    expect(when('2026-12-24T01:00:00Z', now)).toBe('12月24日 上午9:00')
    expect(dayLine(now, now)).toBe('今天 11月23日 星期一')
  })

  it('builds instants from a day and minutes', () => {
    expect(instant(monday, 9 * 60)).toBe('2026-11-23T01:00:00.000Z')
    expect(instant(addDays(now, 1), 0)).toBe('2026-11-23T16:00:00.000Z')
    expect(minutesOfDay(monday)).toBe(450)
    expect(isPast(monday, now)).toBe(true)
  })
})
