import { expect, test } from 'vitest'
import type { CardList } from '@/api/cards'
import { fileName, issueSentence, reissueSentence, scopeOf } from '@/pages/cards/words'

const list = (people: number, carded: number) =>
  ({ name: '水利局', items: Array.from({ length: people }, () => ({})), carded, files: 1, help_name: '', help_phone: '' }) as unknown as CardList

test('what handing out cards does is said before', () => {
  expect(issueSentence(list(0, 0))).toBe('这里没有在册的人，没有卡可发。')
  expect(issueSentence(list(5, 5))).toBe('在册的人都有卡了。再打印一次，卡和手里的一样，都能用。')
  expect(issueSentence(list(5, 0))).toBe('将给还没有卡的 5 人发新卡。')
  expect(issueSentence(list(5, 2))).toBe('将给还没有卡的 3 人发新卡。已有卡的 2 人不变，手里的卡照常能用。')
})

test('replacing a lost card says how many become worthless', () => {
  expect(reissueSentence('张建国', 2)).toBe('张建国以前发的 2 张卡马上作废，在门口不能再用；同时发一张新卡，请打印出来交给本人。')
  expect(reissueSentence('张建国', 0)).toContain('会发一张新卡')
})

test('the address says whose cards, the file name says which part', () => {
  expect(scopeOf({ alliance: '7', unit: '8' })).toEqual({ of: 'alliances', id: '7' })
  expect(scopeOf({ unit: '8' })).toEqual({ of: 'units', id: '8' })
  expect(scopeOf({})).toBeUndefined()
  expect(fileName('水利局', 1, 1)).toBe('水利局会员卡.pdf')
  expect(fileName('水利局', 2, 3)).toBe('水利局会员卡-2.pdf')
})
