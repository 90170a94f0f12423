import { call } from '../api/session'
import type { DoorPack, PackPerson } from '../api/types'
import { createPacks, recognise } from '../offline/pack'
import { erase, read, write } from '../platform'

const packs = createPacks({ read, write, remove: erase })

/** Fetches the list's people onto the phone; what is there stays when that fails. False: no room. */
export async function loadPack(list: string, account: string): Promise<boolean> {
  return packs.keep(await call('GET /lists/{id}/door-pack', { path: { id: list } }), account)
}

export const packOf = (list: string): DoorPack | undefined => packs.get(list)

/** Who is there by now, so that the phone knows it without network too. */
export const markPack = (list: string, present: Map<string, boolean>) => packs.mark(list, present)

/** Whom a code names by what is on the phone. */
export function knownBy(list: string, code: string): PackPerson | undefined {
  const pack = packs.get(list)
  return pack && recognise(pack, code)
}

/** At the start, and whenever an account logs in: what is over goes, and what another account left. */
export const sweepPacks = (account?: string) => packs.sweep(account)
