import { createHash } from 'node:crypto'
import { expect, type Page, type Route } from '@playwright/test'

/** The day of every mocked page: a Monday morning twenty minutes before the activity. */
export const NOW = new Date('2026-11-23T08:40:00+08:00')

export type Reply = { status?: number; json?: unknown; abort?: boolean; file?: string; hang?: boolean }
export type Answers = Record<string, Reply | ((route: Route) => Reply | Promise<Reply>)>

const wang = { id: '11', name: '王建国', unit_id: '3', unit: '利津县水利局', alliance_id: '1', alliance: '城东党建联盟', relation: 'self' }
const li = { id: '12', name: '李秀英', unit_id: '4', unit: '利津县教育局', alliance_id: '1', alliance: '城东党建联盟', relation: 'family' }
const long = {
  id: '13', name: '阿不都热依木·买买提', unit_id: '5', unit: '利津县农业农村局农村经济经营管理服务中心',
  alliance_id: '1', alliance: '城东片区离退休干部党建联盟', relation: 'self',
}
const help = { name: '联络员张秀兰', phone: '05465550123' }

export const me = (persons: unknown[], roles: unknown[] = [{ role: 'member', label: '党员' }]) => ({
  account_id: '1', name: '王建国', persons, roles, help,
})
const head = { role: 'head', alliance_id: '1', label: '城东党建联盟' }
const liaison = { role: 'liaison', unit_id: '3', alliance_id: '1', label: '利津县水利局联络员' }

const at = (day: number, time: string) => `2026-11-${String(day).padStart(2, '0')}T${time}:00+08:00`

export const activity = {
  id: '21', alliance_id: '1', alliance: '城东党建联盟', kind: 'party_day', title: '十一月主题党日活动',
  place: '文化馆二楼会议室', starts_at: at(23, '09:00'), ends_at: at(23, '11:00'), state: 'planned',
  notice_id: '31', lists: [{ id: '41', name: '到会', kind: 'main' }],
  counts: { expected: 132, going: 86, leave: 9, unsure: 0, waiting: 0, silent: 37, seats: 86, lifts: 0, present: 41 }, mine: [],
  places: { capacity: 0, companions: 0, lift: false },
}

/** The activity as somebody sees it whose people stand like this. */
export const hall = (people: object[], over: object = {}) => ({
  ...activity, mine: people.map((p) => ({ companions: [], lift: false, pick_up: '', ahead: 0, wants: 0, reason: '', ...p })), ...over,
})
/** An outing with forty places, companions and a bus that fetches. */
export const outing = {
  places: { capacity: 40, companions: 2, lift: true, answer_until: '2026-11-22T17:00:00+08:00' },
  counts: { ...activity.counts, going: 34, waiting: 5, seats: 40, lifts: 3 },
}
const later = {
  ...activity, id: '22', kind: 'outing', title: '参观黄河文化馆', place: '黄河文化馆南门集合',
  starts_at: at(28, '14:00'), ends_at: at(28, '17:00'), notice_id: '32',
}
const old = {
  ...activity, id: '23', kind: 'lecture', title: '形势报告会', place: '县委党校报告厅',
  starts_at: at(9, '09:00'), ends_at: at(9, '11:00'), notice_id: '33',
}

type Someone = typeof wang
const stand = (p: Someone, answer = '', reason = '') => ({ person_id: p.id, name: p.name, read_at: answer ? at(21, '10:05') : null, answer, reason })

const body =
  '请各位老同志按时参加本月主题党日。\n先一起学习，再谈谈这一年的体会。\n到了以后，扫码或找工作人员签到。\n身体不方便的，请点请假，我们会去看您。'

