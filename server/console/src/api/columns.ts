import { api, take } from './client'
import type { Item, Output } from './types'

/** A column that a committee has added to its ledger. */
export type OwnColumn = Item<'listColumns'>
export type Kind = OwnColumn['kind']
export type Use = Output<'columnUse'>
/** One of them on the page of a person. */
export type OwnValue = Output<'getPerson'>['columns'][number]

export const kinds: Record<Kind, { title: string; hint: string }> = {
  text: { title: '文字', hint: '最多 200 个字' },
  number: { title: '数字', hint: '如 300 或 300.5' },
  date: { title: '日期', hint: '如 2026-03 或 2026-03-05' },
  choice: { title: '选一项', hint: '从您列出的选项里选' },
  yes_no: { title: '是或否', hint: '' },
}

/** All columns of a committee; retired ones only for its office. */
export const loadColumns = async (committee: string) =>
  (await take(api.GET('/api/v1/committees/{id}/columns', { params: { path: { id: committee } } }))).items

/** The columns in use of several committees, in their order. */
export async function columnsInUse(committees: string[]): Promise<OwnColumn[]> {
  return (await Promise.all(committees.map(loadColumns))).flat().filter((c) => !c.retired_at)
}

export type Definition = {
  name: string
  kind: Kind
  choices: string[]
  purpose: string
  liaison_edits: boolean
  member_sees: boolean
}
export const createColumn = (committee: string, body: Definition) =>
  take(api.POST('/api/v1/committees/{id}/columns', { params: { path: { id: committee } }, body }))
export const updateColumn = (id: string, body: Partial<Omit<Definition, 'kind'>>) =>
  take(api.PATCH('/api/v1/columns/{id}', { params: { path: { id } }, body }))
export const orderColumns = async (committee: string, ids: string[]) =>
  (await take(api.PUT('/api/v1/committees/{id}/columns/order', { params: { path: { id: committee } }, body: { ids } }))).items
export const columnUse = (id: string) => take(api.GET('/api/v1/columns/{id}/use', { params: { path: { id } } }))
export const retireColumn = (id: string) => take(api.POST('/api/v1/columns/{id}/retire', { params: { path: { id } } }))
export const restoreColumn = (id: string) => take(api.POST('/api/v1/columns/{id}/restore', { params: { path: { id } } }))
