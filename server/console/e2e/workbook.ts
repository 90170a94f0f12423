import { inflateRawSync } from 'node:zlib'

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let i = 0; i < 8; i++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1
  return n
})
const crc = (b: Buffer) => ~b.reduce((c, x) => table[(c ^ x) & 255] ^ (c >>> 8), -1) >>> 0

/** The files of a workbook, by name. */
function unzip(book: Buffer): [string, Buffer][] {
  const end = book.lastIndexOf('PK\x05\x06')
  let at = book.readUInt32LE(end + 16)
  return Array.from({ length: book.readUInt16LE(end + 10) }, () => {
    const [method, size, name, extra, comment, local] = [
      book.readUInt16LE(at + 10), book.readUInt32LE(at + 20), book.readUInt16LE(at + 28), book.readUInt16LE(at + 30), book.readUInt16LE(at + 32), book.readUInt32LE(at + 42),
    ]
    const from = local + 30 + book.readUInt16LE(local + 26) + book.readUInt16LE(local + 28)
    const packed = book.subarray(from, from + size)
    const file: [string, Buffer] = [book.toString('utf8', at + 46, at + 46 + name), method ? inflateRawSync(packed) : packed]
    at += 46 + name + extra + comment
    return file
  })
}

/** A workbook of files, stored as they are. */
function zip(files: [string, Buffer][]): Buffer {
  const [bodies, heads] = [[] as Buffer[], [] as Buffer[]]
  let at = 0
  for (const [name, body] of files) {
    const title = Buffer.from(name)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt32LE(crc(body), 10)
    common.writeUInt32LE(body.length, 14)
    common.writeUInt32LE(body.length, 18)
    common.writeUInt16LE(title.length, 22)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(at, 10)
    bodies.push(Buffer.from('PK\x03\x04', 'latin1'), common, title, body)
    heads.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, title)
    at += 30 + title.length + body.length
  }
  const end = Buffer.alloc(22)
  const head = Buffer.concat(heads)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(head.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...bodies, head, end])
}

const checks = '0123456789X'

/** The weights of an identity number's third to sixth digit. */
const weights = [10, 5, 8, 4]

let regions = Math.floor(Math.random() * 6300)
/** A region of 3730 and above, where none is assigned; another one for each run, and no two alike in one. */
export const region = () => `37${30 + (regions % 70)}${10 + (Math.floor(regions++ / 70) % 90)}`

/**
 * The same ledger of other people: every identity number gets another region, and a check digit that is as
 * right or wrong as it was. A person belongs to one county, so that a county of its own needs people of its own.
 */
export function moved(book: Buffer, to: string): Buffer {
  const shift = weights.reduce((sum, w, i) => sum + w * (Number(to[i + 2]) - Number('370599'[i + 2])), 0)
  const renumber = (text: string) =>
    text.replace(/370599(\d{11})([\dXx])/g, (_, rest: string, check: string) => {
      const now = checks[(((checks.indexOf(check.toUpperCase()) - shift) % 11) + 11) % 11]
      return `${to}${rest}${check === 'x' ? now.toLowerCase() : now}`
    })
  return zip(unzip(book).map(([name, body]) => [name, name.endsWith('.xml') ? Buffer.from(renumber(body.toString())) : body]))
}
