// The reactor's end of one pair of rings, without a reactor: tests write the records that a reactor would and read those
// that JavaScript wrote. Nothing happens by itself.
import {
  InFlag,
  Out,
  ringControlBytes,
  ringHead,
  ringSleeping,
  ringTail,
  ringWaiting,
} from '../../../lib/native/records'

/** A record that JavaScript wrote. */
export interface Sent {
  kind: number
  flags: number
  connection: number
  aux: number
  data: Buffer
}

export interface RecordOptions {
  aux?: number
  flags?: number
  data?: string | Uint8Array
}

export class FakeReactor {
  /** How often JavaScript rang. */
  wakes = 0
  /** How often this rang for JavaScript. */
  bells = 0
  private readonly inWords: Int32Array
  private readonly inBytes: Buffer
  private readonly inMask: number
  private inTail: number
  private readonly outWords: Int32Array
  private readonly outBytes: Buffer
  private readonly outMask: number
  private outHead: number
  private readonly staged = new Map<number, Buffer>()
  private readonly large = new Map<number, Buffer>()
  private nextId = 1

  constructor(
    inbound: Uint8Array,
    outbound: Uint8Array,
    readonly table: Uint32Array,
    private readonly bell: () => void,
    slack: number,
    /** Where both rings begin, to have their counters wrap. */
    origin = 0,
  ) {
    this.inWords = new Int32Array(inbound.buffer)
    this.inBytes = Buffer.from(inbound.buffer)
    this.inMask = inbound.length - ringControlBytes - slack - 1
    this.outWords = new Int32Array(outbound.buffer)
    this.outBytes = Buffer.from(outbound.buffer)
    this.outMask = outbound.length - ringControlBytes - slack - 1
    this.inTail = origin
    this.outHead = origin
    Atomics.store(this.outWords, ringSleeping, 1)
  }

  // ------------------------------------------------------------------------------------------------ to JavaScript

  /** Writes a record that becomes visible at `publish`. False: no room, and a bell is asked for. */
  write(kind: number, connection: number, options: RecordOptions = {}): boolean {
    const { aux = 0, flags = 0, data = '' } = options
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
    const capacity = this.inMask + 1
    const need = (bytes.length + 31) & ~15
    const rest = capacity - (this.inTail & this.inMask)
    const total = need <= rest ? need : need + rest
    const room = (): number => capacity - ((this.inTail - Atomics.load(this.inWords, ringHead)) | 0)
    if (room() < total) {
      this.publish()
      Atomics.store(this.inWords, ringWaiting, 1)
      if (room() < total) return false
      Atomics.store(this.inWords, ringWaiting, 0)
    }
    if (need > rest) {
      this.header(rest - 16, 0, 0, 0)
      this.inTail = (this.inTail + rest) | 0
    }
    this.inBytes.set(bytes, (this.inTail & this.inMask) + ringControlBytes + 16)
    this.header(bytes.length, connection, kind | (flags << 8), aux)
    this.inTail = (this.inTail + need) | 0
    return true
  }

  private header(length: number, connection: number, kindFlags: number, aux: number): void {
    const word = ((this.inTail & this.inMask) + ringControlBytes) >> 2
    this.inWords.set([length, connection, kindFlags, aux], word)
  }

  /** A message of text or bytes, the way a reactor chooses flags for it. */
  message(connection: number, data: string | Uint8Array, asLarge = false): boolean {
    const isText = typeof data === 'string'
    const bytes = Buffer.from(data as string)
    const ascii = isText && bytes.every((byte) => byte < 0x80)
    let flags = (isText ? 0 : InFlag.binary) | (ascii ? InFlag.ascii : 0)
    if (!asLarge) return this.write(1, connection, { flags, data: bytes })
    flags |= InFlag.large
    const id = this.nextId++
    this.large.set(id, bytes)
    return this.write(1, connection, {
      flags,
      data: new Uint8Array(new Uint32Array([id, bytes.length]).buffer),
    })
  }

  /** Makes the records visible and rings if JavaScript sleeps. */
  publish(): void {
    Atomics.store(this.inWords, ringTail, this.inTail)
    if (Atomics.exchange(this.inWords, ringSleeping, 0) !== 0) {
      this.bells++
      this.bell()
    }
  }

  /** One record, delivered at once. */
  deliver(kind: number, connection: number, options: RecordOptions = {}): void {
    if (!this.write(kind, connection, options)) throw new Error('the inbound ring is full')
    this.publish()
  }

  /** Records that JavaScript has not consumed, in bytes. */
  get backlog(): number {
    return (this.inTail - Atomics.load(this.inWords, ringHead)) | 0
  }
  get javascriptSleeps(): boolean {
    return Atomics.load(this.inWords, ringSleeping) !== 0
  }
  /** Large messages that were not fetched. */
  get unfetched(): number {
    return this.large.size
  }

  // ---------------------------------------------------------------------------------------------- from JavaScript

  /** Up to `most` records; sleeps when there are no more. Large payloads are put in place. */
  read(most = Infinity): Sent[] {
    const records: Sent[] = []
    Atomics.store(this.outWords, ringSleeping, 0)
    while (records.length < most && this.outHead !== Atomics.load(this.outWords, ringTail)) {
      const at = (this.outHead & this.outMask) + ringControlBytes
      const [length, connection, kindFlags, aux] = this.outWords.subarray(
        at >> 2,
        (at >> 2) + 4,
      ) as unknown as number[]
      const kind = kindFlags & 0xff
      const flags = (kindFlags >> 8) & 0xff
      const data = Buffer.from(this.outBytes.subarray(at + 16, at + 16 + length))
      this.outHead = (this.outHead + ((length + 31) & ~15)) | 0
      if (kind === Out.pad) continue
      records.push({ kind, flags, connection: connection, aux: aux, data: this.unstage(flags, data) })
    }
    if (this.outHead === Atomics.load(this.outWords, ringTail)) Atomics.store(this.outWords, ringSleeping, 1)
    return records
  }

  /** Gives the room of what was read back; rings when JavaScript waits for it. */
  release(): void {
    Atomics.store(this.outWords, ringHead, this.outHead)
    if (Atomics.exchange(this.outWords, ringWaiting, 0) !== 0) {
      this.bells++
      this.bell()
    }
  }

  /** `read` and `release`. */
  take(most = Infinity): Sent[] {
    const records = this.read(most)
    this.release()
    return records
  }

  private unstage(flags: number, data: Buffer): Buffer {
    if ((flags & 16) === 0) return data
    const payload = this.staged.get(data.readUInt32LE(0))!
    this.staged.delete(data.readUInt32LE(0))
    return Buffer.concat([data.subarray(8), payload])
  }

  /** The kernel took everything sent for a slot so far. */
  flushed(slot: number, weight: number, messages: number): void {
    this.table[slot * 2] = weight
    this.table[slot * 2 + 1] = messages
  }

  // ------------------------------------------------------------------------------ what NativeRuntime asks of it

  stage(data: string | Uint8Array): number {
    const id = this.nextId++
    this.staged.set(id, Buffer.from(data as string))
    return id
  }
  fetch(id: number, mode: 0 | 1 | 2): string | Uint8Array {
    const bytes = this.large.get(id)!
    this.large.delete(id)
    return mode === 0 ? bytes.toString('latin1') : mode === 1 ? bytes.toString() : bytes
  }
}
