import type { Replied } from '../api/types'

/** People who wait for places under one number: they get them together. */
export interface Party { turn: number; people: Replied[]; seats: number }

/** Who waits, the first in turn first. */
export function waitingParties(answers: Replied[]): Party[] {
  const list: Party[] = []
  for (const r of answers.filter((a) => a.answer === 'waiting').sort((a, b) => a.turn - b.turn)) {
    let party = list[list.length - 1]
    if (party?.turn !== r.turn) list.push((party = { turn: r.turn, people: [], seats: 0 }))
    party.people.push(r)
    party.seats += 1 + r.companions.length
  }
  return list
}

/** Whether there are as many places in all: who wants more is passed over, and keeps the number. */
export const fits = (p: Party, capacity: number) => !capacity || p.seats <= capacity
