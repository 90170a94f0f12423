import { reactive, ref } from 'vue'
import { api, take } from '@/api/client'
import { Problem, toTrouble } from '@/api/problem'
import type { Row } from './words'

/** What somebody types into a row; texts, as the fields hold them. */
export interface Entry {
  own: '' | 'yes' | 'no'
  regular: string
  street: string
  line: Row['line']
  address: string
  spot: string
}

export interface Line {
  row: Row
  entry: Entry
  state: 'clean' | 'dirty' | 'saving' | 'saved' | 'error'
  /** What went wrong, in Chinese. */
  trouble: string
}

export function entryOf(r: Row): Entry {
  return {
    own: r.own_branch === null ? '' : r.own_branch ? 'yes' : 'no',
    regular: r.regular === null ? '' : String(r.regular),
    street: r.street, line: r.line, address: r.address,
    spot: r.latitude === null || r.longitude === null ? '' : `${r.latitude},${r.longitude}`,
  }
}

/** The body for a row, or what is wrong with it in Chinese. */
export function bodyOf(e: Entry, revision: number) {
  const regular = e.regular.trim()
  if (regular && !/^\d{1,4}$/.test(regular)) return '正常参加人数请填数字'
  const spot = e.spot.trim()
  const at = /^(\d{1,3}(?:\.\d+)?)\s*[,，\s]\s*(\d{1,3}(?:\.\d+)?)$/.exec(spot)
  if (spot && !at) return '坐标请填「纬度,经度」，如 37.49,118.25'
  return {
    revision,
    ...(e.own ? { own_branch: e.own === 'yes' } : {}),
    ...(regular ? { regular: Number(regular) } : {}),
    ...(at ? { latitude: Number(at[1]), longitude: Number(at[2]) } : {}),
    street: e.street.trim(), line: e.line, address: e.address.trim(),
  }
}

/** The survey's table: every row is written by itself as soon as one leaves it. */
export function useSheet(survey: string) {
  const list = ref<Line[]>([])

  async function load() {
    const sheet = await take(api.GET('/api/v1/surveys/{id}/units', { params: { path: { id: survey } } }))
    list.value = sheet.items.map((row) => reactive({ row, entry: entryOf(row), state: 'clean', trouble: '' }))
    return sheet.survey
  }

  function touch(l: Line) {
    l.state = JSON.stringify(l.entry) === JSON.stringify(entryOf(l.row)) ? 'clean' : 'dirty'
    l.trouble = ''
  }

  async function save(l: Line): Promise<void> {
    if (l.state !== 'dirty') return
    const body = bodyOf(l.entry, l.row.revision)
    if (typeof body === 'string') {
      Object.assign(l, { state: 'error', trouble: body })
      return
    }
    l.state = 'saving'
    const sent = JSON.stringify(l.entry)
    try {
      l.row = await take(api.PUT('/api/v1/surveys/{id}/units/{unit_id}', { params: { path: { id: survey, unit_id: l.row.unit_id } }, body }))
      if (JSON.stringify(l.entry) !== sent) return touch(l) // typed on meanwhile
      Object.assign(l, { entry: entryOf(l.row), state: 'saved', trouble: '' })
    } catch (err) {
      const t = toTrouble(err)
      Object.assign(l, { state: 'error', trouble: Object.values(t.fields)[0] ?? t.what })
      if (err instanceof Problem && err.code === 'founding.stale') await renew(l)
    }
  }

  /** Somebody else was faster: their row is shown, with a word about it. */
  async function renew(l: Line) {
    const sheet = await take(api.GET('/api/v1/surveys/{id}/units', { params: { path: { id: survey } } }))
    const now = sheet.items.find((r) => r.unit_id === l.row.unit_id)
    if (now) Object.assign(l, { row: now, entry: entryOf(now) })
  }

  return { list, load, touch, save }
}
