const format = new Intl.DateTimeFormat('zh-CN', {
  timeZone: 'Asia/Shanghai', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
})

/** 2026-11-25 09:30, as it is in China wherever the browser stands. */
export function moment(rfc3339: string): string {
  const p = Object.fromEntries(format.formatToParts(new Date(rfc3339)).map((x) => [x.type, x.value]))
  return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}`
}

export const day = (rfc3339: string) => moment(rfc3339).slice(0, 10)
