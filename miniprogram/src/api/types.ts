import type { components, paths } from './schema'

/** Names for the contract's shapes; the shapes themselves are generated. */
type S = components['schemas']

export type Me = S['IdentityMeView']
export type Session = S['IdentitySessionView']
export type Person = S['IdentityPersonView']
export type RoleGrant = Me['roles'][number]
export type Help = NonNullable<Me['help']>
export type Claim = S['IdentityClaimView']
/** What the liaison sees: the claim, and who of the ledger it may be. */
export type ClaimCase = S['IdentityClaimView'] & S['IdentityClaimCaseView']
export type BindingCode = S['IdentityBindingCodeView']
export type LedgerRow = S['LedgerPersonView']

export type Activity = S['ActivityView']
export type NoticeView = S['NoticeNoticeView']
export type PersonAnswer = S['NoticeMineView']
export type Timeline = S['NoticeTimelineView']
export type Recipient = S['NoticeReaderView']
export type Call = S['NoticeCallView']
export type Card = S['NoticeShareView']
export type SubscribeTemplate = S['NoticeTemplateView']

export type VenueCode = S['CheckinVenueCodeView']
export type Visit = S['CheckinVisitView']
export type CheckinResult = S['CheckinResultView']
export type CheckinItem = S['CheckinItemBody']
export type Roster = S['CheckinRosterView']
export type RosterRow = S['CheckinRosterItem']
export type MemberCode = S['CheckinMemberCodeView']
export type Attendance = S['CheckinAttendanceView']

/** The words below are the contract's too, where it leaves them as plain strings. */
export type Answer = 'going' | 'leave'
export type Kind =
  | 'party_day' | 'meeting' | 'outing' | 'lecture' | 'red_education'
  | 'volunteer' | 'culture' | 'sport' | 'study'
export type Role = 'member' | 'head' | 'liaison' | 'lead_staff' | 'committee_staff' | 'viewer'
export type Door = 'self' | 'scan' | 'card' | 'roster' | 'paper'
export type Outcome = 'told' | 'no_answer' | 'leave' | 'inconvenient' | 'wrong_number'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type Short<P> = P extends `/api/v1${infer R}` ? R : never
type Present<P extends keyof paths> = {
  [M in Method]: paths[P][M] extends { responses: unknown } ? M : never
}[Method]

/** `GET /me/notices` and so on: method and path of every operation of the contract. */
export type Route = { [P in keyof paths]: `${Uppercase<Present<P>>} ${Short<P>}` }[keyof paths]

type Operation<R extends Route> = R extends `${infer M} ${infer P}`
  ? `/api/v1${P}` extends keyof paths
    ? Lowercase<M> extends keyof paths[`/api/v1${P}`]
      ? paths[`/api/v1${P}`][Lowercase<M>]
      : never
    : never
  : never

type Json<T> = T extends { content: { 'application/json': infer J } } ? J : undefined
type Success<T> = T extends { 200: infer A } ? A : T extends { 201: infer A } ? A : undefined

export type Output<R extends Route> = Operation<R> extends { responses: infer A } ? Json<Success<A>> : never

type Body<O> = O extends { requestBody: infer B }
  ? { body: Json<B> }
  : O extends { requestBody?: infer B }
    ? { body?: Json<NonNullable<B>> }
    : object
type Query<O> = O extends { parameters: { query: infer Q extends object } }
  ? { query: Q }
  : O extends { parameters: { query?: infer Q } }
    ? { query?: Q }
    : object
type Path<O> = O extends { parameters: { path: infer P extends object } } ? { path: P } : object

export type Input<R extends Route> = Body<Operation<R>> & Query<Operation<R>> & Path<Operation<R>>