export const notice = (people: unknown[], over: object = {}) => ({
  id: '31', title: activity.title, body, state: 'published', published_at: at(20, '16:30'),
  alliance_id: '1', alliance: activity.alliance, activity, people, revision: 0, from_office: false,
  audience: { kind: 'alliance' }, pictures: [] as unknown[], corrections: [] as unknown[], ...over,
})
/** What only those see who write for the alliance. */
const writing = (over: object = {}) => ({ remark: '', doubtful: false, writer: '王建国', keeper: '', needs_approval: false, can_approve: false, can_change: true, ...over })
const photograph = { file: new URL('./testdata/notice.png', import.meta.url).pathname }
const notices = (persons: Someone[]) => [
  notice(persons.map((p) => stand(p, 'going'))),
  notice(persons.map((p) => stand(p)), { id: '32', title: later.title, activity: later }),
  notice(persons.map((p) => stand(p, 'leave', '身体不适')), { id: '33', title: old.title, activity: old }),
]

const names = ['王建国', '李秀英', '张德胜', '刘桂兰', '陈志远', '赵淑芬', '孙保田', '周玉梅', '吴克勤', '郑文斌', '马长顺', '高凤霞']
const initials = ['wjg', 'lxy', 'zds', 'lgl', 'czy', 'zsf', 'sbt', 'zym', 'wkq', 'zwb', 'mcs', 'gfx']
const units = ['水利局', '教育局', '交通局', '财政局']

export const roster = {
  list: { id: '41', kind: 'main', name: '到会', opens_at: at(23, '08:00'), closes_at: at(23, '11:30') }, activity,
  counts: { expected: 12, present: 3, leave: 2, absent: 7 },
  items: names.map((name, i) => ({
    person_id: String(100 + i), name, initials: initials[i], unit_id: '3', unit: `利津县${units[i % 4]}`,
    phone_last4: String(1357 + i * 311).slice(-4), answer: i % 6 === 4 ? 'leave' : i % 2 ? 'going' : '',
    present_at: i < 3 ? at(23, `08:3${i}`) : null, door: i < 3 ? ['self', 'scan', 'roster'][i] : '', by: '', bus: 0, no: i + 1,
  })),
}

export const cards = {
  name: '利津县水利局', carded: 9, files: 1, help_name: '老干部局', help_phone: '0546-5628123',
  items: names.map((name, i) => ({ person_id: String(100 + i), name, unit_id: '3', unit: '利津县水利局', issued_at: i < 9 ? at(3, '09:00') : null, cards: i < 9 ? 1 : 0 })),
}

const units4 = units.map((unit, i) => ({ unit_id: String(3 + i), unit: `利津县${unit}`, expected: 3, present: i < 3 ? 1 : 0, leave: i % 2, absent: i % 2 ? 1 : 2 }))

/** What all doors have done so far; the next question is held. */
export const marks = {
  cursor: 'c1', counts: roster.counts, by_unit: units4, reset: true,
  items: roster.items.map((r) => ({ ...r, walk_in: false, recorded_at: r.present_at, on_behalf: r.door === 'roster', flag: '', note: '' })),
}
export const listening = (json = marks) => (route: Route): Reply =>
  new URL(route.request().url()).searchParams.has('after') ? { hang: true } : { json }

/** A member's code in its true form: version, key, person, expiry, pass of the day, seal. */
export function memberCode(pass: number): string {
  const bytes = Buffer.alloc(38, 7)
  bytes.writeBigUInt64BE(BigInt(pass), 14)
  return `BM1.${bytes.toString('base64url')}`
}
const SALT = 'a1b2c3d4'
const hashed = (text: string) => createHash('sha256').update(SALT + text).digest('hex').slice(0, 16)

export const pack = {
  list: { id: '41', name: '到会', opens_at: at(23, '08:00'), closes_at: at(23, '12:00') },
  activity: { id: '21', title: activity.title, starts_at: activity.starts_at, ends_at: activity.ends_at, state: 'planned' },
  wipe_after: at(24, '11:00'), salt: SALT,
  people: roster.items.map((r, i) => ({
    person_id: r.person_id, name: r.name, unit: r.unit, initials: r.initials, answer: r.answer, present: !!r.present_at,
    codes: [hashed(`BC1.2026${i}`), hashed(`BD1.${(1000 + i).toString(16).padStart(16, '0')}`)],
  })),
}

