import type { CardList, CardScope } from '@/api/cards'

/** Whose cards the address means; an alliance goes before a unit. */
export function scopeOf(query: Record<string, unknown>): CardScope | undefined {
  if (query.alliance) return { of: 'alliances', id: String(query.alliance) }
  if (query.unit) return { of: 'units', id: String(query.unit) }
  return undefined
}

/** What handing out cards would do, before it is done. */
export function issueSentence(list: CardList): string {
  const without = list.items.length - list.carded
  if (!list.items.length) return '这里没有在册的人，没有卡可发。'
  if (!without) return '在册的人都有卡了。再打印一次，卡和手里的一样，都能用。'
  const kept = list.carded ? `已有卡的 ${list.carded} 人不变，手里的卡照常能用。` : ''
  return `将给还没有卡的 ${without} 人发新卡。${kept}`
}

/** What 挂失补发 would do. */
export const reissueSentence = (name: string, cards: number) =>
  cards
    ? `${name}以前发的 ${cards} 张卡马上作废，在门口不能再用；同时发一张新卡，请打印出来交给本人。`
    : `${name}还没有能用的卡，会发一张新卡，请打印出来交给本人。`

/** How the files of one print are called on the desk. */
export const fileName = (name: string, file: number, files: number) => (files > 1 ? `${name}会员卡-${file}.pdf` : `${name}会员卡.pdf`)
