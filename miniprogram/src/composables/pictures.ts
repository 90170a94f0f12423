import { ref, watch } from 'vue'
import { accessToken } from '../api/session'
import type { NoticeView } from '../api/types'
import { platform } from '../platform'

/** Fetches the pictures of a notice; one that does not come leaves the text as readable as before. */
export function usePictures(notice: () => NoticeView | undefined) {
  const paths = ref<string[]>([])
  let shown = ''

  watch(
    () => notice(),
    async (n) => {
      const ids = n?.pictures?.map((p) => p.id) ?? []
      if (ids.join() === shown) return
      shown = ids.join()
      const got = await Promise.all(
        ids.map((id) => platform.picture(`${platform.origin}/api/v1/notices/${n!.id}/pictures/${id}`, accessToken() ?? '').catch(() => '')),
      )
      if (ids.join() === shown) paths.value = got
    },
    { immediate: true },
  )
  return { paths }
}