export const result = (over: object = {}) => ({
  answer: 'ok', message: '签到成功', person: { id: wang.id, name: wang.name, unit: wang.unit },
  activity: { id: '21', title: activity.title, starts_at: activity.starts_at }, list_id: '41',
  happened_at: at(23, '08:41'), ...over,
})

/** A return list with two buses; `aboard` of the first six are on the bus. */
export const backRoster = (aboard: number) => ({
  ...roster,
  list: { id: '42', kind: 'return', name: '返程点名', opens_at: at(23, '08:00'), closes_at: at(23, '15:00') },
  items: roster.items.slice(0, 9).map((r, i) => ({
    ...r, answer: '', unit_id: i % 4 ? '4' : '3', bus: i < 6 ? 1 : 2, present_at: i < aboard || i > 6 ? at(23, `08:3${i}`) : null, door: 'roster',
  })),
})
export const withReturn = {
  'GET /activities/21': { json: { ...activity, lists: [...activity.lists, { id: '42', name: '返程点名', kind: 'return' }] } },
}

/** What a door is told of each item it sent. */
export function atDoor(route: Route, over: object = {}): Reply {
  const { items } = route.request().postDataJSON() as { items: { nonce: string; person_id?: string }[] }
  const told = items.map((i) => {
    const row = roster.items.find((r) => r.person_id === i.person_id) ?? roster.items[3]
    return result({ nonce: i.nonce, person: { id: row.person_id, name: row.name, unit: row.unit }, ...over })
  })
  return { json: { items: told } }
}

const visit = (people: Someone[], over: object = {}) => ({
  answer: 'ok', message: '', ticket: 'T', expires_at: at(23, '08:50'), list_id: '41', activity,
  people: people.map((p) => ({ person_id: p.id, name: p.name, present_at: null })), ...over,
})

const timeline = {
  state: 'published', published_at: at(20, '16:30'), recipients: 132, queued: 0, sent: 104, refused: 6, unknown: 0,
  failed: 0, eve: { ends: at(23, '00:00'), due: 132, known: 109 }, read: 97, answered: 86, told: 12, unreached: 23, reminders: [],
  steps: [
    { at: at(20, '16:30'), kind: 'published', text: '通知发给132位', count: 132 },
    { at: at(20, '16:31'), kind: 'sent', text: '微信提醒送到104位', count: 104 },
    { at: at(20, '16:35'), kind: 'card', text: '卡片发到联盟群', count: 1 },
  ],
  card: { state: 'open', shared_at: at(22, '16:35'), count: 61, expires_at: at(23, '16:35') },
}

const problem = (status: number, code: string, message: string): Reply => ({ status, json: { status, code, message } })

/** The answers of a server in good order for these people and roles. */
/** What is kept about somebody, as their own page shows it. */
const own = (p: Someone) => ({
  name: p.name, unit: p.unit, branch: '离退休干部党支部', alliance: p.alliance, self: p.relation === 'self',
  items: [
    { key: 'name', label: '姓名', value: p.name, why: '认得您' },
    { key: 'birth', label: '出生年月', value: '1948-03', why: '党员花名册要记，生日慰问' },
    { key: 'id_number', label: '身份证号', value: '37************1234', why: '分清同名的同志' },
    { key: 'phone', label: '联系电话', value: '199****0001', why: '通知您活动' },
    { key: 'address', label: '现居住地址', value: '******', why: '走访，安排就近的活动' },
    { key: 'former_post', label: '原单位及职务', value: '利津县水利局农田水利工程建设管理科科长', why: '党员花名册要记' },
  ],
  since: at(3, '09:00'), changed_at: at(20, '10:00'), attended: 12, told: 15,
  looks: [
    { at: at(21, '15:20'), words: '联络员张秀兰看了联系电话、现居住地址，原因是：走访前核对' },
    { at: at(18, '09:05'), words: '利津县委老干部局经办看了身份证号，原因是：补办党员证' },
  ],
})

