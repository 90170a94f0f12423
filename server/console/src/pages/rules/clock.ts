/** 1290 → 21:30 */
export function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

/** 21:30 → 1290 */
export function minutes(clock: string): number {
  const [h, m] = clock.split(':').map(Number)
  return h! * 60 + m!
}

/** What the chosen hours mean, in a sentence. */
export function quietLine(from: string, until: string): string {
  if (from === until) return '两个时刻一样：任何时候都会提醒。'
  return `${minutes(from) > minutes(until) ? `每晚 ${from} 到第二天` : `每天 ${from} 到`} ${until} 不响；这时发的通知，${until} 再提醒。`
}
