import type { Item, Output } from '@/api/types'

export type Survey = Item<'listSurveys'>
export type Row = Output<'listSurveyUnits'>['items'][number]
export type Board = Output<'getDraft'>
export type Group = Board['groups'][number]
export type Card = Group['cards'][number]
export type Effect = Item<'listMoves'>
export type Version = Item<'listVersions'>
export type Founding = Item<'listFoundings'>

/** The lines of work in the usual order, as the contract names them. */
export const lines: [Row['line'], string][] = [
  ['party_mass', '党群口'], ['law', '政法口'], ['farming', '农口'], ['education_health', '教育卫生口'], ['economy', '经济口'],
  ['culture', '宣传文化口'], ['construction', '城建交通口'], ['general', '综合口'], ['other', '其他'],
]

/** 2022年3月15日 */
export function day(iso: string): string {
  const [y, m, d] = new Date(iso).toLocaleDateString('sv-SE', { timeZone: 'Asia/Shanghai' }).split('-').map(Number)
  return `${y}年${m}月${d}日`
}

export const percent = (share: number) => `${Math.round(share * 100)}%`
