import { onBeforeUnmount, onMounted, ref } from 'vue'
import { useSession, WARN_MS } from '@/api/session'

const TICK_MS = 1000
const NOTE_MS = 10_000

/** Watches hands on the desk: gives the seconds that are left once they are few, and ends the session at zero. */
export function useIdle(ended: () => void) {
  const session = useSession()
  const seconds = ref<number>()
  let noted = 0
  let timer: ReturnType<typeof setInterval>

  function stay() {
    session.touch()
    seconds.value = undefined
  }
  function work() {
    const now = Date.now()
    if (seconds.value !== undefined || now - noted < NOTE_MS) return // once it asks, only the answer counts
    noted = now
    session.touch()
  }
  function tick() {
    const left = session.left()
    if (left <= 0) {
      clearInterval(timer)
      seconds.value = undefined
      ended()
    } else {
      seconds.value = left <= WARN_MS ? Math.ceil(left / 1000) : undefined
    }
  }

  const signs = ['pointerdown', 'keydown', 'wheel'] as const
  onMounted(() => {
    session.touch()
    for (const s of signs) window.addEventListener(s, work, { passive: true })
    timer = setInterval(tick, TICK_MS)
  })
  onBeforeUnmount(() => {
    for (const s of signs) window.removeEventListener(s, work)
    clearInterval(timer)
  })
  return { seconds, stay }
}
