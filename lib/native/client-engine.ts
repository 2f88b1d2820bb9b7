// The native engine of a managed client: calls become records to the reactor, its records become calls of the client.
import { Buffer } from 'node:buffer'
import type { NativeClient } from '../../types/native'
import {
  type ClientEngine,
  type EndpointFigures,
  type EngineEvents,
  type EngineMetrics,
  type EngineSend,
  type FormedMessages,
  type QueuedMessage,
  type RouteSpec,
  admissions,
  settlements,
} from '../client/engine'
import { columnBatch } from '../client/column-batch'
import type { Channel } from './channel'
import { ClientForms } from './client-forms'
import { readGauges, readLearned } from './client-gauges'
import { type FormHead, framesFor, read32, readDoubles, readState, sendHeadOf, words } from './client-records'
import { ClientNotice, ClientOp, In, InFlag, Out, OutFlag, largeThreshold, messageOverhead } from './records'
import { runtime } from './runtime'
import { byteLength, type SharedBuffer } from './shared-buffer'

const reasons = ['connect', 'refused', 'expired'] as const
const hows = ['none', 'query', 'header', 'message'] as const
const noRoutes = new Uint32Array(0)

/** What the channel calls for the records of a client. */
export interface ClientEndpoint {
  /** @internal `bytes` and `start` say where the payload lies; it is valid during the call. */
  _record(
    kind: number,
    kindFlags: number,
    aux: number,
    bytes: SharedBuffer,
    start: number,
    length: number,
  ): void
  /** @internal The last record: the slot is given back. */
  _gone(): void
}

export class NativeEngine implements ClientEngine, ClientEndpoint {
  readonly forms: FormedMessages = new ClientForms(this)
  private readonly channel: Channel
  private readonly slot: number
  private readonly highWaterMark: number
  /** Bytes that may be accepted: on the whole, and while there is a connection. */
  private readonly maxBackpressure: number
  private readonly maxConnected: number
  private connected = false
  /** Weight of all that was sent; the shared table holds how much of it is settled. Modulo 2^32. */
  private queued = 0
  private sent = 0
  private ended = false
  private disposed = false
  /** The event loop stays alive for the client. */
  private referenced = true
  private active = false
  private counted = false
  private started = false
  private asked = 0
  /** Tokens set so far, as the engine counts them. */
  private tokens = 0
  private answers: Map<number, (messages: QueuedMessage[]) => void> | undefined
  /** Of the routes that have some. */
  private columns: Map<number, NonNullable<RouteSpec['columns']>> | undefined
  /** What the gauges said last, of a client that is gone. */
  private last: Float64Array | undefined

  constructor(
    settings: NativeClient,
    limits: { highWaterMark: number; maxBackpressure: number; maxBytes: number },
    private readonly events: EngineEvents,
  ) {
    const here = runtime()
    this.channel = here.channel()
    this.highWaterMark = limits.highWaterMark
    this.maxBackpressure = limits.maxBackpressure
    this.maxConnected = Math.min(limits.maxBackpressure, limits.maxBytes)
    this.slot = this.channel.native.client(this.channel.index, settings)
    this.channel.clients[this.slot] = this
    // What was sent counts from the first call on, before the reactor has begun the client: the words of the one that had
    // the slot before must be gone by then.
    this.channel.table.fill(0, this.slot * 2, this.slot * 2 + 2)
    here.open()
    this.op(ClientOp.begin)
  }

  // ------------------------------------------------------------------------------------------------------ commands

