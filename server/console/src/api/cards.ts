import { call, take } from './client'

/** Whose cards are meant: the first word of the address, and the id. */
export interface CardScope {
  of: 'persons' | 'units' | 'alliances'
  id: string
}
export interface CardLine {
  person_id: string
  name: string
  unit_id: string
  unit: string
  /** Of the newest card that counts; null without one. */
  issued_at: string | null
  cards: number
}
export interface CardList {
  name: string
  items: CardLine[]
  carded: number
  files: number
  help_name: string
  help_phone: string
}

const path = (s: CardScope) => `/api/v1/${s.of}/${s.id}/cards`

export const loadCards = (scope: CardScope) => call<CardList>('GET', path(scope))
/** A card for everybody who has none. */
export const issueCards = (scope: CardScope) => call<{ issued: number; issued_at: string; files: number }>('POST', path(scope))
/** A new card for somebody who lost one; those of before count no longer. */
export const reissueCard = (person: string) => call<{ revoked: number }>('POST', `/api/v1/persons/${person}/cards/reissue`)

/** Fetches a file of cards and hands it to the browser to keep. */
export async function saveCards(scope: CardScope, name: string, file = 1, since = ''): Promise<void> {
  const query = new URLSearchParams({ file: String(file), ...(since && { since }) })
  const blob = await take<Blob>(
    fetch(`${path(scope)}.pdf?${query}`, { headers: { 'X-Console': '1' } }).then(async (response) =>
      response.ok ? { data: await response.blob(), response } : { error: await response.json().catch(() => undefined), response }),
  )
  const a = document.createElement('a')
  a.href = URL.createObjectURL(blob)
  a.download = name
  a.click()
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000)
}
