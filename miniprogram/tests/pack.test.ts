import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { DoorPack } from '@/api/types'
import { createPacks, dayPass, recognise } from '@/offline/pack'
import { createGate } from '@/composables/codes'

const SALT = '0f9e'
const sha = (text: string) => createHash('sha256').update(SALT + text).digest('hex').slice(0, 16)
const pass = Buffer.from('00ff10a5b6c7d8e9', 'hex')
/** version 1, key 2, person 8, expiry 4, pass 8, seal 16 */
const token = (bytes = Buffer.concat([Buffer.from([1, 2]), Buffer.alloc(8, 9), Buffer.alloc(4, 250), pass, Buffer.alloc(16, 255)])) => `BM1.${bytes.toString('base64url')}`

const pack = (list = '41', wipe = '2026-11-24T03:00:00Z'): DoorPack => ({
  list: { id: list, name: '到会', opens_at: '', closes_at: '' },
  activity: { id: '21', title: '主题党日', starts_at: '', ends_at: '', state: 'planned' },
  wipe_after: wipe, salt: SALT,
  people: [
    { person_id: '1', name: '王建国', unit_id: '3', unit: '水利局', initials: 'wjg', answer: '', present: false, codes: [sha('BC1.777'), sha(`BD1.${pass.toString('hex')}`)] },
    { person_id: '2', name: '李秀英', unit_id: '4', unit: '教育局', initials: 'lxy', answer: 'leave', present: false, codes: [sha('BC1.888')] },
  ],
})

function store() {
  const kept = new Map<string, string>()
  return { kept, read: (k: string) => kept.get(k), write: (k: string, v: string) => void kept.set(k, v), remove: (k: string) => void kept.delete(k) }
}

describe('a code without network', () => {
  it('takes from a member code the pass that is the same all day', () => expect(dayPass(token())).toBe('BD1.00ff10a5b6c7d8e9'))
  it.each(['BM1.', 'BM1.abc', 'BM1.中', 'BC1.777', `BM1.${Buffer.alloc(37).toString('base64url')}`])('takes none from %s', (text) => expect(dayPass(text)).toBeUndefined())
  it('names the person of a member code and of a card', () => {
    expect(recognise(pack(), token())?.name).toBe('王建国')
    expect(recognise(pack(), 'BC1.888')?.name).toBe('李秀英')
  })
  it('names nobody for another code, or with another salt', () => {
    expect(recognise(pack(), 'BC1.999')).toBeUndefined()
    expect(recognise({ ...pack(), salt: 'x' }, 'BC1.888')).toBeUndefined()
    expect(recognise(pack(), 'BB1.48210937')).toBeUndefined()
  })
})

describe('the pack on the phone', () => {
  const early = () => Date.parse('2026-11-23T00:00:00Z')
  it('is there after a restart', () => {
    const s = store()
    expect(createPacks(s, early).keep(pack(), 'a')).toBe(true)
    expect(createPacks(s, early).get('41')?.people).toHaveLength(2)
    expect(createPacks(s, early).get('42')).toBeUndefined()
  })
  it('is wiped when the time is over, without a trace of a name', () => {
    const s = store()
    createPacks(s, early).keep(pack(), 'a')
    createPacks(s, () => Date.parse('2026-11-24T03:00:00Z')).sweep()
    expect([...s.kept.values()].join()).not.toContain('王建国')
    expect(createPacks(s, early).get('41')).toBeUndefined()
  })
  it('is not given out after its time, even unswept', () => {
    const s = store()
    createPacks(s, early).keep(pack(), 'a')
    expect(createPacks(s, () => Date.parse('2026-11-24T03:00:01Z')).get('41')).toBeUndefined()
    expect(s.kept.has('pack:41')).toBe(false)
  })
  it('is wiped when another account uses the phone, and stays for the same', () => {
    const s = store()
    const packs = createPacks(s, early)
    packs.keep(pack(), 'a')
    packs.sweep('a')
    expect(packs.get('41')).toBeDefined()
    packs.sweep('b')
    expect(packs.get('41')).toBeUndefined()
    expect(s.kept.has('pack:41')).toBe(false)
  })
  it('says when there is no room', () => {
    const s = store()
    const full = { ...s, write: (k: string, v: string) => { if (k.startsWith('pack:')) throw new Error('quota'); s.write(k, v) } }
    expect(createPacks(full, early).keep(pack(), 'a')).toBe(false)
    const silent = { ...s, write: (k: string, v: string) => { if (!k.startsWith('pack:')) s.write(k, v) } }
    expect(createPacks(silent, early).keep(pack(), 'a')).toBe(false)
  })
  it('learns who is there by now, and keeps that', () => {
    const s = store()
    createPacks(s, early).keep(pack(), 'a')
    createPacks(s, early).mark('41', new Map([['2', true], ['9', true]]))
    expect(createPacks(s, early).get('41')?.people.map((p) => p.present)).toEqual([false, true])
  })
  it('survives a store that makes no sense', () => {
    const s = store()
    s.kept.set('packs', '{').set('pack:41', '[')
    expect(createPacks(s, early).get('41')).toBeUndefined()
  })
})

describe('a code held before the camera', () => {
  it('passes once for as long as it is in sight, and again after it was away', () => {
    let now = 0
    const gate = createGate(() => now)
    const at = (ms: number, text: string) => ((now = ms), gate.pass(text))
    expect(at(0, 'a')).toBe(true)
    for (let ms = 200; ms < 9000; ms += 200) expect(at(ms, 'a')).toBe(false)
    expect(at(9000, 'b')).toBe(true)
    expect(at(9200, 'a')).toBe(false)
    expect(at(13_000, 'a')).toBe(true)
    gate.forget()
    expect(at(13_100, 'a')).toBe(true)
  })
})
