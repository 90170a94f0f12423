import { api, take } from '@/api/client'
import type { Item, Output } from '@/api/types'
import { moment } from '@/ui/date'

export { save } from '@/ui/save'

export type Import = Output<'getImport'>
export type Summary = Item<'listImports'>
export type Row = Item<'listImportItems'>
export type Choice = Row['choice']
export type Tab = 'new' | 'changed' | 'same'
export type Column = Output<'listImportColumns'>['columns'][number]
export type Undoing = Output<'tryUndoImport'>
export type Problem = Import['refused'][number]

export const stateNames: Record<Summary['state'], string> = {
  reading: '正在读取', failed: '没有读成', preview: '等您确认', committed: '已导入', undone: '已撤销',
}

export const listImports = () => take(api.GET('/api/v1/imports', { params: { query: {} } }))
export const getImport = (id: string) => take(api.GET('/api/v1/imports/{id}', { params: { path: { id } } }))
export const discard = (id: string) => take(api.DELETE('/api/v1/imports/{id}', { params: { path: { id } } }))
export const commit = (id: string) => take(api.POST('/api/v1/imports/{id}/commit', { params: { path: { id }, query: { background: true } } }))
export const tryUndo = (id: string) => take(api.GET('/api/v1/imports/{id}/undo', { params: { path: { id } } }))
export const listColumns = (committee: string) =>
  take(api.GET('/api/v1/import-columns', { params: { query: { committee_id: committee } } }))
export const explain = (id: string, items: { title: string; column: string }[]) =>
  take(api.PUT('/api/v1/imports/{id}/columns', { params: { path: { id } }, body: { items } }))
export const choose = (id: string, item: number, field: string, choice: Choice) =>
  take(api.PUT('/api/v1/imports/{id}/choices', { params: { path: { id } }, body: { items: [{ item, field, choice }] } }))
export const listRows = (id: string, tab: Tab, after: string, plain: boolean) =>
  take(api.GET('/api/v1/imports/{id}/items', { params: { path: { id }, query: { tab, after, plain } } }))
export const undo = (id: string, rest: boolean, headers: Record<string, string>) =>
  take(api.POST('/api/v1/imports/{id}/undo', { params: { path: { id } }, body: { rest }, headers }))

/** Sends the file as it is; how far the server has come the job tells. */
export function upload(committee: string, file: File): Promise<Import> {
  return take(
    api.POST('/api/v1/imports', {
      params: { query: { committee_id: committee, filename: file.name, background: true } },
      body: file as unknown as string,
      bodySerializer: (body) => body as unknown as BodyInit,
      headers: { 'Content-Type': 'application/octet-stream' },
    }),
  )
}

/** A cell of a .csv that no spreadsheet takes for a formula. */
function cell(text: string | number): string {
  const s = String(text)
  return `"${(/^[=+\-@＝＋－＠\t\r]/.test(s) ? `'${s}` : s).replaceAll('"', '""')}"`
}

/** The rows that did not get in, for the clerk's spreadsheet. */
export function problemsFile(list: Problem[]): Blob {
  const lines = [['工作表', '行', '单元格', '列', '内容', '原因'], ...list.map((p) => [p.sheet, p.row, p.cell, p.column, p.value, p.reason])]
  return new Blob(['\uFEFF' + lines.map((l) => l.map(cell).join(',')).join('\r\n')], { type: 'text/csv' })
}

export const shortTime = (iso: string) => (iso ? moment(iso) : '')
