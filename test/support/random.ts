// Seeded pseudo-random data; the seed is printed so that a failing run can be repeated with HAWSER_TEST_SEED.
import { createHash } from 'node:crypto'

/** Longer data repeats a block of so many bytes. */
const BLOCK = 65536

/** Makes every block of `data` differ from the others. */
function stamped(data: Buffer): Buffer {
  for (let at = 0; at + 4 <= data.length; at += BLOCK) data.writeUInt32LE(at, at)
  return data
}

export class Random {
  readonly seed: number
  #state: number

  constructor(seed = Number(process.env['HAWSER_TEST_SEED'] ?? Date.now() & 0x7fffffff)) {
    this.seed = seed
    this.#state = seed >>> 0
    process.stdout.write(`seed ${seed}\n`)
  }

  /** A 32-bit word (mulberry32). */
  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  /** An integer of [0, end). */
  below(end: number): number {
    return this.word() % end
  }

  bytes(size: number): Buffer {
    if (size > BLOCK) return stamped(Buffer.alloc(size, this.bytes(BLOCK)))
    const out = Buffer.allocUnsafe(size)
    let at = 0
    for (; at + 4 <= size; at += 4) out.writeUInt32LE(this.word(), at)
    for (; at < size; at++) out[at] = this.word() & 255
    return out
  }

  /** Text of `size` bytes that compresses somewhat; every fourth block holds code points of two to four bytes. */
  text(size: number): string {
    if (size > BLOCK)
      return (this.text(BLOCK - 1) + '|').repeat(Math.floor(size / BLOCK)) + this.text(size % BLOCK)
    const words = ['market', 'price', 'Zürich ', '漢字', '🚢', '{"a":1}', ' ', 'north', '0123456789']
    let out = ''
    let bytes = 0
    while (bytes < size) {
      const word = words[this.below(words.length)]
      const length = Buffer.byteLength(word)
      if (bytes + length > size) {
        out += 'x'.repeat(size - bytes)
        break
      }
      out += word
      bytes += length
    }
    return out
  }
}

export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
