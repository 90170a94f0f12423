/** The shapes of /api/v1 that the mini-program uses. Ids are strings, times RFC 3339. */

export type Answer = 'going' | 'leave'
export type Kind =
  | 'party_day' | 'meeting' | 'outing' | 'lecture' | 'red_education'
  | 'volunteer' | 'culture' | 'sport' | 'study'
export type Role = 'member' | 'head' | 'liaison' | 'lead_staff' | 'committee_staff' | 'viewer'
export type Door = 'self' | 'scan' | 'card' | 'roster' | 'paper'
export type Outcome = 'told' | 'no_answer' | 'leave' | 'inconvenient' | 'wrong_number'
export type CheckinAnswer =
  | 'ok' | 'already' | 'invalid_code' | 'code_expired' | 'cancelled' | 'unknown' | 'inactive'
  | 'not_on_list' | 'ambiguous' | 'too_early' | 'too_late' | 'on_leave'

export interface List<T> { items: T[]; next?: string }

export interface Help { name: string; phone: string }
export interface Person {
  id: string; name: string; unit_id: string; unit: string
  alliance_id: string; alliance: string; relation: 'self' | 'family'
}
export interface RoleGrant {
  role: Role; committee_id?: string; alliance_id?: string; unit_id?: string; label: string
}
export interface Me {
  account_id: string; name: string; persons: Person[]; roles: RoleGrant[]; help?: Help
}
export interface Session { token: string; expires_at: string; me: Me }
export interface Bound { persons: Person[]; roles: RoleGrant[]; choose_self: boolean }
export interface Claim {
  id: string; name: string; unit: string; relation: string; note: string
  state: 'open' | 'confirmed' | 'refused'; reason?: string; created_at: string
}
export interface BindingCode { code: string; qr: string; expires_at: string }

export interface LedgerRow {
  id: string; name: string; sex?: string; unit_id: string; unit: string; branch?: string
  alliance_id?: string; alliance?: string; birth_year?: number; party_post?: string
  phone_masked?: string; status: string
}

export interface ActivityBrief {
  id: string; kind: Kind; title: string; place: string; starts_at: string; ends_at: string
  state: string
}
export interface PersonAnswer {
  person_id: string; name: string; read_at?: string | null; answer?: Answer | '' | null
  reason?: string; present_at?: string | null
}
export interface Counts {
  expected: number; going: number; leave: number; silent: number; present: number
}
export interface Activity extends ActivityBrief {
  alliance_id: string; alliance: string; host_unit_id?: string; host_unit?: string
  notice_id?: string; lists: { id: string; name: string }[]; counts: Counts
  mine: PersonAnswer[]
}
export interface NoticeView {
  id: string; title: string; body: string; state?: string; published_at?: string | null
  alliance_id?: string; alliance: string; activity?: ActivityBrief | null; people: PersonAnswer[]
}
export interface Timeline {
  state: string; published_at?: string | null; recipients: number; queued: number; sent: number
  refused: number; unknown: number; failed: number; read: number; answered: number; told: number
  unreached: number; reminders: { at: string; count: number }[]
  steps: { at: string; kind: string; text: string; count: number }[]
  card?: { state: string; shared_at?: string; count: number; expires_at?: string } | null
}
export interface Recipient {
  person_id: string; name: string; unit: string; read_at?: string | null
  answer?: Answer | '' | null; told_at?: string | null; outcome?: Outcome | '' | null
}
export interface Call {
  person_id: string; name: string; unit: string; phone: string; read_at?: string | null
  answer?: Answer | '' | null; outcome?: Outcome | '' | null; note?: string
  at?: string | null; by?: string
}
export interface Card {
  activity_id: string; template_info: unknown; title: string; path: string; expires_at: string
}
export interface GroupInfo { encrypted_data: string; iv: string }

export interface VenueCode {
  token: string; url: string; expires_at: string; refresh_after_seconds: number
}
export interface Visit {
  answer: CheckinAnswer | ''; message: string; ticket?: string; expires_at?: string
  list_id: string; activity?: ActivityBrief
  people: { person_id: string; name: string; present_at?: string | null }[]
}
export interface CheckinResult {
  answer: CheckinAnswer; message: string; nonce?: string
  person?: { id: string; name: string; unit: string }
  activity?: { id: string; title: string; starts_at: string }
  list_id?: string; happened_at?: string
  first?: { at: string; door: Door; by: string }
  opens_at?: string; closes_at?: string
  candidates?: { person_id: string; name: string; unit: string }[]
}
export interface CheckinItem {
  nonce: string; happened_at: string; door: Exclude<Door, 'self'>
  code?: string; person_id?: string; query?: string; walk_in?: boolean; leave_to_present?: boolean
}
export interface RosterRow {
  person_id: string; name: string; initials: string; unit_id: string; unit: string
  phone_last4: string; answer?: Answer | '' | null; present_at?: string | null
  door?: Door | ''; by?: string
}
export interface Roster {
  list: { id: string; name: string }; activity: ActivityBrief
  counts: { expected: number; present: number; leave: number; absent: number }
  items: RosterRow[]
}
export interface MemberCode { code: string; expires_at: string }
export interface Attendance {
  title: string; activity?: ActivityBrief
  counts: { expected: number; present: number; leave: number; absent: number }
  rows: {
    no: number; name: string; unit: string; state: 'present' | 'leave' | 'absent'
    way?: string; at?: string | null; door?: Door | ''; by?: string; reason?: string
  }[]
}
export interface SubscribeTemplate { id: string; occasion: string; title: string }

