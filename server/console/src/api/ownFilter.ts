import type { LocationQuery } from 'vue-router'
import type { OwnColumn } from './columns'

/** What is asked of one of the committee's own columns; a column alone asks for whoever has something in it. */
export interface OwnFilter {
  column: string
  value: string
  from: string
  to: string
  blank: '' | '1'
}

export const nothing: OwnFilter = { column: '', value: '', from: '', to: '', blank: '' }
const keys = Object.keys(nothing) as (keyof OwnFilter)[]

/** The filter as an address has it. */
export const ownFromUrl = (q: LocationQuery) =>
  Object.fromEntries(keys.map((k) => [k, typeof q[k] === 'string' ? q[k] : ''])) as unknown as OwnFilter

/** The filter in words. */
export function ownWords(f: OwnFilter, c: OwnColumn): string {
  let words = f.value || '填了的'
  if (f.blank) words = '没有填的'
  else if (f.from && f.from === f.to) words = f.from
  else if (f.from && f.to) words = `${f.from}至${f.to}`
  else if (f.from) words = `${f.from}起`
  else if (f.to) words = `至${f.to}`
  return `${c.name}：${words}`
}
