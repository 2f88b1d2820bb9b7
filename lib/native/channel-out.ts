// What JavaScript says to a reactor: messages, publications and commands become records in the outbound ring, or wait in
// the overflow where that has no room.
import { Buffer } from 'node:buffer'
import type { NativeRuntime } from '../../types/native'
import { type FormHead, formHeadBytes } from './client-records'
import type { Endpoint } from './endpoint'
import { OutboundRing } from './outbound-ring'
import { Overflow } from './overflow'
import {
  Out,
  OutFlag,
  clientFormHead,
  clientSendHead,
  largeThreshold,
  membershipHead,
  messageOverhead,
  ringControlBytes,
  ringSlackBytes,
} from './records'
import { byteLength } from './shared-buffer'

/** The sending half of a channel; the other half attaches both rings. */
export class ChannelOut {
  /** Flushed weight and flushed messages, two words a slot. */
  readonly table: Int32Array
  /** The same, a slot at a time, and what one of them is read into. */
  private readonly pairs: BigInt64Array
  private readonly pair = new BigInt64Array(1)
  private readonly pairWords = new Int32Array(this.pair.buffer)

  /** The channels of the other reactors. */
  siblings: readonly ChannelOut[] = []

  protected readonly out: OutboundRing
  protected readonly overflow: Overflow
  /** A drain is under way: what it calls is gathered. */
  protected draining = false
  protected readonly outbound: SharedArrayBuffer

  constructor(
    readonly index: number,
    readonly native: NativeRuntime,
    outboundBytes: number,
    slots: number,
    overflowBytes: number,
  ) {
    this.outbound = new SharedArrayBuffer(ringControlBytes + outboundBytes + ringSlackBytes)
    const table = new SharedArrayBuffer(slots * 8)
    this.out = new OutboundRing(this.outbound, () => native.wake(index))
    this.table = new Int32Array(table)
    this.pairs = new BigInt64Array(table)
    this.overflow = new Overflow(overflowBytes)
  }

  /** Weight that the kernel has not taken yet. */
  pending(socket: Endpoint): number {
    return (socket._queued - this.table[socket._slot * 2]) | 0
  }
  /** Payload bytes that the kernel has not taken yet. Both words are read at once, as the reactor stores them. */
  pendingPayload(socket: Endpoint): number {
    return this.pendingBytes(socket._slot, socket._queued, socket._sent)
  }
  /** The same for a slot with these counts of weight and messages. */
  pendingBytes(slot: number, queued: number, sent: number): number {
    this.pair[0] = Atomics.load(this.pairs, slot)
    const [weight, messages] = this.pairWords
    return ((queued - weight) | 0) - messageOverhead * ((sent - messages) | 0)
  }

  /**
   * Sends a text that is at most a third of the large threshold long. Returns its bytes, or -1: it was not taken since
   * the bound of what may wait in JavaScript is reached.
   */
  sendText(socket: Endpoint, text: string, flags: number): number {
    const room = this.out.roomFor(text)
    const at = this.reserve(room)
    if (at < 0) return this.sendBytes(socket, Buffer.from(text), flags)
    const size = this.out.write(text, at, room)
    this.out.commit(size, socket._slot, Out.send | (flags << 8), 0)
    socket._queued = (socket._queued + size + messageOverhead) | 0
    socket._sent = (socket._sent + 1) | 0
    return size
  }

  /** The same for bytes of at most the large threshold. */
  sendBytes(socket: Endpoint, data: Uint8Array, flags: number): number {
    if (!this.push(Out.send | (flags << 8), socket._slot, 0, data, false)) return -1
    socket._queued = (socket._queued + data.length + messageOverhead) | 0
    socket._sent = (socket._sent + 1) | 0
    return data.length
  }

  /** Sends a payload above the threshold: it is copied into a buffer that the reactor owns. */
  sendLarge(socket: Endpoint, data: string | Uint8Array, size: number, flags: number): number {
    const name = this.stage(data, size, empty)
    if (name === undefined) return -1
    this.push(Out.send | ((flags | OutFlag.large) << 8), socket._slot, 0, name, true)
    socket._queued = (socket._queued + size + messageOverhead) | 0
    socket._sent = (socket._sent + 1) | 0
    return size
  }