const consent = (over: object = {}) => ({
  version: '2026-11', current: true, agreed: '2026-11', agreed_at: at(3, '09:00'),
  text: [
    '花名册里记着您的姓名、单位和党组织关系。电话、住址、健康、家属，是为了方便照顾您。',
    '只用来通知活动、签到和走访。不给别人看，不做广告。',
    '电话、住址这些加密保存。谁看过，都有记录。您在「我的资料」里查得到。',
    '不用手机号也行。可以用登记码，或请联络员帮忙。',
    '您可以看资料、带走一份、请人改错。也可以请老干部局删除。',
    '同意了，随时能收回。收回后，这部手机不再显示您的登记。微信提醒也不再来。花名册还由党组织保管。有活动，联络员打电话告诉您。',
  ], ...over,
})

export function world(persons: Someone[], roles?: unknown[]): Answers {
  const self = me(persons, roles)
  return {
    'POST /sessions': { json: { token: 'token', expires_at: at(24, '08:40'), me: self } },
    'GET /me': { json: self },
    'GET /me/consent': { json: consent() },
    'PUT /me/consent': { json: consent() },
    'DELETE /me/consent': { json: consent({ current: false, agreed: '', agreed_at: undefined, withdrawn_at: at(23, '08:40') }) },
    ...Object.fromEntries(persons.map((p) => [`GET /me/persons/${p.id}/data`, { json: own(p) }])),
    'GET /me/notices': { json: { items: notices(persons) } },
    'GET /notices/31': { json: notice(persons.map((p) => stand(p))) },
    'POST /notices/31/read': { status: 204 },
    'PUT /activities/21/answers': (route) => ({ json: hall((route.request().postDataJSON() as { items: object[] }).items) }),
    ...Object.fromEntries([11, 12, 13].map((id) => [`PUT /activities/21/answers/${id}`, (route: Route) => ({
      json: hall([{ person_id: String(id), name: persons.find((p) => p.id === String(id))?.name, ...(route.request().postDataJSON() as object) }]),
    })])),
    'GET /activities/21/answers': {
      json: {
        items: names.map((name, i) => ({
          person_id: String(100 + i), name, unit_id: '3', unit: `利津县${units[i % 4]}`, companions: i === 6 ? ['spouse'] : [], lift: i === 2,
          answer: ['', 'going', 'leave', 'unsure', 'going', 'leave', 'waiting', 'waiting', 'waiting'][i] ?? '', turn: [0, 0, 0, 0, 0, 0, 1, 2, 2][i] ?? 0,
          reason: i === 2 ? '身体不适' : '', at: i ? at(21, '10:05') : undefined, by: i ? name : '',
        })),
      },
    },
    'PUT /activities/21/answers/100': { json: activity },
    'PUT /activities/21/places': { json: { ...activity, ...outing } },
    'PUT /activities/21/places/106': { json: activity },
    'GET /activities/21/lifts': {
      json: {
        items: [0, 2, 5].map((i) => ({ person_id: String(100 + i), name: names[i], unit_id: '3', unit: `利津县${units[i % 4]}`, phone: `1395460${1357 + i * 311}`, pick_up: i ? '水利局家属院南门' : '家门口', seats: i === 2 ? 2 : 1 })),
      },
    },
    'GET /subscriptions/templates': { json: { items: [{ id: 'T1', occasion: 'answer', title: '活动通知' }] } },
    'GET /me/claims': { json: { items: [] } },
    'GET /me/member-code': { json: { code: 'BM1.eyJwIjoiMTEiLCJ0IjoxNzk1NDg2.QkVOU0U', expires_at: at(23, '08:45') } },
    'POST /visits': { json: visit(persons) },
    'POST /check-ins': (route) => {
      const asked = route.request().postDataJSON() as { nonce: string; person_id: string }
      const p = [...persons, wang, li].find((one) => one.id === asked.person_id)!
      return { json: result({ nonce: asked.nonce, person: { id: p.id, name: p.name, unit: p.unit } }) }
    },
    'POST /lists/41/check-ins/11/annul': { json: {} },
    'POST /me/phone': { json: { persons: [wang], roles: [], choose_self: false } },
    'POST /me/claims': { json: { id: '51', name: '王建国', unit: '水利局', relation: 'self', note: '', state: 'open', created_at: at(23, '08:41') } },
    'POST /me/bindings': { json: { person: wang } },

    'GET /notices': { json: { items: [...notices([wang]), notice([], { id: '34', title: '十二月联盟会议', state: 'draft' })] } },
    'POST /activities': { json: { ...activity, id: '25', notice_id: '35' } },
    'PATCH /activities/25': { json: { ...activity, id: '25' } },
    'PATCH /notices/35': { json: notice([], { id: '35', state: 'draft', writing: writing() }) },
    'GET /notices/35': { json: notice([], { id: '35', state: 'draft', writing: writing() }) },
    'GET /alliances/1/notice-choices': {
      json: {
        people: 132, calls: 23, branches: [], silent: [{ id: '31', name: activity.title, people: 37, calls: 9 }],
        teams: [{ name: '书法队', people: 21, calls: 3 }, { name: '门球队', people: 14, calls: 2 }, { name: '太极拳和健身气功队', people: 9, calls: 0 }],
        team_sets: [
          { names: ['书法队'], people: 15, calls: 2 }, { names: ['书法队', '门球队'], people: 6, calls: 1 }, { names: ['门球队'], people: 8, calls: 1 },
          { names: ['太极拳和健身气功队'], people: 9, calls: 0 },
        ],
        units: units.map((unit, i) => ({ id: String(3 + i), name: `利津县${unit}`, people: 31 + i, calls: 4 + i })),
      },
    },
    'GET /alliances/1': { json: { id: '1', name: '城东党建联盟', venue: '文化馆二楼会议室', group_name: '', basis: '', committee_id: '9', lead_unit_id: '' } },
    // With a kind asked for: how the last one of that kind was.
    'GET /activities': (route) => ({ json: { items: new URL(route.request().url()).searchParams.get('kind') ? [{ ...old, kind: 'party_day', place: '水利局三楼' }] : [activity, later, old] } }),
    'GET /activities/21': { json: activity },
    'GET /notices/31/timeline': { json: timeline },
    'GET /notices/31/recipients': {
      json: {
        items: names.map((name, i) => ({
          person_id: String(100 + i), name, unit: `利津县${units[i % 4]}`, read_at: i % 3 ? at(21, '09:12') : null,
          answer: i % 3 === 1 ? 'going' : i === 5 ? 'leave' : '', told_at: null, outcome: '',
        })),
      },
    },
    'GET /notices/31/calls': {
      json: {
        items: names.slice(0, 5).map((name, i) => ({
          person_id: String(100 + i), name, unit: `利津县${units[i % 4]}`, phone: `1395460${1357 + i * 311}`,
          read_at: null, answer: '', outcome: i === 3 ? 'told' : i === 4 ? 'no_answer' : '', note: '',
          at: i > 2 ? at(22, '15:20') : null, by: i > 2 ? '张秀兰' : '', calling: i === 2 ? '张秀兰' : '', news: '',
        })),
      },
    },
    'GET /notices/31/forward': { json: { text: '【十一月主题党日活动】\n时间：11月23日 星期一 上午9:00到11:00\n地点：文化馆二楼会议室\n城东党建联盟' } },
    'GET /notices/31/notice.png': { file: new URL('./testdata/notice.png', import.meta.url).pathname },
    'GET /notices/31/notice.ics': { json: {} },
    'POST /notices/31/calls/100/take': { json: { seconds: 600 } },
    'GET /elections': { json: { items: [] } },
    'GET /terms': { json: { items: [] } },
    'GET /me/confirmations': { json: { items: [] } },
    'GET /claims': {
      json: { items: [{ id: '52', name: '赵淑芬', unit: '水利局', relation: 'self', note: '换了手机号', state: 'open', created_at: at(22, '19:04'), unit_found: true, candidates: [{ id: '105', name: '赵淑芬', sex: '女', unit: '利津县水利局' }] }] },
    },
    'GET /persons': {
      json: { items: names.map((name, i) => ({ id: String(100 + i), name, unit_id: '3', unit: '利津县水利局', phone_masked: '139****1357', birth_year: 1948 + i, status: 'active' })) },
    },
    'GET /units/3/cards': { json: cards },
    'POST /units/3/cards': { json: { issued: 3, issued_at: at(23, '08:40'), files: 1 } },
    'POST /persons/100/cards/reissue': { json: { serial: 's', qr: 'BC1.s', revoked: 1 } },
    'POST /persons/100/binding-codes': { json: { code: '48210937', qr: 'BB1.48210937', expires_at: at(23, '18:00') } },
    'GET /lists/41/roster': { json: roster },
    'POST /activities/21/lists': { json: { id: '42', kind: 'return', name: '返程点名', opens_at: at(23, '09:00'), closes_at: at(23, '15:00'), counts: { expected: 0, present: 0, leave: 0, absent: 0 } } },
    'DELETE /lists/42': { status: 204 },
    'GET /lists/42/roster': { json: backRoster(4) },
    'POST /lists/42/check-ins': (route) => atDoor(route),
    'PUT /activities/21/buses': { status: 204 },
    'POST /persons/104/reveal': { json: { phone: '13954601357' } },
    'GET /lists/41/marks': listening(),
    'GET /lists/41/door-pack': { json: pack },
    'GET /lists/41/venue-code': { json: { token: 'abc', url: 'https://bense.example.cn/q/AbCdEf0123456789-_AbCdEf', expires_at: at(23, '08:41'), refresh_after_seconds: 20 } },
    'POST /lists/41/boards': { json: { token: 'abc', url: `https://bense.example.cn/h5/#/packages/board/index?t=${'AbCdEf0123456789'.repeat(3)}`, expires_at: at(23, '13:30') } },
    'DELETE /lists/41/boards': { status: 204 },
    'POST /lists/41/check-ins': (route) => atDoor(route),
    'GET /activities/21/attendance': {
      json: {
        title: activity.title, activity, counts: { expected: 12, present: 8, leave: 2, absent: 2 },
        rows: names.map((name, i) => ({
          no: i + 1, name, unit: `利津县${units[i % 4]}`, state: i < 8 ? 'present' : i < 10 ? 'leave' : 'absent', way: '到场',
          at: i < 8 ? at(23, `08:${31 + i}`) : null, door: i < 8 ? (['self', 'scan', 'roster', 'card'] as const)[i % 4] : '',
          by: '', reason: i >= 8 && i < 10 ? '身体不适' : '',
        })),
      },
    },
  }
}

