// The producer's side of the ring to the reactor, see src/bridge/ring.hpp: room, records, publishing.
import { Buffer } from 'node:buffer'
import { type FormHead, writeFormHead } from './client-records'
import {
  Out,
  ringControlBytes,
  ringHead,
  ringRewind,
  ringSlackBytes,
  ringSleeping,
  ringTail,
  ringWaiting,
} from './records'
import { byteLength, type SharedBuffer } from './shared-buffer'

/** Up to this many characters a loop in JavaScript beats the call into the runtime that encodes. */
const shortText = 32

export class OutboundRing {
  private readonly words: Int32Array
  private readonly bytes: SharedBuffer
  private readonly mask: number
  private tail = 0
  private published = 0
  private headSeen = 0
  /** So many bytes of records are gathered before they are published: none outside of drains and their microtasks. */
  gather = 0

  constructor(
    memory: SharedArrayBuffer,
    private readonly wake: () => void,
  ) {
    this.words = new Int32Array(memory)
    this.bytes = Buffer.from(memory) as SharedBuffer
    this.mask = memory.byteLength - ringControlBytes - ringSlackBytes - 1
  }

  /** Bytes to ask place() for. Beyond a few characters it pays to count: most often there are as many bytes. */
  roomFor(text: string): number {
    return text.length <= shortText ? shortText * 3 : byteLength(text)
  }

  /** Writes a text for which there are `room` bytes; how many it took. */
  write(text: string, at: number, room: number): number {
    if (text.length <= shortText) return this.writeShort(text, at)
    // As many bytes as characters: ASCII, which the runtime copies several times as fast as it encodes.
    return room === text.length ? this.bytes.latin1Write(text, at) : this.bytes.utf8Write(text, at)
  }

  private writeShort(text: string, at: number): number {
    const bytes = this.bytes
    const length = text.length
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) return bytes.utf8Write(text, at)
      bytes[at + i] = code
    }
    return length
  }

  set(data: Uint8Array, at: number): void {
    this.bytes.set(data, at)
  }

  /** Words at the start of a payload. */
  setHead(head: Uint32Array, at: number): void {
    const word = at >> 2
    for (let i = 0; i < head.length; i++) this.words[word + i] = head[i]
  }

  setFormHead(head: FormHead, at: number): void {
    writeFormHead(this.words, at >> 2, head)
  }

  /** Byte offset for a payload of at most `most` bytes, or -1: there is no room, and a bell will ring when there is. */
  place(most: number): number {
    const capacity = this.mask + 1
    const need = (most + 31) & ~15
    if (this.published === this.tail && (this.tail & this.mask) >= ringRewind) this.rewind()
    let tail = this.tail
    const rest = capacity - (tail & this.mask)
    const total = need <= rest ? need : need + rest
    if (capacity - ((tail - this.headSeen) | 0) < total) {
      this.headSeen = Atomics.load(this.words, ringHead)
      if (capacity - ((tail - this.headSeen) | 0) < total) {
        // Ask for a bell, then look once more: the reactor may have made room in between.
        this.publish()
        Atomics.store(this.words, ringWaiting, 1)
        this.headSeen = Atomics.load(this.words, ringHead)
        if (capacity - ((tail - this.headSeen) | 0) < total) return -1
        Atomics.store(this.words, ringWaiting, 0)
      }
    }
    if (need > rest) tail = this.pad(rest)
    return (tail & this.mask) + ringControlBytes + 16
  }

  /** Fills the ring up to its end, so that the next record lies at its start. */
  private pad(rest: number): number {
    const word = ((this.tail & this.mask) + ringControlBytes) >> 2
    this.words[word] = rest - 16
    this.words[word + 2] = Out.pad
    this.tail = (this.tail + rest) | 0
    return this.tail
  }

  /** A reactor that keeps up finds its records at the start of the ring again and again, where they are in the cache. */
  private rewind(): void {
    if (Atomics.load(this.words, ringSleeping) === 0) return
    this.headSeen = Atomics.load(this.words, ringHead)
    if (this.headSeen === this.tail) this.pad(this.mask + 1 - (this.tail & this.mask))
  }

  /** Finishes the record that place() began; `size` may be less than was asked for. */
  commit(size: number, connection: number, kindFlags: number, aux: number): void {
    const tail = this.tail
    const word = ((tail & this.mask) + ringControlBytes) >> 2
    const words = this.words
    words[word] = size
    words[word + 1] = connection
    words[word + 2] = kindFlags
    words[word + 3] = aux
    this.tail = (tail + ((size + 31) & ~15)) | 0
    if (((this.tail - this.published) | 0) >= this.gather) this.publish()
  }

  /** Makes all finished records visible, and wakes the reactor if it sleeps. False: there were none. */
  publish(): boolean {
    if (this.published === this.tail) return false
    this.published = this.tail
    Atomics.store(this.words, ringTail, this.tail)
    if (Atomics.load(this.words, ringSleeping) !== 0 && Atomics.exchange(this.words, ringSleeping, 0) !== 0) {
      this.wake()
    }
    return true
  }
}