  /**
   * Publishes to a topic of a server. `except` is the slot that is left out, or noSlot. False: above the bound of what
   * may wait in JavaScript, nothing was published.
   */
  publish(
    server: number,
    topic: Uint8Array,
    data: string | Uint8Array,
    flags: number,
    except: number,
  ): boolean {
    this.follow()
    const aux = (server << 16) | topic.length
    const isText = typeof data === 'string'
    const length = isText ? byteLength(data) : data.length
    if (length <= largeThreshold) {
      const at = this.reserve(topic.length + length)
      if (at >= 0) {
        this.out.set(topic, at)
        if (isText) this.out.write(data, at + topic.length, length)
        else this.out.set(data, at + topic.length)
        this.out.commit(topic.length + length, except, Out.publish | (flags << 8), aux)
        return true
      }
    }
    const bytes = isText ? Buffer.from(data) : data
    if (bytes.length <= largeThreshold) {
      return this.push(Out.publish | (flags << 8), except, aux, Buffer.concat([topic, bytes]), false)
    }
    const name = this.stage(bytes, bytes.length, topic)
    return (
      name !== undefined && this.push(Out.publish | ((flags | OutFlag.large) << 8), except, aux, name, true)
    )
  }

  /** The same with a head that says where it goes: topics, offset, and the reactor of `except`. */
  publishTo(
    server: number,
    head: Uint8Array,
    data: string | Uint8Array,
    flags: number,
    except: number,
  ): boolean {
    this.follow()
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    const kindFlags = Out.publish_to | (flags << 8)
    if (head.length + bytes.length <= largeThreshold) {
      return this.push(kindFlags, except, server, Buffer.concat([head, bytes]), false)
    }
    const name = this.stage(bytes, bytes.length, head)
    return name !== undefined && this.push(kindFlags | (OutFlag.large << 8), except, server, name, true)
  }

  /**
   * A message of a managed client, of at most the large threshold: head, id and data in one record. False: the bound of
   * what may wait in JavaScript is reached.
   */
  sendClient(
    slot: number,
    flags: number,
    token: number,
    head: Uint32Array,
    id: string,
    data: string | Uint8Array,
    size: number,
  ): boolean {
    const before = clientSendHead + id.length
    const kindFlags = Out.client_send | (flags << 8)
    const at = this.reserve(before + size)
    if (at < 0) return this.push(kindFlags, slot, token, joined(head, id, data), false)
    this.out.setHead(head, at)
    if (id.length > 0) this.out.write(id, at + clientSendHead, id.length)
    if (typeof data === 'string') this.out.write(data, at + before, size)
    else this.out.set(data, at + before)
    this.out.commit(before + size, slot, kindFlags, token)
    return true
  }
  /** The same for data above the threshold. */
  sendClientLarge(
    slot: number,
    flags: number,
    token: number,
    head: Uint32Array,
    id: string,
    data: string | Uint8Array,
    size: number,
  ): boolean {
    const name = this.stage(data, size, joined(head, id, empty))
    const large = (flags | OutFlag.large) << 8
    return name !== undefined && this.push(Out.client_send | large, slot, token, name, true)
  }

  /** A message whose envelope the reactor writes: see client-forms.ts. `size`: bytes of the payload. */
  sendForm(
    slot: number,
    flags: number,
    token: number,
    head: FormHead,
    payload: string,
    size: number,
  ): boolean {
    if (size > largeThreshold) {
      const name = this.stage(payload, size, formHeadBytes(head))
      const large = (flags | OutFlag.large) << 8
      return name !== undefined && this.push(Out.client_form | large, slot, token, name, true)
    }
    const kindFlags = Out.client_form | (flags << 8)
    const at = this.reserve(clientFormHead + size)
    if (at < 0) {
      const bytes = Buffer.concat([formHeadBytes(head), Buffer.from(payload)])
      return this.push(kindFlags, slot, token, bytes, false)
    }
    this.out.setFormHead(head, at)
    this.out.write(payload, at + clientFormHead, size)
    this.out.commit(clientFormHead + size, slot, kindFlags, token)
    return true
  }

