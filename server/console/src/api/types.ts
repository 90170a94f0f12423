import type { operations } from '../../../api/schema'

type Ok<R> = R extends { 200: { content: { 'application/json': infer T } } }
  ? T
  : R extends { 201: { content: { 'application/json': infer T } } }
    ? T
    : never

/** The body of an operation's success, by its id: `Output<'getMe'>`. */
export type Output<O extends keyof operations> = Ok<operations[O]['responses']>
export type Item<O extends keyof operations> = Output<O> extends { items: (infer I)[] } ? I : never

export type Me = Output<'getMe'>
export type Role = 'member' | 'head' | 'liaison' | 'lead_staff' | 'committee_staff' | 'viewer'
