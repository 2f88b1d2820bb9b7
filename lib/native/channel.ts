// One reactor's pair of rings, seen from JavaScript: writes records to the reactor, drains those that come from it.
// This is the hot path. The indices live in local fields and are stored to shared memory in bulk.
import { Buffer } from 'node:buffer'
import type { NativeRuntime } from '../../types/native'
import type { ClientEndpoint } from './client-engine'
import { type Endpoint, Hold, type ServerEndpoint } from './endpoint'
import { OutboundRing } from './outbound-ring'
import { Overflow } from './overflow'
import { byteLength, type SharedBuffer } from './shared-buffer'
import {
  In,
  InFlag,
  Out,
  OutFlag,
  clientSendHead,
  largeThreshold,
  messageOverhead,
  ringBatch,
  ringControlBytes,
  ringHead,
  ringSlackBytes,
  ringSleeping,
  ringTail,
  ringWaiting,
} from './records'

/** Handlers between two stores of the shared indices: fewer cost wake-ups, more cost latency. */
const stride = 64
/** A drain yields to timers and other I/O after so many records or milliseconds. */
const budgetRecords = 16384
const budgetMilliseconds = 8
const now = performance.now.bind(performance)
/** So many rounds of microtasks may pass without a call before what they call is shown to the reactor at once again. */
const quietRounds = 8
const settled = Promise.resolve()

export class Channel {
  readonly sockets: (Endpoint | undefined)[] = []
  readonly servers = new Map<number, ServerEndpoint>()
  /** Managed clients, by slot. */
  readonly clients: (ClientEndpoint | undefined)[] = []
  /** Flushed weight and flushed messages, two words a slot. */
  readonly table: Int32Array
  /** The same, a slot at a time, and what one of them is read into. */
  private readonly pairs: BigInt64Array
  private readonly pair = new BigInt64Array(1)
  private readonly pairWords = new Int32Array(this.pair.buffer)

  /** The channels of the other reactors. */
  siblings: readonly Channel[] = []

  private readonly inWords: Int32Array
  private readonly inBytes: SharedBuffer
  private readonly inMask: number
  private inHead = 0
  private inReleased = 0

  private readonly out: OutboundRing
  private readonly overflow: Overflow
  private draining = false
  private immediate: unknown = null
  /** Rounds of microtasks since the last call; `quietRounds`: nobody goes round. */
  private rounds = quietRounds
  /** Sockets whose records wait for the next turn. */
  private fresh: Endpoint[] = []

  constructor(
    readonly index: number,
    readonly native: NativeRuntime,
    inboundBytes: number,
    outboundBytes: number,
    slots: number,
    overflowBytes: number,
    private readonly setImmediate: (fn: () => void) => unknown,
    private readonly report: (error: unknown) => void,
  ) {
    const inbound = new SharedArrayBuffer(ringControlBytes + inboundBytes + ringSlackBytes)
    const outbound = new SharedArrayBuffer(ringControlBytes + outboundBytes + ringSlackBytes)
    const table = new SharedArrayBuffer(slots * 8)
    this.inWords = new Int32Array(inbound)
    this.inBytes = Buffer.from(inbound) as SharedBuffer
    this.inMask = inboundBytes - 1
    this.out = new OutboundRing(outbound, () => native.wake(index))
    this.table = new Int32Array(table)
    this.pairs = new BigInt64Array(table)
    this.overflow = new Overflow(overflowBytes)
    native.attach(index, new Uint8Array(inbound), new Uint8Array(outbound), new Uint32Array(table))
    Atomics.store(this.inWords, ringSleeping, 1)
  }

