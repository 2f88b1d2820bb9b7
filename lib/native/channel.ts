// One reactor's pair of rings, seen from JavaScript: drains what comes from it; what goes to it is in channel-out.ts.
// This is the hot path. The indices live in local fields and are stored to shared memory in bulk.
import { Buffer } from 'node:buffer'
import type { NativeRuntime } from '../../types/native'
import { ChannelOut } from './channel-out'
import type { ClientEndpoint } from './client-engine'
import { type Endpoint, Hold, type ServerEndpoint } from './endpoint'
import type { SharedBuffer } from './shared-buffer'
import {
  In,
  InFlag,
  Out,
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
/**
 * Bytes that a round of microtasks gathers. A wake-up costs more than many records, but a whole round would keep the
 * reactor, and who answers, waiting while JavaScript works, and JavaScript while they do. Measured with requests, of
 * which 64 were under way: a quarter slower with none gathered, and little more than half as fast with whole rounds.
 */
const roundBatch = 1024
const settled = Promise.resolve()

export class Channel extends ChannelOut {
  readonly sockets: (Endpoint | undefined)[] = []
  readonly servers = new Map<number, ServerEndpoint>()
  /** Managed clients, by slot. */
  readonly clients: (ClientEndpoint | undefined)[] = []

  private readonly inWords: Int32Array
  private readonly inBytes: SharedBuffer
  private readonly inMask: number
  private inHead = 0
  private inReleased = 0

  private immediate: unknown = null
  /** Rounds of microtasks since the last call; `quietRounds`: nobody goes round. */
  private rounds = quietRounds
  /** Sockets whose records wait for the next turn. */
  private fresh: Endpoint[] = []

  constructor(
    index: number,
    native: NativeRuntime,
    inboundBytes: number,
    outboundBytes: number,
    slots: number,
    overflowBytes: number,
    private readonly setImmediate: (fn: () => void) => unknown,
    private readonly report: (error: unknown) => void,
  ) {
    super(index, native, outboundBytes, slots, overflowBytes)
    const inbound = new SharedArrayBuffer(ringControlBytes + inboundBytes + ringSlackBytes)
    this.inWords = new Int32Array(inbound)
    this.inBytes = Buffer.from(inbound) as SharedBuffer
    this.inMask = inboundBytes - 1
    native.attach(
      index,
      new Uint8Array(inbound),
      new Uint8Array(this.outbound),
      new Uint32Array(this.table.buffer),
    )
    Atomics.store(this.inWords, ringSleeping, 1)
  }

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
    // Within a stride; large records are not kept: the reactor may write the first while the next is made.
    this.out.gather = ringBatch
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
    this.out.gather = 0
    this.releaseRecords()
    this.out.publish()
    if (more) this.schedule()
  }

  /**
   * Goes round with the microtasks that a drain has left: what they send (the next request behind an `await`, say) is
   * gathered and shown together, a round at a time. One by one, each would wake the reactor for a write of its own.
   */
  private readonly beginRounds = (): void => {
    this.out.gather = roundBatch
    void settled.then(this.afterRound)
  }
  private readonly afterRound = (): void => {
    this.rounds = this.out.publish() ? 0 : this.rounds + 1
    if (this.rounds < quietRounds) void settled.then(this.afterRound)
    else this.out.gather = 0
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
