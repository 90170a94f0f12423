/** Dates as people in China read them; everybody lives in Asia/Shanghai, which has no summer time. */
const OFFSET = 8 * 3600_000
const DAY = 24 * 3600_000
const WEEK = ['日', '一', '二', '三', '四', '五', '六']

function local(at: string | number): Date {
  return new Date((typeof at === 'number' ? at : Date.parse(at)) + OFFSET)
}

function dayNumber(at: string | number): number {
  return Math.floor(local(at).getTime() / DAY)
}

/** 11月28日 */
export function day(at: string | number): string {
  const d = local(at)
  return `${d.getUTCMonth() + 1}月${d.getUTCDate()}日`
}

/** 2026年 */
export function year(at: string | number): string {
  return `${local(at).getUTCFullYear()}年`
}

/** 星期六 */
export function weekday(at: string | number): string {
  return `星期${WEEK[local(at).getUTCDay()]}`
}

/** 9:05 */
export function time(at: string | number): string {
  const d = local(at)
  return `${d.getUTCHours()}:${String(d.getUTCMinutes()).padStart(2, '0')}`
}

/** 上午9:00, 下午2:30 */
export function spokenTime(at: string | number): string {
  const d = local(at)
  const hour = d.getUTCHours()
  const part = hour < 6 ? '清早' : hour < 12 ? '上午' : hour < 13 ? '中午' : hour < 18 ? '下午' : '晚上'
  const shown = hour > 12 ? hour - 12 : hour
  return `${part}${shown}:${String(d.getUTCMinutes()).padStart(2, '0')}`
}

/** 今天, 明天, 后天, 昨天 — or nothing when it is further away. */
export function nearby(at: string | number, now: number = Date.now()): string {
  const words: Record<number, string> = { [-1]: '昨天', 0: '今天', 1: '明天', 2: '后天' }
  return words[dayNumber(at) - dayNumber(now)] ?? ''
}

/** 今天 上午9:00, else 11月28日 上午9:00 */
export function when(at: string, now: number = Date.now()): string {
  return `${nearby(at, now) || day(at)} ${spokenTime(at)}`
}

/** 11月28日 星期六 上午9:00 */
export function fullWhen(at: string): string {
  return `${day(at)} ${weekday(at)} ${spokenTime(at)}`
}

/** 明天 11月24日 星期二 */
export function dayLine(at: string | number, now: number = Date.now()): string {
  return [nearby(at, now), day(at), weekday(at)].filter(Boolean).join(' ')
}

/** The RFC 3339 instant of a day (any instant in it) at so many minutes after midnight. */
export function instant(onDay: string | number, minutes: number): string {
  return new Date(dayNumber(onDay) * DAY + minutes * 60_000 - OFFSET).toISOString()
}

export function addDays(at: string | number, days: number): number {
  return (typeof at === 'number' ? at : Date.parse(at)) + days * DAY
}

export function minutesOfDay(at: string | number): number {
  const d = local(at)
  return d.getUTCHours() * 60 + d.getUTCMinutes()
}

export function isToday(at: string, now: number = Date.now()): boolean {
  return dayNumber(at) === dayNumber(now)
}

export function isPast(at: string, now: number = Date.now()): boolean {
  return Date.parse(at) < now
}
