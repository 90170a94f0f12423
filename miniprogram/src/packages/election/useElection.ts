import { call } from '../../api/session'
import type { Election } from '../../api/types'
import { usePage } from '../../composables/usePage'
import { useSession } from '../../composables/useSession'
import { useSubmit } from '../../composables/useSubmit'

/** One election, and the one thing a member does with it. */
export function useElection(id: () => string) {
  const session = useSession()
  const page = usePage<Election>(async () => {
    await session.ready()
    return call('GET /elections/{id}', { path: { id: id() } })
  })

  /** An empty choice is a blank ballot. The answer is the election as it then is. */
  const vote = useSubmit(async (person: string, choice: string) => {
    page.data.value = await call('POST /elections/{id}/voters/{person_id}/ballot', {
      path: { id: id(), person_id: person },
      body: choice ? { choice } : {},
    })
  })

  return { ...page, session, vote }
}
