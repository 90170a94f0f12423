import type { OwnValue } from '@/api/columns'
import type { PersonDetail } from '@/api/ledger'

/** What the form begins with in the committee's own columns. */
export const ownDraft = (p: PersonDetail): Record<string, string> => Object.fromEntries((p.columns ?? []).map((c) => [c.id, c.value]))

/** Only what was really changed. */
export function ownChanges(p: PersonDetail, draft: Record<string, string>): Record<string, string> {
  return Object.fromEntries((p.columns ?? [])
    .filter((c) => c.editable && (draft[c.id] ?? '').trim() !== c.value)
    .map((c) => [c.id, (draft[c.id] ?? '').trim()]))
}

/** What can be chosen; a choice that is gone stays where it was chosen. */
export function choicesOf(c: OwnValue): string[] {
  const all = c.kind === 'yes_no' ? ['是', '否'] : c.choices
  return c.value && !all.includes(c.value) ? [...all, c.value] : all
}
