import { describe, expect, it } from 'vitest'
import { maySend, outcome, rests, tally, tries } from '../src/pages/failed/failed'
import { unsent } from '../src/pages/home/todo'

describe('messages that failed', () => {
  it('are sent again by those who publish', () => {
    expect(maySend(new Set(['liaison']))).toBe(false)
    expect(maySend(new Set(['liaison', 'head']))).toBe(true)
  })
  it('say how often they were tried', () => {
    expect(tries({ attempts: 0, resent: 0 })).toBe('试了 1 次')
    expect(tries({ attempts: 120, resent: 2 })).toBe('试了 120 次，重发过 2 遍')
  })
  it('say what came of sending again', () => {
    expect(outcome({ queued: 2, no_credit: 1, over: 0 })).toBe('2 条已重新发送，稍后刷新看结果；1 位没有同意再收一条，请打电话通知。')
    expect(outcome({ queued: 0, no_credit: 0, over: 3 })).toBe('3 条已有人处理过，或通知已经结束。')
    expect(rests([{ channel: '小程序订阅消息', until: '2026-07-01T00:05:00+08:00' }])).toEqual(['小程序订阅消息正在歇一歇，预计 2026-07-01 00:05 再试。'])
  })
  it('are narrowed by what is said most often', () => {
    expect(tally(['a', 'b', 'b'])).toEqual([['b', 2], ['a', 1]])
  })
  it('wait at home', () => {
    expect(unsent({ failed: 0, unknown: 0 })).toEqual({ count: 0, lines: [] })
    expect(unsent({ failed: 3, unknown: 2 }).lines?.map((l) => l.text)).toEqual(['没有发出 3 条', '不知道收到没有 2 条'])
    expect(unsent({ failed: 3, unknown: 2 }).count).toBe(5)
  })
})
