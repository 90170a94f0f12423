import { describe, expect, it, vi } from 'vitest'
import { readCode } from '@/composables/codes'
import { arrange, cardOf, mendingOf, movable, paragraphs, standing, waitingLine, type Standing } from '@/composables/notices'
import { clauses, toTrouble } from '@/composables/problem'
import { usePage } from '@/composables/usePage'
import { useSubmit } from '@/composables/useSubmit'
import { countLine, countOf, firstStart } from '@/packages/head/useCompose'
import { templates } from '@/packages/head/templates'
import { fits } from '@/packages/liaison/search'
import { says } from '@/packages/liaison/useDesk'

describe('usePage', () => {
  it('goes from idle through loading to done', async () => {
    const page = usePage(async () => 7)
    expect(page.state.value).toBe('idle')
    const loading = page.load()
    expect(page.state.value).toBe('loading')
    await loading
    expect([page.state.value, page.data.value]).toEqual(['done', 7])
  })

  it('keeps what is shown when a renewal fails', async () => {
    const fetch = vi.fn().mockResolvedValueOnce(7).mockRejectedValue({ code: 'client.offline', message: '网络没有连上' })
    const page = usePage(fetch)
    await page.load()
    await page.renew()
    expect([page.state.value, page.data.value]).toEqual(['done', 7])
  })

  it('lets only the newest request write', async () => {
    let first = (_: number) => {}
    const fetch = vi.fn().mockReturnValueOnce(new Promise((r) => (first = r))).mockResolvedValueOnce(2)
    const page = usePage(fetch)
    const slow = page.load()
    await page.load()
    first(1)
    await slow
    expect(page.data.value).toBe(2)
  })
})

describe('useSubmit', () => {
  it('does a double tap once', async () => {
    const act = vi.fn(async () => {})
    const submit = useSubmit(act)
    expect(await Promise.all([submit.run(), submit.run()])).toEqual([true, false])
    expect(act).toHaveBeenCalledTimes(1)
  })

  it('turns a failure into words', async () => {
    const submit = useSubmit(async () => Promise.reject({ code: 'x', status: 503, message: '系统正忙' }))
    expect(await submit.run()).toBe(false)
    expect(submit.trouble.value).toMatchObject({ what: '系统正忙', todo: '系统有点忙，过一会儿再试。' })
  })
})

describe('words for trouble', () => {
  it.each([
    [{ code: 'client.offline', status: 0, message: '网络没有连上' }, '网络没有连上'],
    [new TypeError('undefined is not a function'), '这一步没有成功'],
    [undefined, '这一步没有成功'],
  ])('%o', (err, what) => {
    const trouble = toTrouble(err)
    expect(trouble.what).toBe(what)
    expect(trouble.todo).toMatch(/[。]$/)
  })
})

describe('a sentence on the result screen', () => {
  it('says first what happened, then what to do', () => {
    expect(clauses('这不是本活动的签到码，请找工作人员')).toEqual({ first: '这不是本活动的签到码', rest: '请找工作人员' })
    expect(clauses('签到成功')).toEqual({ first: '签到成功', rest: '' })
  })
  it('speaks to the staff where they stand at the door', () => {
    const answer = (word: string, message: string) => ({ answer: word, message }) as Parameters<typeof says>[0]
    expect(says(answer('unknown', '还没有找到您的登记，请找联络员'))).not.toContain('联络员')
    expect(says(answer('code_expired', '签到码已更新，请重新扫一扫'))).toBe('签到码已更新，请重新扫一扫')
  })
})