export const worlds = {
  single: () => world([wang]),
  couple: () => world([wang, li]),
  long: () => ({
    ...world([long]),
    'GET /notices/31': {
      json: notice([stand(long)], {
        title: '重阳节离退休干部书画作品展览暨座谈交流活动',
        alliance: long.alliance,
        activity: {
          ...activity,
          title: '重阳节离退休干部书画作品展览暨座谈交流活动',
          place: '利津县凤凰城街道综合文化服务中心三楼多功能报告厅',
        },
      }),
    },
  }),
  nobody: () => world([]),
  empty: () => ({ ...world([wang]), 'GET /me/notices': { json: { items: [] } } }),
  head: () => world([wang], [{ role: 'member', label: '党员' }, head]),
  liaison: () => world([], [liaison]),
  busy: (): Answers => ({ ...world([wang]), ...failing(() => problem(503, 'unavailable', '系统正忙，请稍后再试')) }),
  offline: (): Answers => ({ ...world([wang]), ...failing(() => ({ abort: true })) }),
}

/** Everything but the login fails. */
function failing(how: () => Reply): Answers {
  return Object.fromEntries(
    ['GET /me/notices', 'GET /notices/31', 'GET /me/member-code', 'POST /visits', 'GET /me/claims', 'POST /me/phone', 'POST /me/claims', 'POST /me/bindings']
      .map((key) => [key, how()]),
  )
}

