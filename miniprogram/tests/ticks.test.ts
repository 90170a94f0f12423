import { beforeEach, describe, expect, it, vi } from 'vitest'

const call = vi.fn()
const checkInAt = vi.fn()
vi.mock('../src/api/session', () => ({ call: (...args: unknown[]) => call(...args) }))
vi.mock('../src/composables/useCheckin', () => ({ checkInAt: (...args: unknown[]) => checkInAt(...args), sound: () => {} }))

const { useTicks } = await import('../src/packages/liaison/useTicks')
const { Problem } = await import('../src/api/client')
/** What was put into the queue, with the server's answer to it. */
const told = (answer: string, message = '') => Promise.resolve({ answer: Promise.resolve({ answer, message }) })
const refused = (err: Error) => Promise.resolve({ answer: Promise.reject(err) })
const zhang = { person_id: '1', name: '张建国', present_at: undefined }
const li = { person_id: '2', name: '李淑芬', present_at: undefined }

describe('ticks', () => {
  beforeEach(() => {
    call.mockReset()
    checkInAt.mockReset()
  })

  it('count at once, before the server has answered', async () => {
    checkInAt.mockResolvedValue({ answer: new Promise(() => {}) })
    const t = useTicks(() => '41')
    void t.tick(zhang, { door: 'paper', happened_at: '2026-11-23T01:00:00.000Z' })
    void t.tick(li, { door: 'paper' })
    expect(t.here(zhang) && t.here(li)).toBe(true)
    expect(t.last.value).toBe('2')
    expect(checkInAt.mock.calls[0]).toEqual(['41', { door: 'paper', happened_at: '2026-11-23T01:00:00.000Z', person_id: '1' }, '张建国', '1'])
  })

  it('are taken off again and named when the server refuses them', async () => {
    checkInAt.mockImplementationOnce(() => told('too_late', '签到已结束，请找联络员')).mockImplementationOnce(() => refused(new Problem(404, 'not_found', '没有找到')))
    const t = useTicks(() => '41')
    await t.tick(zhang, { door: 'paper' })
    await t.tick(li, { door: 'paper' })
    expect(t.here(zhang) || t.here(li)).toBe(false)
    expect(t.refused.value.map((r) => r.name)).toEqual(['张建国', '李淑芬'])
    checkInAt.mockImplementation(() => told('ok'))
    await t.tick(zhang, { door: 'paper' })
    expect(t.here(zhang)).toBe(true)
    expect(t.refused.value.map((r) => r.name)).toEqual(['李淑芬'])
  })

  it('are taken back on the server, and stay where that fails', async () => {
    checkInAt.mockImplementation(() => told('already'))
    const t = useTicks(() => '41')
    await t.tick(zhang, { door: 'paper' })
    call.mockRejectedValueOnce(new Problem(403, 'checkin.annul_late', '已过了可撤销的时间，请找联盟负责人'))
    expect(await t.undo(zhang)).toBe(false)
    expect(t.here(zhang) && !!t.trouble.value).toBe(true)
    call.mockResolvedValueOnce(undefined)
    expect(await t.undo({ ...zhang, present_at: '2026-11-23T01:00:00Z' })).toBe(true)
    expect(t.here({ ...zhang, present_at: '2026-11-23T01:00:00Z' })).toBe(false)
    t.settle([zhang])
    expect(t.here({ ...zhang, present_at: '2026-11-23T01:00:00Z' })).toBe(true)
  })
})
