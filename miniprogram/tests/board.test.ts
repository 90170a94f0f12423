import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '@/api/client'
import { useBoard } from '@/packages/board/useBoard'

type Said = { url: string; event: (name: string, data: string) => void; lost: () => void; closed: boolean }
const wire = vi.hoisted(() => ({ calls: [] as Said[], ask: vi.fn(), listens: true }))

vi.mock('@/api/session', () => ({ call: wire.ask }))
vi.mock('@/platform', () => ({
  platform: {
    origin: 'https://a.example.cn',
    get listen() {
      if (!wire.listens) return undefined
      return (url: string, _: string[], event: Said['event'], lost: Said['lost']) => {
        const said: Said = { url, event, lost, closed: false }
        wire.calls.push(said)
        return () => (said.closed = true)
      }
    },
  },
}))

const shown = (present: number, over: object = {}) => ({
  now: '2026-11-23T00:40:00Z', counts: { present, expected: 132, leave: 0, absent: 0 }, latest: [], names: true, version: 'a',
  code: { url: 'https://a.example.cn/q/x', refresh_after_seconds: 30, expires_after_seconds: 60 }, ...over,
})
const gone = () => Promise.reject(new Problem(0, 'client.offline', '网络没有连上'))
let network: (res: { isConnected: boolean }) => void = () => {}
let board: ReturnType<typeof useBoard>

beforeEach(() => {
  vi.useFakeTimers()
  wire.calls.length = 0
  wire.listens = true
  wire.ask.mockReset().mockImplementation(gone)
  Object.assign(uni, { onNetworkStatusChange: (f: typeof network) => (network = f), offNetworkStatusChange: () => {} })
  board = useBoard()
})
afterEach(() => {
  board.stop()
  vi.useRealTimers()
})
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const present = () => board.board.value?.counts.present

describe('useBoard', () => {
  it('shows what the stream says and asks nothing meanwhile', async () => {
    board.start('t')
    expect(wire.calls[0].url).toBe('https://a.example.cn/api/v1/boards/t/events')
    wire.calls[0].event('snapshot', JSON.stringify(shown(1)))
    expect([board.link.value, present()]).toEqual(['live', 1])
    for (let i = 0; i < 5; i++) {
      await pass(12_000)
      wire.calls[0].event('alive', '')
    }
    expect([board.link.value, wire.ask.mock.calls.length, wire.calls.length]).toEqual(['live', 0, 1])
    expect(board.clock.value).toBe(Date.parse('2026-11-23T00:41:00Z'))
  })

  it('asks while the stream is away, and goes back to it', async () => {
    wire.ask.mockImplementation(async () => shown(2))
    board.start('t')
    wire.calls[0].event('snapshot', JSON.stringify(shown(1)))
    wire.calls[0].lost()
    await pass(0)
    expect([board.link.value, present(), wire.calls[0].closed]).toEqual(['live', 2, true])
    await pass(9000)
    expect(wire.ask.mock.calls.length).toBeGreaterThanOrEqual(3)
    expect(wire.ask.mock.calls.length).toBeLessThanOrEqual(5)
    expect(wire.calls).toHaveLength(2)
    wire.calls[1].event('snapshot', JSON.stringify(shown(3)))
    const asked = wire.ask.mock.calls.length
    await pass(20_000)
    expect([present(), wire.ask.mock.calls.length]).toEqual([3, asked])
  })

  it('says when the network is gone, and hides the code before nobody can use it', async () => {
    board.start('t')
    wire.calls[0].event('snapshot', JSON.stringify(shown(1)))
    network({ isConnected: false })
    await pass(0)
    expect([board.link.value, present(), board.code.value]).toEqual(['lost', 1, 'https://a.example.cn/q/x'])
    await pass(61_000)
    expect([board.link.value, present(), board.code.value]).toEqual(['lost', 1, ''])
    wire.ask.mockImplementation(async () => shown(5))
    await pass(3000)
    expect([board.link.value, present(), board.code.value]).toEqual(['live', 5, 'https://a.example.cn/q/x'])
  })

  it('takes a silent stream for dead', async () => {
    board.start('t')
    wire.calls[0].event('snapshot', JSON.stringify(shown(1)))
    await pass(24_000)
    expect(board.link.value).toBe('live')
    await pass(4000)
    expect([board.link.value, wire.calls[0].closed]).toEqual(['lost', true])
  })

  it('works where there are no streams', async () => {
    wire.listens = false
    wire.ask.mockImplementation(async () => shown(4))
    board.start('t')
    await pass(10_000)
    expect([board.link.value, present()]).toEqual(['live', 4])
    expect(wire.ask.mock.calls.length).toBeLessThanOrEqual(5)
  })

  it('ends with a link that counts no more, and with the page', async () => {
    wire.ask.mockImplementation(() => Promise.reject(new Problem(404, 'checkin.board_over', '这次签到早已结束，大屏已经关闭')))
    board.start('t')
    wire.calls[0].lost()
    await pass(60_000)
    expect([board.link.value, board.said.value, wire.ask.mock.calls.length]).toEqual(['over', '这次签到早已结束，大屏已经关闭', 1])
    wire.ask.mockImplementation(async () => shown(1))
    const other = useBoard()
    other.start('u')
    other.stop()
    const asked = wire.ask.mock.calls.length
    await pass(60_000)
    expect(wire.ask.mock.calls.length).toBe(asked)
  })
})
