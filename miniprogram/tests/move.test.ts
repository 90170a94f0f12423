import { beforeEach, describe, expect, it, vi } from 'vitest'
import { call } from '@/api/session'
import { clashes, differences, useMove } from '@/packages/head/useMove'
import { useCompose } from '@/packages/head/useCompose'
import { timesOf } from '@/packages/head/times'

vi.mock('@/api/session', () => ({ call: vi.fn(), accessToken: () => 't' }))
vi.mock('@/composables/useSession', () => ({
  useSession: () => ({ roles: (r: string) => (r === 'head' ? [{ alliance_id: '1', label: '城东党建联盟' }] : []), persons: [] }),
}))

const event = { id: '21', starts_at: '2030-11-28T01:00:00Z', ends_at: '2030-11-28T03:00:00Z', place: '文化馆' }

describe('another time or place', () => {
  it('is told by what differs', () => {
    expect(differences(event, event)).toEqual([])
    const later = { ...event, starts_at: '2030-11-29T06:30:00Z', ends_at: '2030-11-29T08:00:00Z', place: '老年大学' }
    expect(differences(event, later)).toEqual([
      { before: '11月28日 星期四 上午9:00 到上午11:00', after: '11月29日 星期五 下午2:30 到下午4:00' }, { before: '文化馆', after: '老年大学' },
    ])
  })

  it('clashes with what takes place meanwhile, not with itself or what follows', () => {
    const at = (id: string, from: string, to: string) => ({ id, starts_at: `2030-11-28T${from}:00Z`, ends_at: `2030-11-28T${to}:00Z` })
    const all = [at('21', '01:00', '03:00'), at('22', '02:30', '04:00'), at('23', '03:00', '05:00'), at('24', '00:00', '01:00')]
    expect(clashes('21', event, all).map((a) => a.id)).toEqual(['22'])
  })

  it('keeps the length while the beginning moves', () => {
    const { form, now, fill, moveDay, moveTime } = useMove()
    fill({ id: '31', activity: event } as never)
    expect([form.notice, now.value.starts_at, now.value.ends_at]).toEqual(['31', '2030-11-28T01:00:00.000Z', '2030-11-28T03:00:00.000Z'])
    moveDay(1)
    moveTime(30)
    expect([now.value.starts_at, now.value.ends_at]).toEqual(['2030-11-29T01:30:00.000Z', '2030-11-29T03:30:00.000Z'])
    expect(timesOf(event)).toMatchObject({ minutes: 540, length: 120 })
  })
})

describe('what is filled in', () => {
  const last = { ...event, starts_at: '2026-10-09T06:30:00Z', ends_at: '2026-10-09T08:00:00Z', place: '水利局三楼' }
  let had: object[] = []
  beforeEach(() => {
    had = [last]
    vi.mocked(call).mockReset()
    vi.mocked(call).mockImplementation((async (route: string) => (route === 'GET /activities' ? { items: had } : { venue: '联盟活动室' })) as never)
    useCompose().clear()
  })

  it('is as it was the last time of that kind', async () => {
    const { form, choose, suggest } = useCompose()
    choose('lecture')
    await suggest()
    expect(vi.mocked(call).mock.calls[0]).toEqual(['GET /activities', { query: { alliance_id: '1', kind: 'lecture', state: 'ended', limit: 1 } }])
    expect([form.place, form.minutes, form.length, form.like.at]).toEqual(['水利局三楼', 14 * 60 + 30, 90, last.starts_at])
    form.minutes = 600
    form.length = 60
    await suggest() // the page comes into sight again
    expect([form.minutes, form.length, vi.mocked(call).mock.calls.length]).toEqual([600, 60, 2])
  })

  it("is the alliance's own room at nine where there was none, and leaves own words alone", async () => {
    had = []
    const { form, choose, suggest } = useCompose()
    choose('lecture')
    await suggest()
    expect([form.place, form.minutes, form.like.at]).toEqual(['联盟活动室', 540, ''])
    form.place = '老年大学'
    had = [last]
    choose('party_day')
    await suggest()
    expect([form.place, form.minutes]).toEqual(['老年大学', 14 * 60 + 30])
  })

  it('is nothing without network', async () => {
    vi.mocked(call).mockRejectedValue(new Error('offline'))
    const { form, choose, suggest } = useCompose()
    choose('lecture')
    await suggest()
    expect([form.place, form.minutes]).toEqual(['', 540])
  })
})
