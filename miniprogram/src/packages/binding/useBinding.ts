import { ref } from 'vue'
import { call } from '../../api/session'
import type { Person } from '../../api/types'
import { useSession } from '../../composables/useSession'
import { useSubmit } from '../../composables/useSubmit'
import { platform } from '../../platform'
import { DeviceError } from '../../platform.type'

/** Registration by phone number, with the question who one is where a couple shares a number. */
export function usePhoneBinding() {
  const session = useSession()
  const found = ref<Person[]>([])
  const asking = ref(false)
  const refused = ref(false)

  const bind = useSubmit(async (given?: string) => {
    const code = given ?? (await platform.phoneCode())
    if (!code) {
      refused.value = true
      return
    }
    // The button said yes to the words that hold now; which ones they were is kept.
    const words = await call('GET /me/consent')
    if (!words.current) await call('PUT /me/consent', { body: { version: words.version } })
    const bound = await call('POST /me/phone', { body: { code } })
    if (!bound.persons.length && !bound.roles.length) {
      throw new DeviceError('identity.phone_unknown', '花名册里没有这个手机号')
    }
    await session.reload()
    found.value = bound.persons
    asking.value = bound.choose_self
  })

  const choose = useSubmit(async (id: string) => {
    await call('PUT /me/persons/{id}', { path: { id }, body: { relation: 'self' } })
    await session.reload()
    asking.value = false
  })

  return { session, found, asking, refused, bind, choose }
}

/** Registration by the liaison's code: eight digits, or the text of its QR. */
export function useCodeBinding() {
  const session = useSession()
  const person = ref<Person>()
  const bind = useSubmit(async (code: string) => {
    person.value = (await call('POST /me/bindings', { body: { code: code.trim() } })).person
    await session.reload()
  })
  return { person, bind }
}

/** Leaves the registration pages behind, to where the member came from. */
export function leave() {
  const pages = getCurrentPages()
  const before = pages.findIndex((page) => /^(packages\/binding|pages\/login)\//.test(page.route ?? ''))
  if (before > 0) uni.navigateBack({ delta: pages.length - before })
  else uni.switchTab({ url: '/pages/home/index' })
}
