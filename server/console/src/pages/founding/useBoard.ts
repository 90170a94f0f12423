import { ref, shallowRef } from 'vue'
import { api, take } from '@/api/client'
import { Problem, toTrouble } from '@/api/problem'
import type { Board, Effect } from './words'

/** The arrangement of a survey; every change goes to the server at once and comes back judged. */
export function useBoard(survey: string) {
  const board = shallowRef<Board>()
  /** What the last change did, or why it failed; read out. */
  const said = ref('')
  const failed = ref(false)
  const busy = ref(false)
  const path = { id: survey }

  /** False when there is no draft yet. */
  async function load(): Promise<boolean> {
    try {
      board.value = await take(api.GET('/api/v1/surveys/{id}/draft', { params: { path } }))
      return true
    } catch (err) {
      if (err instanceof Problem && err.code === 'founding.no_draft') return false
      throw err
    }
  }

  async function propose(alliances: number, include: string[]): Promise<void> {
    const revision = board.value?.revision ?? 0
    board.value = await take(api.PUT('/api/v1/surveys/{id}/draft', { params: { path }, body: { alliances, include, revision } }))
  }

  const effects = async (unit: string): Promise<Effect[]> =>
    (await take(api.GET('/api/v1/surveys/{id}/draft/moves/{unit_id}', { params: { path: { id: survey, unit_id: unit } } }))).items

  async function change(act: (revision: number) => Promise<string>): Promise<boolean> {
    if (!board.value || busy.value) return false
    busy.value = true
    try {
      said.value = await act(board.value.revision)
      failed.value = false
      return true
    } catch (err) {
      const t = toTrouble(err)
      said.value = Object.values(t.fields)[0] ?? t.what
      failed.value = true
      if (t.code === 'founding.stale') await load()
      return false
    } finally {
      busy.value = false
    }
  }

  const move = (unit: string, to: number) =>
    change(async (revision) => {
      const r = await take(api.POST('/api/v1/surveys/{id}/draft/moves', { params: { path }, body: { unit_id: unit, to, revision } }))
      board.value = r.board
      return r.effect.text
    })

  const edit = (number: number, body: { name?: string; lead_unit_id?: string }, done: string) =>
    change(async (revision) => {
      board.value = await take(api.PATCH('/api/v1/surveys/{id}/draft/groups/{number}', { params: { path: { id: survey, number } }, body: { ...body, revision } }))
      return done
    })

  const save = (name: string) =>
    change(async (revision) => {
      await take(api.POST('/api/v1/surveys/{id}/versions', { params: { path }, body: { name, revision } }))
      return `已存为「${name}」，以后不会变。`
    })

  return { board, said, failed, busy, load, propose, effects, move, edit, save }
}