/** Method and path of every call, with what goes in and what comes out. */
export interface Routes {
  'POST /sessions': { body: { code: string }; out: Session }
  'GET /me': { out: Me }
  'POST /me/phone': { body: { code: string }; out: Bound }
  'PUT /me/persons/{id}': { path: 'id'; body: { relation: 'self' | 'family' }; out: unknown }
  'DELETE /me/persons/{id}': { path: 'id'; out: unknown }
  'POST /me/bindings': { body: { code: string }; out: { person: Person } }
  'POST /me/claims': { body: { name: string; unit: string; relation: string; note: string }; out: Claim }
  'GET /me/claims': { out: List<Claim> }
  'GET /claims': { query: { state: string }; out: List<Claim> }
  'POST /claims/{id}/confirm': { path: 'id'; body: { person_id: string }; out: unknown }
  'POST /claims/{id}/refuse': { path: 'id'; body: { reason: string }; out: unknown }
  'POST /persons/{id}/binding-codes': { path: 'id'; out: BindingCode }
  'GET /persons': { query: { unit_id?: string; alliance_id?: string; q?: string; after?: string; limit?: number }; out: List<LedgerRow> }

  'POST /activities': {
    body: {
      alliance_id: string; kind: Kind; title: string; place: string; starts_at: string
      ends_at: string; notice?: { title: string; body: string }
    }
    out: Activity
  }
  'GET /activities': { query: { alliance_id?: string; state?: string; after?: string }; out: List<Activity> }
  'GET /activities/{id}': { path: 'id'; out: Activity }
  'PATCH /activities/{id}': { path: 'id'; body: Partial<ActivityBrief>; out: Activity }
  'PUT /activities/{id}/answers/{person_id}': { path: 'id' | 'person_id'; body: { answer: Answer; reason: string }; out: unknown }
  'GET /activities/{id}/attendance': { path: 'id'; out: Attendance }

  'POST /notices': { body: { alliance_id: string; activity_id?: string; title: string; body: string }; out: NoticeView }
  'PATCH /notices/{id}': { path: 'id'; body: { title: string; body: string }; out: NoticeView }
  'GET /notices': { query: { alliance_id?: string; state?: string }; out: List<NoticeView> }
  'GET /me/notices': { out: List<NoticeView> }
  'GET /notices/{id}': { path: 'id'; out: NoticeView }
  'POST /notices/{id}/publish': { path: 'id'; out: unknown }
  'POST /notices/{id}/read': { path: 'id'; body: { via: 'inbox' | 'push' | 'group'; group?: GroupInfo }; out: unknown }
  'GET /notices/{id}/timeline': { path: 'id'; out: Timeline }
  'GET /notices/{id}/recipients': { path: 'id'; query: { state?: string }; out: List<Recipient> }
  'POST /notices/{id}/remind': { path: 'id'; out: { count: number } }
  'POST /notices/{id}/card': { path: 'id'; out: Card }
  'POST /notices/{id}/card/shared': { path: 'id'; body: { group?: GroupInfo }; out: unknown }
  'GET /notices/{id}/calls': { path: 'id'; out: List<Call> }
  'POST /notices/{id}/calls/{person_id}': { path: 'id' | 'person_id'; body: { outcome: Outcome; note: string; reason: string }; out: unknown }
  'GET /subscriptions/templates': { out: List<SubscribeTemplate> }

  'GET /lists/{id}/venue-code': { path: 'id'; out: VenueCode }
  'POST /visits': { body: { token: string }; out: Visit }
  'POST /check-ins': { body: { ticket: string; nonce: string; person_id: string; happened_at: string }; out: CheckinResult }
  'POST /lists/{id}/check-ins': { path: 'id'; body: { items: CheckinItem[] }; out: { items: CheckinResult[] } }
  'GET /lists/{id}/roster': { path: 'id'; out: Roster }
  'POST /lists/{id}/check-ins/{person_id}/annul': { path: 'id' | 'person_id'; body: { reason: string }; out: unknown }
  'GET /me/member-code': { query: { person_id: string }; out: MemberCode }
}
