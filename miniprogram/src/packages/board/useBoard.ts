import { computed, ref, shallowRef } from 'vue'
import { Problem } from '../../api/client'
import { call } from '../../api/session'
import type { Board } from '../../api/types'
import { platform } from '../../platform'

/** live: what is shown is true; lost: it was, when the network last was there; over: never again. */
export type Link = 'loading' | 'live' | 'lost' | 'over'

const QUIET = 25_000 // the server says something every 12 s
const LATE = 5_000 // without a stream every answer should come sooner
const ASK = 2_500
const REOPEN = 4_000

/** A clock that nobody sets: the time of the screen itself may be wrong. */
const steady = () => (typeof performance === 'undefined' ? Date.now() : performance.now())

/**
 * What the big screen shows, kept true: events where there are any, questions in between and where
 * there are none. Nothing is asked twice at once, and a code is hidden before it stops to work.
 */
export function useBoard() {
  const board = shallowRef<Board>()
  const link = ref<Link>('loading')
  const said = ref('')
  const now = ref(steady())

  let token = ''
  let timer: ReturnType<typeof setInterval> | undefined
  let close: (() => void) | undefined
  let streaming = false
  let asking = false
  let got = 0
  let heard = 0
  let askAt = 0
  let openAt = 0

  function alive() {
    heard = steady()
    if (link.value !== 'over') link.value = 'live'
  }

  function take(b: Board) {
    board.value = b
    got = now.value = steady()
    alive()
  }

  function hangUp() {
    close?.()
    close = undefined
    streaming = false
    askAt = 0
    openAt = steady() + REOPEN * (1 + Math.random())
  }

  function open() {
    if (!platform.listen) return
    openAt = steady() + 2 * REOPEN
    close = platform.listen(
      `${platform.origin}/api/v1/boards/${token}/events`,
      ['snapshot', 'alive'],
      (name, data) => {
        streaming = true
        if (name === 'snapshot') take(JSON.parse(data) as Board)
        else alive()
      },
      () => {
        hangUp()
        beat()
      },
    )
  }

  async function ask() {
    const asked = token
    asking = true
    askAt = steady() + ASK
    try {
      const b = await call('GET /boards/{token}', { path: { token: asked } })
      if (asked === token && !streaming) take(b)
    } catch (err) {
      if (asked !== token) return
      const gone = err instanceof Problem && (err.status === 404 || err.status === 422)
      if (gone) {
        said.value = err.message
        link.value = 'over'
        stop()
      } else if (!streaming) {
        link.value = 'lost'
      }
    } finally {
      asking = false
    }
  }

  function beat() {
    now.value = steady()
    if (link.value === 'over' || !timer) return
    if (streaming && now.value - heard > QUIET) hangUp()
    if (streaming) return
    if (now.value - heard > LATE && link.value === 'live') link.value = 'lost'
    if (!asking && now.value >= askAt) void ask()
    if (!close && now.value >= openAt) open()
  }

  const online = (res: { isConnected: boolean }) => {
    hangUp()
    if (res.isConnected) openAt = 0
    beat()
  }

  function start(with_: string) {
    stop()
    token = with_
    heard = steady()
    openAt = 0
    timer = setInterval(beat, 1000)
    uni.onNetworkStatusChange(online)
    open()
    // The stream brings the first picture; where there is none, a question does.
    askAt = close ? steady() + 1000 : 0
    beat()
  }

  function stop() {
    clearInterval(timer)
    timer = undefined
    uni.offNetworkStatusChange(online)
    close?.()
    close = undefined
    streaming = false
  }

  /** The server's time, by our steady clock since it was told. */
  const clock = computed(() => (board.value ? Date.parse(board.value.now) + now.value - got : 0))
  /** The code as long as somebody can sign in with it. */
  const code = computed(() => {
    const c = board.value?.code
    return c && (now.value - got) / 1000 < c.expires_after_seconds ? c.url : ''
  })

  return { board, link, said, clock, code, start, stop }
}