  /** Of ASCII. `size`: bytes of the answer that comes of it, see membership.ts. False: there is no room for it now. */
  membership(
    socket: Endpoint,
    flags: number,
    joined: number,
    head: Uint32Array,
    correlationId: string,
    topic: string,
    size: number,
  ): boolean {
    const before = membershipHead + correlationId.length
    const at = this.reserve(before + topic.length)
    if (at < 0) return false
    this.out.setHead(head, at)
    if (correlationId !== '') this.out.write(correlationId, at + membershipHead, correlationId.length)
    this.out.write(topic, at + before, topic.length)
    this.out.commit(before + topic.length, socket._slot, Out.membership | (flags << 8), joined)
    socket._queued = (socket._queued + size + messageOverhead) | 0
    socket._sent = (socket._sent + 1) | 0
    if (!this.draining) this.out.publish()
    return true
  }

  /**
   * Copies a payload above the threshold into a buffer that the reactor owns. The start of its record: the buffer's name,
   * and what stands behind that. Undefined: not taken.
   */
  private stage(data: string | Uint8Array, size: number, behind: Uint8Array): Buffer | undefined {
    const id = this.overflow.fits(size) ? this.native.stage(this.index, data) : 0
    if (id === 0) return undefined
    return Buffer.concat([new Uint8Array(new Uint32Array([id, size]).buffer), behind])
  }

  /** Any other record. It always fits: what the ring cannot take waits in JavaScript. */
  command(kind: number, connection: number, aux = 0, payload?: string | Uint8Array): void {
    const bytes =
      payload === undefined ? empty : typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload
    this.push(kind, connection, aux, bytes, true)
    // Not gathered with the messages of microtasks: a handler that is gone shall be gone.
    if (!this.draining) this.out.publish()
  }
  /** Any other record that counts against the bound. False: not taken. */
  offer(kind: number, connection: number, aux: number, payload: Uint8Array): boolean {
    return this.push(kind, connection, aux, payload, false)
  }

  /** True while records wait in JavaScript for room in the ring. */
  get congested(): boolean {
    return this.overflow.length > 0
  }

  private push(
    kindFlags: number,
    connection: number,
    aux: number,
    data: Uint8Array,
    always: boolean,
  ): boolean {
    const at = this.reserve(data.length)
    if (at < 0) return this.overflow.push(kindFlags, connection, aux, data, always)
    this.out.set(data, at)
    this.out.commit(data.length, connection, kindFlags, aux)
    return true
  }

  /** Byte offset for a payload of at most `most` bytes, or -1 when it has to wait. */
  private reserve(most: number): number {
    if (this.overflow.length > 0) return -1
    return this.out.place(most)
  }

  /** Shows the reactor all that fits the ring, also what a drain that is under way has gathered. */
  settle(): void {
    if (this.overflow.length > 0) this.refill()
    this.out.publish()
  }

  /**
   * Called before a record that takes effect on all reactors: what was called on sockets of the others before shall be
   * seen there first, though it was called within a drain, which gathers.
   */
  follow(): void {
    for (const sibling of this.siblings) sibling.settle()
  }

  /** Moves what waits in JavaScript into the ring, in order, as far as it has room. */
  protected refill(): void {
    const overflow = this.overflow
    while (overflow.length > 0) {
      const record = overflow.peek()
      const at = this.out.place(record.data.length)
      if (at < 0) return
      this.out.set(record.data, at)
      this.out.commit(record.data.length, record.connection, record.kindFlags, record.aux)
      overflow.shift()
    }
  }
}

const empty = new Uint8Array(0)

function joined(head: Uint32Array, id: string, data: string | Uint8Array): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  return Buffer.concat([new Uint8Array(head.buffer), Buffer.from(id), bytes])
}
