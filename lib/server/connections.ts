// The connections of a server: what its records and its adopted upgrades become.
import type { NativeListen } from '../../types/native'
import type { HawserError } from '../core/error'
import { fieldAt } from '../core/fields'
import { topicBytes } from '../core/publish'
import { Flag, type Pipe, type SocketSettings, extraOf } from '../core/socket-state'
import { WebSocket, serverSide } from '../core/websocket'
import type { Channel } from '../native/channel'
import type { Endpoint, ServerEndpoint } from '../native/endpoint'
import { In, Out } from '../native/records'
import type { ClientSource } from './client-set'
import { emitConnection } from './connection-listeners'
import { type Decision, type Refusal, decide, isThenable, refusal } from './decide'
import type { Fallback } from './fallback/fallback'
import { type Adopter, pathOf } from './handle-upgrade'
import { httpAnswer } from './http-answer'
import { KeptTopics } from './kept-topics'
import { PendingUpgrade } from './pending'
import type { CheckedServerOptions } from './server-options'
import { UpgradeRequest } from './upgrade-request'
import type { WebSocketServer } from './websocket-server'

/** Distinct subprotocol and extension texts that are kept once for all sockets. */
const keptTexts = 64

/** One reactor's share of a server. */
interface Part {
  readonly channel: Channel
  /** Slot whose first word counts the part's subscribers above the high-water mark; -1 when there is no part. */
  gauge: number
}

export class Connections implements ServerEndpoint, Adopter, ClientSource {
  closing = false
  /** Sockets that are open, or closing. */
  count = 0
  private readonly parts: readonly Part[]
  /** Parts that have reported `listening`, and those that have reported their end. */
  private listening = 0
  private ended = 0
  /** Where the server listens, as the part that listens said it. */
  private place = ''
  /** Index of the part that adopts the next connection. */
  private turn = 0
  readonly crowded = (): boolean => {
    for (const { channel, gauge } of this.parts) {
      if (gauge >= 0 && channel.table[gauge * 2] !== 0) return true
    }
    return false
  }
  /** What is answered to a plain GET, by path. */
  readonly pages = new Map<string, () => Refusal>()
  /** Serves peers that cannot have a WebSocket. */
  fallback: Fallback | undefined
  /** Who is behind a request that was accepted, as a hub knows it. */
  userOf: ((request: UpgradeRequest) => string | undefined) | undefined
  readonly topics: KeptTopics
  private readonly settings: SocketSettings
  private readonly texts = new Map<string, string>()

  constructor(
    private readonly server: WebSocketServer,
    readonly options: CheckedServerOptions,
    /** The reactor that listens; what the server publishes goes through it. */
    readonly channel: Channel,
    channels: readonly Channel[],
    readonly id: number,
    private readonly event: (kind: number, aux: number, fields: string) => void,
  ) {
    this.parts = channels.map((each) => ({ channel: each, gauge: -1 }))
    for (const each of channels) each.servers.set(id, this)
    this.topics = new KeptTopics(channel, channels, id, this.crowded)
    const { highWaterMark, maxBackpressure, maxPayload } = options.socket
    this.settings = {
      serverId: id,
      highWaterMark,
      maxBackpressure,
      maxPayload,
      crowded: this.crowded,
      gone: () => {
        this.count--
      },
      topic: topicBytes,
    }
  }

  /** Starts the part of each reactor. */
  listen(settings: NativeListen): void {
    const { channel, id, parts } = this
    const gauges = channel.native.listen(channel.index, id, settings)
    // The others first: what the listener accepts is spread over those that know the server.
    for (const part of parts) {
      part.gauge = gauges[part.channel.index]
      if (part.channel !== channel) part.channel.command(Out.listen, id)
    }
    channel.command(Out.listen, id)
    this.topics.started()
  }

  /** Each part closes behind what was called on its sockets before, and behind what the server published. */
  close(timeout: number): void {
    for (const { channel } of this.parts) channel.command(Out.server_close, this.id, timeout)
  }

  /** Takes no new peers; `deaf`: no longer listens. */
  refuse(deaf: boolean): void {
    for (const { channel } of this.parts) channel.command(Out.server_refuse, this.id, deaf ? 1 : 0)
  }

  /** No record is of this server any more. */
  end(): void {
    for (const part of this.parts) {
      part.channel.servers.delete(this.id)
      part.gauge = -1
    }
  }

  // -------------------------------------------------------------------------------------------- of the channels

  /** @internal */
  _connection(channel: Channel, slot: number, fields: string): void {
    const pending: Endpoint | undefined = channel.sockets[slot]
    const request = pending instanceof PendingUpgrade ? pending.request : new UpgradeRequest(fields)
    const protocol = this.text(fieldAt(fields, 5))
    request.protocol = protocol
    const socket = this.make(channel, slot, protocol, this.text(fieldAt(fields, 6)))
    channel.holdForTurn(socket)
    emitConnection(this.server, socket, request)
  }