describe('codes', () => {
  it.each([
    ['https://bense.example.cn/q/AbC-_1', 'venue'],
    ['https://bense.example.cn/c/ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'console'],
    ['BM1.abc', 'member'],
    ['BC1.123', 'card'],
    [' BB1.48210937 ', 'binding'],
    ['https://other.example/', 'other'],
    ['你好', 'other'],
  ])('%s is %s', (text, kind) => expect(readCode(text).kind).toBe(kind))
})

describe('notices', () => {
  const now = Date.parse('2026-11-23T00:40:00Z')
  const notice = (id: string, starts: string, ends: string, state = 'planned'): Standing =>
    ({
      id, title: id, body: '', state: 'published', alliance: '', alliance_id: '1', created_at: starts, reason: '',
      activity: { id, kind: 'party_day', title: id, place: '', starts_at: starts, ends_at: ends, state },
      people: [{ person_id: '1', name: '王建国', answer: '', reason: '' }],
    }) as Standing

  it('shows what is to come first, the nearest at the top', () => {
    const sorted = arrange(
      [
        notice('later', '2026-11-28T01:00:00Z', '2026-11-28T03:00:00Z'),
        notice('over', '2026-11-09T01:00:00Z', '2026-11-09T03:00:00Z'),
        notice('running', '2026-11-23T00:00:00Z', '2026-11-23T02:00:00Z'),
        notice('off', '2026-11-24T00:00:00Z', '2026-11-24T02:00:00Z', 'cancelled'),
      ],
      now,
    )
    expect(sorted.coming.map((n) => n.id)).toEqual(['running', 'later'])
    expect(sorted.past.map((n) => n.id)).toEqual(['off', 'over'])
  })

  it('names persons only where there are several', () => {
    const one = notice('a', '2026-11-28T01:00:00Z', '2026-11-28T03:00:00Z')
    expect(cardOf(one).people).toEqual([{ name: '', word: '还没答复', tone: 'open' }])
    const two = { ...one, people: [...one.people, { ...one.people[0], name: '李秀英', answer: 'leave' }] } as Standing
    expect(cardOf(two).people.map((p) => p.name)).toEqual(['王建国', '李秀英'])
  })

  it('puts having come before having answered', () => {
    const p = { person_id: '1', name: '王建国', answer: 'leave', reason: '' }
    expect(standing(p).word).toBe('请假')
    expect(standing({ ...p, present_at: '2026-11-23T00:41:00Z' }).word).toBe('已签到')
  })

  it('splits a text into paragraphs', () => expect(paragraphs(' 一\n\n二 \n')).toEqual(['一', '二']))
})

describe('a new notice', () => {
  const now = Date.parse('2026-11-23T00:40:00Z')
  it('is for three days later at nine', () => {
    expect(firstStart(false, now)).toEqual({ day: now + 3 * 86_400_000, minutes: 540 })
  })
  it('begins in the demo at the next half hour that is a quarter of an hour away', () => {
    expect(firstStart(true, now).minutes).toBe(9 * 60)
    expect(firstStart(true, now + 6 * 60_000).minutes).toBe(9 * 60 + 30)
  })
  it('has a template for every kind, in short sentences', () => {
    for (const t of Object.values(templates)) {
      for (const sentence of t.body.split(/[。\n]/)) expect(sentence.length).toBeLessThanOrEqual(28)
    }
  })
})

describe('roster search', () => {
  const row = { name: '王建国', unit: '利津县水利局', initials: 'wjg', phone_last4: '1357' }
  it.each(['', '王', '建国', 'wj', 'WJG', '1357', '135', '水利', ' 王 建 '])('finds by %o', (q) => expect(fits(row, q)).toBe(true))
  it.each(['李', 'jg', '9999', '教育'])('does not find by %o', (q) => expect(fits(row, q)).toBe(false))
})

describe('whom a notice addresses', () => {
  const part = (id: string, people: number, calls: number) => ({ id, name: id, people, calls })
  const choices = { people: 132, calls: 23, units: [part('3', 31, 4), part('4', 6, 1)], branches: [], silent: [part('31', 37, 9)],
    teams: [{ name: '书法队', people: 5, calls: 1 }, { name: '门球队', people: 4, calls: 1 }],
    team_sets: [{ names: ['书法队', '门球队'], people: 2, calls: 1 }, { names: ['书法队'], people: 3, calls: 0 }, { names: ['门球队'], people: 2, calls: 0 }] }

  it('is counted while it is chosen', () => {
    expect(countOf(choices, { kind: 'alliance' })).toEqual({ people: 132, calls: 23 })
    expect(countLine(countOf(choices, { kind: 'units', ids: ['3', '4'] }))).toBe('将通知37人，其中5人要打电话')
    expect(countOf(choices, { kind: 'silent', follows_id: '31' })).toEqual({ people: 37, calls: 9 })
    expect(countOf(choices, { kind: 'units' })).toEqual({ people: 0, calls: 0 })
    expect(countOf(choices, { kind: 'teams' })).toEqual({ people: 0, calls: 0 })
  })
  it('counts who is in two teams once', () => {
    expect(countOf(choices, { kind: 'teams', teams: ['书法队', '门球队'] })).toEqual({ people: 7, calls: 1 })
    expect(countOf(choices, { kind: 'teams', teams: ['门球队'] })).toEqual({ people: 4, calls: 1 })
  })
})

describe('a notice that waits', () => {
  const waits = (over: object) => waitingLine({ state: 'scheduled', pictures: [], writing: {}, ...over } as never)

  it('says what for', () => {
    expect(waits({ state: 'submitted' })).toContain('送审了')
    vi.useFakeTimers({ now: Date.parse('2026-12-31T15:59:59Z') }) // one second to the new year in China
    expect(waits({ writing: { scheduled_at: '2026-12-31T16:00:00Z' } })).toMatch(/^定好了，明天 .*发出$/)
    vi.useRealTimers()
    expect(waits({ writing: { scheduled_at: '2020-01-01T00:00:00Z' }, pictures: [{ state: 'pending' }] })).toContain('图片正在检查')
  })
})

describe('a notice that is out', () => {
  const out = (over: object) => ({ id: '31', state: 'published', audience: { kind: 'alliance' }, activity: { state: 'planned' }, writing: { can_change: true }, ...over }) as never

  it('can be moved with its own activity, before that is over, by whoever may change it', () => {
    expect(movable(out({}))).toBe(true)
    const not = [{ audience: { kind: 'silent', follows_id: '30' } }, { activity: undefined }, { activity: { state: 'ended' } }, { state: 'closed' }, { writing: { can_change: false } }]
    expect(not.map((over) => movable(out(over)))).toEqual(not.map(() => false))
  })

  it('says how its correction stands, and to whom', () => {
    const mend = (correction: object) => mendingOf(out({ writing: { correction: { remark: '', writer: '王建国', own: false, ...correction } } }))
    expect(mend({ state: 'submitted' })).toEqual({ line: '更正送审了，等人看过再发', url: '/packages/head/correction?id=31' })
    expect(mend({ state: 'submitted', can_approve: true })?.line).toBe('王建国写的更正，看过才能发')
    expect(mend({ state: 'draft', own: true, remark: '写清哪个南门' })).toEqual({ line: '更正退回了：写清哪个南门', url: '/packages/head/correct?id=31' })
    expect(mend({ state: 'draft', own: true })?.line).toBe('更正收回来了，还没有发')
    expect(mend({ state: 'draft' })).toBeUndefined()
    expect(mendingOf(out({}))).toBeUndefined()
  })
})