/** What the big screen gets; `over` replaces parts of it. */
const board = (over: object = {}) => ({
  activity: { title: activity.title, place: activity.place, starts_at: activity.starts_at, ends_at: activity.ends_at, state: 'planned' },
  list: { name: '到会', opens_at: at(23, '08:00'), closes_at: at(23, '11:30'), state: 'open' },
  code: { url: 'https://bense.example.cn/q/AbCdEf0123456789-_AbCdEfAbCdEf0123456789-_Ab', refresh_after_seconds: 600, expires_after_seconds: 600 },
  counts: { expected: 132, present: 86, leave: 9, absent: 37 },
  latest: names.slice(0, 8).map((name, i) => ({ name, unit: `利津县${units[i % 4]}`, at: at(23, `08:${39 - i}`) })),
  names: true, now: at(23, '08:40'), version: 'abc', ...over,
})
const longBoard = board({
  activity: { title: '重阳节离退休干部书画作品展览暨座谈交流活动', place: '利津县凤凰城街道综合文化服务中心三楼多功能报告厅', starts_at: activity.starts_at, ends_at: activity.ends_at, state: 'planned' },
  list: { ...board().list, name: '返程点名' },
  counts: { expected: 1517, present: 1386, leave: 31, absent: 100 },
  latest: [{ name: long.name, unit: long.unit, at: at(23, '08:39') }, ...board().latest],
})

