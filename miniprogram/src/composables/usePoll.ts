import { onHide, onShow, onUnload } from '@dcloudio/uni-app'

/** Repeats while the page is in sight; for the staff's own figures, never for a member's page. */
export function usePoll(act: () => unknown, ms: number) {
  let timer: ReturnType<typeof setInterval> | undefined
  const stop = () => clearInterval(timer)
  onShow(() => {
    stop()
    void act()
    timer = setInterval(act, ms)
  })
  onHide(stop)
  onUnload(stop)
}
