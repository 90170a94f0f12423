import { sha256 } from 'js-sha256'
import type { DoorPack, PackPerson } from '../api/types'

export interface Store {
  read: (key: string) => string | undefined
  /** Throws, or keeps nothing, where the phone is full. */
  write: (key: string, value: string) => void
  remove: (key: string) => void
}

const INDEX = 'packs'
const keyOf = (list: string) => `pack:${list}`
type Entry = { list: string; wipe_after: string; account: string }

/**
 * What a door needs to know people by while there is no network: names, units and hashes of codes,
 * on this phone alone, until the activity is over or somebody else uses the phone.
 */
export function createPacks(store: Store, now: () => number = Date.now) {
  const open = new Map<string, DoorPack>()
  let index = parsed<Entry[]>(store.read(INDEX), [])

  function saveIndex() {
    store.write(INDEX, JSON.stringify(index))
  }

  function drop(gone: Entry[]) {
    if (!gone.length) return
    for (const entry of gone) {
      open.delete(entry.list)
      store.remove(keyOf(entry.list))
    }
    index = index.filter((entry) => !gone.includes(entry))
    saveIndex()
  }

  return {
    /** False when the phone has no room for it. */
    keep(pack: DoorPack, account: string): boolean {
      const list = pack.list.id
      open.set(list, pack)
      try {
        // The index goes first: what stands in it is wiped for certain.
        index = [...index.filter((e) => e.list !== list), { list, wipe_after: pack.wipe_after, account }]
        saveIndex()
        const text = JSON.stringify(pack)
        store.write(keyOf(list), text)
        return store.read(keyOf(list)) === text
      } catch {
        return false
      }
    },
    get(list: string): DoorPack | undefined {
      const entry = index.find((e) => e.list === list)
      if (!entry) return undefined
      if (Date.parse(entry.wipe_after) <= now()) {
        drop([entry])
        return undefined
      }
      const pack = open.get(list) ?? parsed<DoorPack | undefined>(store.read(keyOf(list)), undefined)
      if (!pack || !Array.isArray(pack.people)) return undefined
      open.set(list, pack)
      return pack
    },
    mark(list: string, present: Map<string, boolean>) {
      const pack = this.get(list)
      const differs = (p: PackPerson) => present.has(p.person_id) && present.get(p.person_id) !== p.present
      if (!pack?.people.some(differs)) return
      const next = { ...pack, people: pack.people.map((p) => (differs(p) ? { ...p, present: !p.present } : p)) }
      open.set(list, next)
      try {
        store.write(keyOf(list), JSON.stringify(next))
      } catch {
        // Who is there is told by the server as well.
      }
    },
    /** Wipes what is over, and what another account had left. */
    sweep(account?: string) {
      drop(index.filter((e) => Date.parse(e.wipe_after) <= now() || (account !== undefined && e.account !== account)))
    },
  }
}

/** Whom a scanned code names, by the pack alone. */
export function recognise(pack: DoorPack, text: string): PackPerson | undefined {
  const named = text.startsWith('BC1.') ? text : dayPass(text)
  if (!named) return undefined
  const hash = sha256(pack.salt + named).slice(0, 16)
  return pack.people.find((p) => p.codes.includes(hash))
}

const PASS_AT = 14
const PASS_END = 22
const TOKEN_BYTES = 38

/** The part of a member's code that is the same all day, as the pack's hashes take it. */
export function dayPass(text: string): string | undefined {
  if (!text.startsWith('BM1.')) return undefined
  const bytes = fromBase64url(text.slice(4))
  if (!bytes || bytes.length !== TOKEN_BYTES) return undefined
  return `BD1.${bytes.slice(PASS_AT, PASS_END).map((b) => b.toString(16).padStart(2, '0')).join('')}`
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** WeChat has no atob. */
function fromBase64url(text: string): number[] | undefined {
  const bytes: number[] = []
  let held = 0
  let bits = 0
  for (const c of text) {
    const value = DIGITS.indexOf(c)
    if (value < 0) return undefined
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes.push((held >> bits) & 0xff)
    }
  }
  return bytes
}

function parsed<T>(text: string | undefined, otherwise: T): T {
  try {
    return text ? (JSON.parse(text) as T) : otherwise
  } catch {
    return otherwise
  }
}