export const variants = { writing, photograph, notice, activity, hall, outing, consent, board, longBoard, problem, timeline, result, visit, stand, wang, li, long, at }

/** How many questions of a page have no answer yet, but for those that never get one. */
const open = new WeakMap<Page, number>()

/** Answers every call of the page; a call that nobody mocked fails the test through its 599. */
export async function mock(page: Page, answers: Answers): Promise<string[]> {
  const foreign: string[] = []
  const count = (n: number) => open.set(page, (open.get(page) ?? 0) + n)
  await page.clock.install({ time: NOW })
  await page.route(/^https?:\/\/[^/]+\/(?!h5\/)/, async (route) => {
    const url = new URL(route.request().url())
    if (url.hostname !== '127.0.0.1' && url.hostname !== 'localhost') {
      foreign.push(url.href)
      return route.abort()
    }
    if (url.pathname.startsWith('/demo/')) {
      return route.fulfill({ json: { code: 'demo-code', encrypted_data: 'x', iv: 'y' } })
    }
    const key = `${route.request().method()} ${url.pathname.replace('/api/v1', '')}`
    const found = answers[key]
    count(1)
    const reply = await (typeof found === 'function' ? found(route) : found)
    count(-1)
    if (!reply) return route.fulfill({ status: 599, json: { code: 'mock.missing', message: key } })
    if (reply.hang) return
    if (reply.abort) return route.abort()
    if (reply.file) return route.fulfill({ path: reply.file })
    return route.fulfill({
      status: reply.status ?? 200,
      contentType: (reply.status ?? 200) >= 400 ? 'application/problem+json' : 'application/json',
      body: reply.json === undefined ? '' : JSON.stringify(reply.json),
    })
  })
  return foreign
}

/** Without network the door knows people only once it has stored them, or said that it cannot. */
export async function packed(page: Page): Promise<void> {
  const ready = () => Object.keys(localStorage).some((key) => key.includes('pack:')) || document.body.innerText.includes('手机存不下名单')
  await expect.poll(() => page.evaluate(ready)).toBe(true)
}

/** Waits until a mocked page stands: everything is answered and drawn, and nothing moves any more. */
export async function stands(page: Page): Promise<void> {
  await expect(async () => {
    expect(open.get(page) ?? 0).toBe(0)
    await page.evaluate(async () => {
      for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
      const passing = document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity)
      await Promise.allSettled(passing.map((a) => a.finished))
    })
    expect(open.get(page) ?? 0).toBe(0) // an answer may lead to the next question
  }).toPass()
}

/** From here on no time passes on a page whose clock is installed: what still happens waits for nothing. */
export async function stop(page: Page): Promise<void> {
  // The clock has to be stopped at a later time than it shows by then; a failed attempt holds it, too.
  await expect(async () => page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000))).toPass()
}