  // ---------------------------------------------------------------------------------------------- to the reactor

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
    const id = this.overflow.fits(size) ? this.native.stage(this.index, data) : 0
    if (id === 0) return -1
    const name = new Uint8Array(new Uint32Array([id, size]).buffer)
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
    const id = this.overflow.fits(bytes.length) ? this.native.stage(this.index, bytes) : 0
    if (id === 0) return false
    const name = Buffer.concat([new Uint8Array(new Uint32Array([id, bytes.length]).buffer), topic])
    return this.push(Out.publish | ((flags | OutFlag.large) << 8), except, aux, name, true)
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
    const id = this.overflow.fits(bytes.length) ? this.native.stage(this.index, bytes) : 0
    if (id === 0) return false
    const name = Buffer.concat([new Uint8Array(new Uint32Array([id, bytes.length]).buffer), head])
    return this.push(kindFlags | (OutFlag.large << 8), except, server, name, true)
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
    const buffer = this.overflow.fits(size) ? this.native.stage(this.index, data) : 0
    if (buffer === 0) return false
    const name = new Uint8Array(new Uint32Array([buffer, size]).buffer)
    const payload = Buffer.concat([name, joined(head, id, empty)])
    return this.push(Out.client_send | ((flags | OutFlag.large) << 8), slot, token, payload, true)
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
  private refill(): void {
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

  // -------------------------------------------------------------------------------------------- from the reactor

  /**
   * Lets the socket's records wait for the next turn, so that a program which awaits `open` or `connection` has its
   * listeners set before the first message.
   */
  holdForTurn(socket: Endpoint): void {
    socket._hold |= Hold.turn
    this.fresh.push(socket)
  }

  /** Asks for another drain in the next turn of the event loop. */
  schedule(): void {
    this.immediate ??= this.setImmediate(this.continue)
  }

  private readonly continue = (): void => {
    this.immediate = null
    this.drain()
  }

  /** Hands out what the ring holds, within the budget. Called by the bell and by its own setImmediate. */
  drain(): void {
    if (this.draining) return
    this.draining = true
    this.out.gathering = true
    if (this.fresh.length > 0) {
      for (const socket of this.fresh) socket._hold &= ~Hold.turn
      this.fresh = []
    }
    if (this.overflow.length > 0) this.refill()
    // Before any handler runs, so that it comes before what their promises go on with.
    if (this.rounds === quietRounds) {
      this.rounds = 0
      void settled.then(this.beginRounds)
    }
    const more = this.run()
    this.draining = false
    this.out.gathering = false
    this.releaseRecords()
    this.out.publish()
    if (more) this.schedule()
  }

  /**
   * Goes round with the microtasks that a drain has left: what they send (the next request behind an `await`, say) is
   * gathered and shown together, a round at a time. One by one, each would wake the reactor for a write of its own.
   */
  private readonly beginRounds = (): void => {
    this.out.gathering = true
    void settled.then(this.afterRound)
  }
  private readonly afterRound = (): void => {
    this.rounds = this.out.publish() ? 0 : this.rounds + 1
    if (this.rounds < quietRounds) void settled.then(this.afterRound)
    else this.out.gathering = false
  }

  /** True: there is more to do in the next turn. False: the bell was armed. */
  private run(): boolean {
    const words = this.inWords
    const bytes = this.inBytes
    const mask = this.inMask
    const sockets = this.sockets
    let tail = Atomics.load(words, ringTail)
    let count = 0
    let deadline = 0
    for (;;) {
      if (this.inHead === tail) {
        tail = Atomics.load(words, ringTail)
        if (this.inHead === tail) {
          this.releaseRecords()
          this.out.publish()
          Atomics.store(words, ringSleeping, 1)
          tail = Atomics.load(words, ringTail)
          if (this.inHead === tail) return false
          Atomics.store(words, ringSleeping, 0)
        }
      }
      const offset = (this.inHead & mask) + ringControlBytes
      const word = offset >> 2
      const length = words[word]
      const connection = words[word + 1]
      const kindFlags = words[word + 2]
      const next = (this.inHead + ((length + 31) & ~15)) | 0
      if ((kindFlags & 0xff) === In.message) {
        const socket = sockets[connection]
        if (socket === undefined) {
          if (kindFlags & (InFlag.large << 8)) this.native.take(this.index, words[(offset + 16) >> 2], 2)
          this.inHead = next
          continue
        }
        if (socket._hold === Hold.turn) return true
        const start = offset + 16
        const isBinary = (kindFlags & (InFlag.binary << 8)) !== 0
        let data: string | Buffer
        if (kindFlags & (InFlag.large << 8)) {
          const mode = isBinary ? 2 : kindFlags & (InFlag.ascii << 8) ? 0 : 1
          const taken = this.native.take(this.index, words[start >> 2], mode)
          data =
            typeof taken === 'string' ? taken : Buffer.from(taken.buffer, taken.byteOffset, taken.byteLength)
        } else if (isBinary) {
          data = Buffer.allocUnsafe(length)
          bytes.copy(data, 0, start, start + length)
        } else if (kindFlags & (InFlag.ascii << 8)) {
          data = bytes.latin1Slice(start, start + length)
        } else {
          data = bytes.utf8Slice(start, start + length)
        }
        this.inHead = next
        try {
          if (socket._hold === Hold.flowing) socket._receive(data, isBinary)
          else socket._keep(data, isBinary)
        } catch (error) {
          this.report(error)
        }
      } else {
        const aux = words[word + 3]
        const kind = kindFlags & 0xff
        if (kind >= In.error && kind <= In.response && sockets[connection]?._hold === Hold.turn) return true
        this.inHead = next
        if (kind !== In.pad) this.control(kind, kindFlags, connection, aux, offset + 16, length)
        // Whoever awaits `listening` has a listener of `connection` set before the first one.
        if (kind === In.listening) return true
      }
      if (((this.inHead - this.inReleased) | 0) >= ringBatch) this.releaseRecords()
      if (++count % stride === 0) {
        this.releaseRecords()
        this.out.publish()
        const time = now()
        if (deadline === 0) deadline = time + budgetMilliseconds
        else if (count >= budgetRecords || time > deadline) return true
      }
    }
  }

  private control(
    kind: number,
    kindFlags: number,
    connection: number,
    aux: number,
    start: number,
    length: number,
  ): void {
    try {
      if (kind === In.connection || kind === In.upgrade) {
        const server = this.servers.get(aux)
        const fields = this.inBytes.latin1Slice(start, start + length)
        if (server === undefined) this.command(Out.terminate, connection)
        else if (kind === In.connection) server._connection(this, connection, fields)
        else server._upgrade(this, connection, fields)
        return
      }
      if (
        kind >= In.listening &&
        kind <= In.server_drain &&
        (kind <= In.server_closed || kind >= In.dropped)
      ) {
        const fields = this.inBytes.latin1Slice(start, start + length)
        this.servers.get(connection)?._event(this, kind, aux, fields)
        return
      }
      if (kind >= In.batch || this.clients[connection] !== undefined) {
        this.clientRecord(kind, kindFlags, connection, aux, start, length)
        return
      }
      const socket = this.sockets[connection]
      if (kind === In.close) {
        // The slot may be used again from here on; the handle keeps none.
        this.sockets[connection] = undefined
        const reason = this.inBytes.utf8Slice(start, start + length)
        this.command(Out.release, connection)
        socket?._control(kind, aux, reason)
      } else if (kind === In.ping || kind === In.pong || kind === In.pipe_write) {
        const data = Buffer.allocUnsafe(length)
        this.inBytes.copy(data, 0, start, start + length)
        socket?._control(kind, aux, data)
      } else {
        socket?._control(kind, aux, this.inBytes.latin1Slice(start, start + length))
      }
    } catch (error) {
      this.report(error)
    }
  }

  private clientRecord(
    kind: number,
    kindFlags: number,
    connection: number,
    aux: number,
    start: number,
    length: number,
  ): void {
    const client = this.clients[connection]
    if (kind === In.close) {
      client?._gone()
      this.command(Out.release, connection)
    } else if (client !== undefined) {
      client._record(kind, kindFlags, aux, this.inBytes, start, length)
    } else if (kindFlags & (InFlag.large << 8)) {
      this.native.take(this.index, this.inBytes.readUInt32LE(start), 2)
    }
  }

  private releaseRecords(): void {
    if (this.inReleased === this.inHead) return
    this.inReleased = this.inHead
    Atomics.store(this.inWords, ringHead, this.inHead)
    if (Atomics.load(this.inWords, ringWaiting) === 0) return
    // Half the ring at once: a bell for every few records would cost more than it brings. What is left is drained, and
    // the last of these calls finds the ring empty, so the bell does come.
    const used = (Atomics.load(this.inWords, ringTail) - this.inHead) | 0
    if (used <= (this.inMask + 1) >> 1 && Atomics.exchange(this.inWords, ringWaiting, 0) !== 0) {
      this.native.wake(this.index)
    }
  }
}

const empty = new Uint8Array(0)

function joined(head: Uint32Array, id: string, data: string | Uint8Array): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  return Buffer.concat([new Uint8Array(head.buffer, 0, clientSendHead), Buffer.from(id), bytes])
}
