import { computed, ref, shallowRef } from 'vue'
import { call } from '../../api/session'
import type { DesktopLogin } from '../../api/types'
import { toTrouble, type Trouble } from '../../composables/problem'
import { useSession } from '../../composables/useSession'
import { useSubmit } from '../../composables/useSubmit'

export const notOurs = '这不是电脑端的登录码，请扫电脑屏幕上的二维码'

export type Stage = 'opening' | 'error' | 'asking' | 'let' | 'refused'

/** From the scanned code of a desktop to whether it may be signed in. */
export function useDesktop() {
  const session = useSession()
  const stage = ref<Stage>('opening')
  const login = shallowRef<DesktopLogin>()
  const trouble = shallowRef<Trouble>()
  const jobs = computed(() => (session.me?.roles ?? []).filter((r) => r.role !== 'member').map((r) => r.label).join('、'))
  const name = computed(() => session.me?.name || session.self?.name || '')

  async function open(code: string) {
    stage.value = 'opening'
    try {
      const [got] = await Promise.all([call('POST /me/console-logins', { body: { code } }), session.ready()])
      login.value = got
      stage.value = 'asking'
    } catch (err) {
      trouble.value = toTrouble(err)
      stage.value = 'error'
    }
  }

  const answer = useSubmit(
    async (yes: boolean) => {
      const path = { id: login.value!.id }
      if (yes) await call('POST /me/console-logins/{id}/approve', { path })
      else await call('POST /me/console-logins/{id}/refuse', { path })
      stage.value = yes ? 'let' : 'refused'
    },
    (yes) => (yes ? 'yes' : 'no'),
  )

  return { stage, login, trouble, jobs, name, open, answer }
}
