import { onScopeDispose, ref } from 'vue'
import { call } from '@/api/client'
import { Problem } from '@/api/problem'

/** Long work on the server, as GET /jobs/{id} tells it. */
export interface Job {
  id: string
  kind: string
  state: 'running' | 'done' | 'failed' | 'interrupted'
  done: number
  total: number
  message: string
  result?: unknown
}

const POLL_MS = 1000
const key = (kind: string) => `bense.console.job.${kind}`

/**
 * Follows one job of a kind until it ends. Which one is remembered, so that the bar is there again
 * after a reload; `forget` clears it.
 */
export function useJob(kind: string, ended: (job: Job) => void = () => {}) {
  const job = ref<Job>()
  const error = ref<unknown>()
  let timer: ReturnType<typeof setTimeout> | undefined

  async function poll(id: string) {
    try {
      job.value = await call<Job>('GET', `/api/v1/jobs/${id}`)
      error.value = undefined
    } catch (err) {
      error.value = err
      if (!(err instanceof Problem) || !err.passing) return forget()
    }
    const state = job.value?.state ?? 'running'
    if (state !== 'running') return ended(job.value!)
    timer = setTimeout(() => void poll(id), POLL_MS)
  }

  function follow(id: string) {
    clearTimeout(timer)
    localStorage.setItem(key(kind), id)
    void poll(id)
  }

  function forget() {
    clearTimeout(timer)
    localStorage.removeItem(key(kind))
    job.value = undefined
  }

  const kept = localStorage.getItem(key(kind))
  if (kept) void poll(kept)
  onScopeDispose(() => clearTimeout(timer))
  return { job, error, follow, forget }
}