  connect(): void {
    this.keepAlive(true)
    this.op(ClientOp.connect)
  }
  disconnect(code: number, reason: string): void {
    const payload = Buffer.from(`  ${reason}`)
    payload.writeUInt16LE(code)
    this.op(ClientOp.disconnect, payload)
  }
  reconnect(): void {
    this.keepAlive(true)
    this.op(ClientOp.reconnect)
  }
  setToken(how: (typeof hows)[number], name: string, value: string): void {
    const label = Buffer.from(name)
    this.tokens++
    this.op(
      ClientOp.set_token,
      Buffer.concat([Buffer.of(hows.indexOf(how), label.length), label, Buffer.from(value)]),
    )
  }
  failToken(final: boolean, detail: string): void {
    this.op(ClientOp.fail_token, Buffer.concat([Buffer.of(final ? 1 : 0), Buffer.from(detail)]))
  }
  cancel(token: number): void {
    this.op(ClientOp.cancel, words(token))
  }
  addRoute(route: number, spec: RouteSpec): void {
    if (spec.columns !== undefined) (this.columns ??= new Map()).set(route, spec.columns)
    this.op(ClientOp.add_route, Buffer.concat([words(route), Buffer.from(JSON.stringify(spec))]))
  }
  removeRoute(route: number): void {
    this.columns?.delete(route)
    this.op(ClientOp.remove_route, words(route))
  }
  interest(untyped: boolean, binary: boolean, asking: boolean): void {
    this.op(ClientOp.interest, Buffer.of((untyped ? 1 : 0) | (binary ? 2 : 0) | (asking ? 4 : 0)))
  }
  answered(ack: boolean, id: string): void {
    this.op(ClientOp.answered, Buffer.concat([Buffer.of(ack ? 1 : 0), Buffer.from(id)]))
  }
  refused(id: string): void {
    this.op(ClientOp.refused, Buffer.from(id))
  }
  say(link: number, frames: readonly (string | Uint8Array)[]): void {
    this.op(ClientOp.say, framesFor(link, frames))
  }
  admit(how: (typeof admissions)[number], link: number, why: string): void {
    this.op(
      ClientOp.admit,
      Buffer.concat([Buffer.of(admissions.indexOf(how)), words(link), Buffer.from(why)]),
    )
  }
  rooms(wanted: boolean, link: number): void {
    this.op(ClientOp.rooms, Buffer.concat([Buffer.of(wanted ? 1 : 0), words(link)]))
  }
  pause(): void {
    this.op(ClientOp.wait)
  }
  resume(): void {
    this.op(ClientOp.go)
  }
  clearQueue(): void {
    this.op(ClientOp.clear_queue)
  }
  queue(limit: number): Promise<QueuedMessage[]> {
    if (this.ended || this.disposed) return Promise.resolve([])
    return new Promise((resolve) => {
      const token = ++this.asked
      this.answers ??= new Map()
      this.answers.set(token, resolve)
      this.op(ClientOp.snapshot, words(token, limit))
    })
  }
  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    this.op(ClientOp.dispose)
  }

  private op(op: number, payload?: Uint8Array): void {
    if (!this.ended) this.channel.command(Out.client_op, this.slot, op, payload)
  }

  // ------------------------------------------------------------------------------------------------------- sending

  get bufferedAmount(): number {
    if (this.ended) return 0
    return Math.max(0, this.channel.pendingBytes(this.slot, this.queued, this.sent))
  }

  send(message: EngineSend): true | false | 'full' {
    if (this.ended || (this.disposed && message.link === 0)) return 'full'
    const { data } = message
    const size = typeof data === 'string' ? byteLength(data) : data.length
    const weight = this.weigh(size)
    if (weight > this.most() && message.link === 0) return 'full'
    return this.write(message, size, weight) ? this.taken(size, weight) : 'full'
  }

  /** What would wait if so many bytes more did. */
  private weigh(size: number): number {
    return ((this.queued - this.channel.table[this.slot * 2]) | 0) + size + messageOverhead
  }
  /** Without a connection the queue decides what gives way; with one nothing shall be lost. */
  private most(): number {
    return this.connected ? this.maxConnected : this.maxBackpressure
  }
  private taken(size: number, weight: number): boolean {
    this.queued = (this.queued + size + messageOverhead) | 0
    this.sent = (this.sent + 1) | 0
    return weight <= this.highWaterMark
  }
  /** From where `drained()` would wait. */
  private drainFlag(weight: number): number {
    return weight > this.highWaterMark / 2 ? OutFlag.arm_drain : 0
  }

  addForm(form: number, text: string): void {
    this.op(ClientOp.form, Buffer.concat([words(form), Buffer.from(text)]))
  }
  sendForm(head: FormHead, token: number, payload: string, around: number): true | false | 'full' {
    if (this.ended || this.disposed) return 'full'
    const bytes = byteLength(payload)
    const size = around + bytes
    const weight = this.weigh(size)
    if (weight > this.most()) return 'full'
    const flags = OutFlag.compress | this.drainFlag(weight)
    const taken = this.channel.sendForm(this.slot, flags, token, head, payload, bytes)
    return taken ? this.taken(size, weight) : 'full'
  }

  /** False: not taken. */
  private write(message: EngineSend, size: number, weight: number): boolean {
    const { data, token } = message
    const flags =
      (message.binary ? OutFlag.binary : 0) |
      (message.compress ? OutFlag.compress : 0) |
      this.drainFlag(weight)
    const name = message.shape === undefined ? message.id : message.shape.key
    const head = sendHeadOf(message, name)
    return size <= largeThreshold
      ? this.channel.sendClient(this.slot, flags, token, head, name, data, size)
      : this.channel.sendClientLarge(this.slot, flags, token, head, name, data, size)
  }

  // ----------------------------------------------------------------------------------------------------- what comes

  _record(
    kind: number,
    kindFlags: number,
    aux: number,
    bytes: SharedBuffer,
    start: number,
    length: number,
  ): void {
    const { events } = this
    let ascii = (kindFlags & (InFlag.ascii << 8)) !== 0
    if (kindFlags & (InFlag.large << 8)) {
      // The payload was too long for the ring: it lies in a buffer of its own, which begins as the record would.
      const taken = this.channel.native.take(this.channel.index, bytes.readUInt32LE(start), 2) as Uint8Array
      bytes = Buffer.from(taken.buffer, taken.byteOffset, taken.byteLength) as SharedBuffer
      start = 0
      length = bytes.length
    }
    const text = (from: number): string =>
      ascii ? bytes.latin1Slice(from, start + length) : bytes.utf8Slice(from, start + length)
    const route = kindFlags >>> 16
    switch (kind) {
      case In.client_message:
        if (kindFlags & (InFlag.binary << 8)) {
          const data = Buffer.allocUnsafe(length)
          bytes.copy(data, 0, start, start + length)
          events.binary(data)
        } else if (kindFlags & (InFlag.routes << 8)) {
          const count = bytes.readUInt32LE(start)
          const routes = count === 0 ? noRoutes : read32(bytes, start + 4, count)
          events.message(routes, text(start + 4 + count * 4))
        } else if (route === 0) {
          events.untyped(text(start))
        } else {
          events.message(route, text(start))
        }
        break
      case In.batch:
        events.batch(route, text(start + aux * 4), read32(bytes, start, aux))
        break
      case In.columns: {
        const columns = bytes.readUInt32LE(start)
        const values = readDoubles(bytes, start + 8, columns * aux)
        const names = this.columns?.get(route) ?? []
        events.batch(route, columnBatch(names, aux, values, bytes.readUInt32LE(start + 4)))
        break
      }
      case In.client_reply:
        events.reply(aux, text(start))
        break
      case In.client_answers: {
        const payloads = JSON.parse(text(start + aux * 4)) as unknown[]
        for (let i = 0; i < aux; i++) events.answer(bytes.readUInt32LE(start + i * 4), payloads[i])
        break
      }
      case In.client_settled:
        for (let at = start; at < start + length; at += 8) {
          events.settled(bytes.readUInt32LE(at), settlements[bytes.readUInt32LE(at + 4)])
        }
        break
      case In.client_state:
        ascii = false
        this.onState(aux, text(start))
        break
      case In.drain:
        events.drain()
        break
      case In.client_notice:
        this.onNotice(aux, bytes, start, length)
        break
    }
  }

  private onNotice(notice: number, bytes: SharedBuffer, start: number, length: number): void {
    const { events } = this
    switch (notice) {
      case ClientNotice.token_wanted:
        // One that was set since is on its way: the engine takes it as the answer.
        if (bytes.readUInt32LE(start + 4) === this.tokens)
          events.tokenWanted(reasons[bytes.readUInt32LE(start)])
        break
      case ClientNotice.control:
        events.control(bytes.utf8Slice(start, start + length))
        break
      case ClientNotice.dropped:
        events.dropped(bytes.readUInt32LE(start), settlements[bytes.readUInt32LE(start + 4)])
        break
      case ClientNotice.snapshot: {
        const token = bytes.readUInt32LE(start)
        const messages = JSON.parse(bytes.utf8Slice(start + 4, start + length)) as QueuedMessage[]
        this.answers?.get(token)?.(messages)
        this.answers?.delete(token)
        break
      }
      case ClientNotice.route_refused:
        events.routeRefused(bytes.utf8Slice(start, start + length))
        break
      case ClientNotice.opened:
        events.opened?.(bytes.readUInt32LE(start))
        break
      case ClientNotice.store_failed:
        events.storeFailed(bytes.utf8Slice(start, start + length))
        break
    }
  }

  private onState(state: number, fields: string): void {
    const change = readState(state, fields)
    const name = change.state
    this.connected = name === 'connected'
    this.keepAlive(name !== 'idle' && name !== 'disconnected' && name !== 'failed')
    const first = name === 'connected' && !this.started
    this.started ||= first
    try {
      this.events.state(change)
    } finally {
      // Handlers that are set in answer to the first `connected` miss nothing: reading begins a turn later.
      if (first) setImmediate(() => this.op(ClientOp.go))
    }
  }

  _gone(): void {
    this.last = this.gauges()
    this.ended = true
    this.channel.clients[this.slot] = undefined
    this.keepAlive(false)
    runtime().close()
    for (const answer of this.answers?.values() ?? []) answer([])
    this.answers = undefined
    this.events.closed()
  }

  // ---------------------------------------------------------------------------------------------------------- other

  metrics(): EngineMetrics {
    return readGauges(this.gauges())
  }
  learned(): EndpointFigures[] {
    return readLearned(this.gauges())
  }
  private gauges(): Float64Array {
    return this.last ?? this.channel.native.clientGauges(this.channel.index, this.slot)
  }

  ref(): void {
    this.referenced = true
    this.hold(this.active)
  }
  unref(): void {
    this.referenced = false
    this.hold(false)
  }

  private keepAlive(active: boolean): void {
    this.active = active
    this.hold(active && this.referenced)
  }
  private hold(held: boolean): void {
    if (held === this.counted) return
    this.counted = held
    if (held) runtime().ref()
    else runtime().unref()
  }
}
