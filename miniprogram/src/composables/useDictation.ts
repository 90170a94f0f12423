import { onUnmounted, ref, shallowRef } from 'vue'
import { onHide, onUnload } from '@dcloudio/uni-app'
import { platform } from '../platform'
import { toTrouble, type Trouble } from './problem'

/** Speaking instead of typing: a tap begins, a tap ends, then `write` gets what was understood. */
export function useDictation(write: (text: string) => void) {
  const state = ref<'idle' | 'listening' | 'ending'>('idle')
  const heard = ref('')
  const trouble = shallowRef<Trouble>()
  let finish = () => {}
  /** Of several starts only the last one counts. */
  let turn = 0

  function start() {
    if (state.value !== 'idle') return
    const mine = ++turn
    const now = (act: () => void) => {
      if (mine === turn) act()
    }
    heard.value = ''
    trouble.value = undefined
    state.value = 'listening'
    const over = (text: string) => {
      state.value = 'idle'
      if (text.trim()) write(text.trim())
    }
    finish = platform.dictation!.start({
      heard: (text) => now(() => (heard.value = text)),
      ended: (text) => now(() => over(text)),
      // What was understood before it broke off isn't lost.
      failed: (err) => now(() => {
        over(heard.value)
        trouble.value = toTrouble(err)
      }),
    })
  }
  function stop() {
    if (state.value !== 'listening') return
    state.value = 'ending'
    finish()
  }
  /** Whoever leaves the page has finished: no microphone stays open behind it. */
  function leave() {
    if (state.value === 'idle') return
    finish()
    turn++
    state.value = 'idle'
    if (heard.value.trim()) write(heard.value.trim())
  }

  onHide(leave)
  onUnload(leave)
  onUnmounted(leave)
  return { by: platform.dictation?.by ?? '', state, heard, trouble, start, stop }
}
