/** What a scanned text is, by its form alone; the server judges whether it is genuine. */
export type Scanned =
  | { kind: 'venue'; text: string }
  | { kind: 'member'; text: string }
  | { kind: 'card'; text: string }
  | { kind: 'binding'; text: string }
  | { kind: 'other'; text: string }

export function readCode(raw: string): Scanned {
  const text = raw.trim()
  if (/^https?:\/\/[^/]+\/q\/[\w-]/.test(text)) return { kind: 'venue', text }
  if (text.startsWith('BM1.')) return { kind: 'member', text }
  if (text.startsWith('BC1.')) return { kind: 'card', text }
  if (text.startsWith('BB1.')) return { kind: 'binding', text }
  return { kind: 'other', text }
}
