import type { Use } from '@/api/columns'

/** What a clerk should know before a column is hidden. */
export function retireWords(name: string, use: Use): string {
  const filled = use.persons ? `有 ${use.persons} 位同志的“${name}”里填了内容。` : `还没有人填过“${name}”。`
  return `${filled}停用以后，台账、个人页、导入和导出里都不再出现这一栏；填过的内容保留着，恢复后照旧。`
}

/** One choice a line; the blank ones don't count. */
export const choicesOf = (text: string) => text.split('\n').map((c) => c.trim()).filter(Boolean)

/** Choices that would go although somebody has them. */
export function lost(choices: string[], use?: Use): string {
  const gone = Object.entries(use?.values ?? {}).filter(([c]) => !choices.includes(c))
  return gone.map(([c, n]) => `“${c}” ${n} 人`).join('、')
}

/** The list with one entry a place further up or down; undefined at the end of it. */
export function shifted<T>(list: T[], at: number, by: 1 | -1): T[] | undefined {
  const to = at + by
  if (to < 0 || to >= list.length) return undefined
  const out = [...list]
  ;[out[at], out[to]] = [out[to], out[at]]
  return out
}
