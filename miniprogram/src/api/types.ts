import type { paths } from '../../../server/api/schema'

/** Names for the contract's shapes, taken from the operations that carry them. */
export type Session = Output<'POST /sessions'>
export type Me = Output<'GET /me'>
export type Person = Me['persons'][number]
export type RoleGrant = Me['roles'][number]
export type Help = NonNullable<Me['help']>
export type Claim = Items<'GET /me/claims'>
/** What the liaison sees: the claim, and who of the ledger it may be. */
export type ClaimCase = Items<'GET /claims'>
export type BindingCode = Output<'POST /persons/{id}/binding-codes'>
/** What is kept about a person, as the person reads it. */
export type OwnData = Output<'GET /me/persons/{id}/data'>
export type Consent = Output<'GET /me/consent'>
export type DesktopLogin = Output<'POST /me/console-logins'>
export type Desktop = Items<'GET /me/sessions'>
export type Confirmation = Items<'GET /me/confirmations'>
export type LedgerRow = Items<'GET /persons'>
export type CardList = Output<'GET /units/{id}/cards'>
export type CardLine = CardList['items'][number]
export type LedgerPerson = Output<'GET /persons/{id}'>

export type Activity = Output<'GET /activities/{id}'>
/** What one of the phone's people has to do with an activity. */
export type Mine = Activity['mine'][number]
export type Places = Activity['places']
export type Said = Input<'PUT /activities/{id}/answers/{person_id}'>['body']
export type Replied = Items<'GET /activities/{id}/answers'>
export type Lift = Items<'GET /activities/{id}/lifts'>
export type NoticeView = Output<'GET /notices/{id}'>
export type NoticePicture = NoticeView['pictures'][number]
export type Audience = NoticeView['audience']
export type Choices = Output<'GET /alliances/{id}/notice-choices'>
export type PersonAnswer = NoticeView['people'][number]
export type Timeline = Output<'GET /notices/{id}/timeline'>
export type Recipient = Items<'GET /notices/{id}/recipients'>
/** How somebody wants to be told. */
export type NoticeWay = Output<'GET /persons/{id}/notice-way'>
export type AllianceGroup = Items<'GET /alliances/{id}/groups'>
export type Call = Items<'GET /notices/{id}/calls'>
export type Card = Output<'POST /notices/{id}/card'>
export type SubscribeTemplate = Items<'GET /subscriptions/templates'>

export type VenueCode = Output<'GET /lists/{id}/venue-code'>
export type Board = Output<'GET /boards/{token}'>
export type BoardLink = Output<'POST /lists/{id}/boards'>
export type Visit = Output<'POST /visits'>
export type CheckinResult = Output<'POST /check-ins'>
export type OwnAttempt = Input<'POST /check-ins'>['body']
export type CheckinItem = Input<'POST /lists/{id}/check-ins'>['body']['items'][number]
export type Roster = Output<'GET /lists/{id}/roster'>
export type RosterRow = Roster['items'][number]
export type Marks = Output<'GET /lists/{id}/marks'>
export type Mark = Marks['items'][number]
export type UnitTally = Marks['by_unit'][number]
export type Tally = Marks['counts']
export type DoorPack = Output<'GET /lists/{id}/door-pack'>
export type PackPerson = DoorPack['people'][number]
export type ListState = Items<'GET /activities/{id}/lists'>
export type MemberCode = Output<'GET /me/member-code'>
export type Attendance = Output<'GET /activities/{id}/attendance'>

export type Election = Output<'GET /elections/{id}'>
export type ElectionVoter = Items<'GET /elections/{id}/voters'>
export type HeadTerm = Items<'GET /terms'>
export type Handover = Output<'GET /terms/{id}/handover'>

/** The words below are the contract's too, where it leaves them as plain strings. */
export type Answer = 'going' | 'leave' | 'unsure'
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

/** Route by route: the parts of all routes joined at once are too many combinations for the compiler. */
export type Input<R extends Route> = R extends Route ? Body<Operation<R>> & Query<Operation<R>> & Path<Operation<R>> : never

type Items<R extends Route> = Output<R> extends { items: (infer I)[] } ? I : never
