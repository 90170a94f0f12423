/** What a scanned text is, by its form alone; the server judges whether it is genuine. */
export type Scanned =
  | { kind: 'venue'; text: string }
  | { kind: 'member'; text: string }
  | { kind: 'card'; text: string }
  | { kind: 'binding'; text: string }
  | { kind: 'console'; text: string }
  | { kind: 'other'; text: string }

export function readCode(raw: string): Scanned {
  const text = raw.trim()
  if (/^https?:\/\/[^/]+\/q\/[\w-]/.test(text)) return { kind: 'venue', text }
  if (/^https?:\/\/[^/]+\/c\/[A-Z2-7]{26}/.test(text)) return { kind: 'console', text }
  if (text.startsWith('BM1.')) return { kind: 'member', text }
  if (text.startsWith('BC1.')) return { kind: 'card', text }
  if (text.startsWith('BB1.')) return { kind: 'binding', text }
  return { kind: 'other', text }
}

/** How long a code must have been out of sight before it counts as shown again. */
const AWAY = 3000

/** Lets a code pass once for as long as it is held before the camera. */
export function createGate(now: () => number = Date.now) {
  const seen = new Map<string, number>()
  return {
    pass(text: string): boolean {
      const at = now()
      for (const [other, last] of seen) if (at - last >= AWAY) seen.delete(other)
      const known = seen.has(text)
      seen.set(text, at)
      return !known
    },
    /** The last one came to nothing: it may be tried again at once. */
    forget: () => seen.clear(),
  }
}
