import { onUnmounted, ref } from 'vue'
import { onHide, onUnload } from '@dcloudio/uni-app'
import { platform } from '../platform'

/** Reading a page aloud. Where there is no voice there is no button. */
export function useReadAloud(text: () => string) {
  const able = ref(false)
  const state = ref<'idle' | 'reading' | 'read'>('idle')
  let silence = () => {}

  platform.voice?.(() => (able.value = true))

  function stop() {
    silence()
    if (state.value === 'reading') state.value = 'idle'
  }
  function toggle() {
    if (state.value === 'reading') return stop()
    state.value = 'reading'
    silence = platform.speak!(text(), () => (state.value = 'read'))
  }

  onHide(stop)
  onUnload(stop)
  onUnmounted(stop)
  return { able, state, toggle, stop }
}