  /** @internal */
  _upgrade(channel: Channel, slot: number, fields: string): void {
    const pending = new PendingUpgrade(new UpgradeRequest(fields))
    channel.sockets[slot] = pending
    // Behind its method stands the target of what may be carried.
    if (pending.request.url.includes(' ')) {
      if (this.fallback?.carry(channel, slot, pending.request) !== true) {
        this.answer(channel, slot, pending, refusal(503, ['Retry-After', '5']))
      }
      return
    }
    const decision = decide(this, pending.request)
    if (isThenable(decision)) void decision.then((answer) => this.answer(channel, slot, pending, answer))
    else this.answer(channel, slot, pending, decision)
  }

  /** @internal What each part reports is passed on once: by the part that listens, or when the last has reported it. */
  _event(channel: Channel, kind: number, aux: number, fields: string): void {
    const { length } = this.parts
    if (kind === In.listening) {
      if (channel === this.channel) this.place = fields
      if (++this.listening === length) this.event(kind, aux, this.place)
      return
    }
    if (kind === In.server_closed) {
      for (const part of this.parts) {
        // Its slot may be a connection's from here on.
        if (part.channel === channel) part.gauge = -1
      }
      if (++this.ended < length) return
    }
    this.event(kind, aux, fields)
  }

  private answer(channel: Channel, slot: number, pending: PendingUpgrade, answer: Decision): void {
    if (pending.waiting) {
      if (answer.accept) {
        // Before its first message can come.
        const user = this.userOf?.(pending.request)
        if (user !== undefined) channel.command(Out.user, slot, 0, Buffer.from(user))
        channel.command(Out.accept, slot, 0, [answer.protocol, ...answer.headers].join('\n'))
      } else {
        channel.command(
          Out.reject,
          slot,
          answer.status,
          httpAnswer(answer.status, answer.headers, answer.body),
        )
      }
    }
    if (!answer.accept && answer.error !== undefined) this.complain(answer.error)
  }

  // -------------------------------------------------------------------------------------------- of the adoption

  get full(): boolean {
    const { maxConnections } = this.options
    return maxConnections > 0 && this.count >= maxConnections
  }

  /** The reactors take turns. */
  next(): Channel {
    const { channel } = this.parts[this.turn]
    this.turn = (this.turn + 1) % this.parts.length
    return channel
  }

  adopted(
    channel: Channel,
    slot: number,
    extensions: string,
    protocol: string,
    pipe: Pipe | null,
  ): WebSocket {
    const socket = this.make(channel, slot, protocol, this.text(extensions))
    if (pipe !== null) extraOf(socket).pipe = pipe
    return socket
  }

  connected(socket: WebSocket, request: UpgradeRequest): void {
    emitConnection(this.server, socket, request)
  }

  page(target: string): Refusal | undefined {
    const page = this.pages.get(pathOf(target))
    return page === undefined ? undefined : page()
  }

  shouldHandle(request: UpgradeRequest): boolean {
    return this.server.shouldHandle(request)
  }

  amend(lines: string[], request: UpgradeRequest): void {
    this.server.emit('headers', lines, request)
  }

  /** A peer's request must not end the process, so the lack of a listener is only a warning. */
  complain(error: HawserError): void {
    if (this.server.listenerCount('error') > 0) this.server.emit('error', error)
    else
      process.emitWarning(`${error.message}: ${String(error.cause)}`, {
        code: error.code,
        type: 'HawserWarning',
      })
  }

  // ------------------------------------------------------------------------------------------------- of clients

  get sockets(): readonly (readonly unknown[])[] {
    return this.options.clientTracking ? this.parts.map(({ channel }) => channel.sockets) : []
  }

  owns(socket: unknown): socket is WebSocket {
    return socket instanceof WebSocket && socket._settings === this.settings && socket._channel !== null
  }

  private make(channel: Channel, slot: number, protocol: string, extensions: string): WebSocket {
    const socket = new WebSocket(serverSide as never, this.settings)
    socket._channel = channel
    socket._slot = slot
    socket._protocol = protocol
    socket._extensions = extensions
    if (extensions !== '') socket._flags |= Flag.deflate
    channel.sockets[slot] = socket
    this.count++
    socket._count()
    return socket
  }

  /** A field is a slice that keeps the whole record in memory; few distinct ones occur, so each is kept once. */
  private text(field: string): string {
    if (field === '') return ''
    let text = this.texts.get(field)
    if (text === undefined) {
      text = Buffer.from(field, 'latin1').toString('latin1')
      if (this.texts.size < keptTexts) this.texts.set(text, text)
    }
    return text
  }
}
