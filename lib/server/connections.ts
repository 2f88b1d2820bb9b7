// The connections of a server: what its records and its adopted upgrades become.
import type { HawserError } from '../core/error'
import { fieldAt } from '../core/fields'
import { topicBytes } from '../core/publish'
import { Flag, type Pipe, type SocketSettings, extraOf } from '../core/socket-state'
import { WebSocket, serverSide } from '../core/websocket'
import type { Channel } from '../native/channel'
import type { Endpoint, ServerEndpoint } from '../native/endpoint'
import { Out } from '../native/records'
import type { ClientSource } from './client-set'
import { emitConnection } from './connection-listeners'
import { type Decision, decide, isThenable } from './decide'
import type { Adopter } from './handle-upgrade'
import { httpAnswer } from './http-answer'
import { PendingUpgrade } from './pending'
import type { CheckedServerOptions } from './server-options'
import { UpgradeRequest } from './upgrade-request'
import type { WebSocketServer } from './websocket-server'

/** Distinct subprotocol and extension texts that are kept once for all sockets. */
const keptTexts = 64

export class Connections implements ServerEndpoint, Adopter, ClientSource {
  closing = false
  /** Sockets that are open, or closing. */
  count = 0
  /** Slot whose first word counts subscribers above the high-water mark; -1 before the server is started. */
  gauge = -1
  readonly crowded = (): boolean => this.gauge >= 0 && this.channel.table[this.gauge * 2] !== 0
  private readonly settings: SocketSettings
  private readonly texts = new Map<string, string>()

  constructor(
    private readonly server: WebSocketServer,
    readonly options: CheckedServerOptions,
    readonly channel: Channel,
    readonly id: number,
    private readonly event: (kind: number, aux: number, fields: string) => void,
  ) {
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

  // --------------------------------------------------------------------------------------------- of the channel

  /** @internal */
  _connection(channel: Channel, slot: number, fields: string): void {
    const pending: Endpoint | undefined = channel.sockets[slot]
    const request = pending instanceof PendingUpgrade ? pending.request : new UpgradeRequest(fields)
    const protocol = this.text(fieldAt(fields, 5))
    request.protocol = protocol
    const socket = this.make(slot, protocol, this.text(fieldAt(fields, 6)))
    channel.holdForTurn(socket)
    emitConnection(this.server, socket, request)
  }

  /** @internal */
  _upgrade(channel: Channel, slot: number, fields: string): void {
    const pending = new PendingUpgrade(new UpgradeRequest(fields))
    channel.sockets[slot] = pending
    const decision = decide(this, pending.request)
    if (isThenable(decision)) void decision.then((answer) => this.answer(slot, pending, answer))
    else this.answer(slot, pending, decision)
  }

  /** @internal */
  _event(_channel: Channel, kind: number, aux: number, fields: string): void {
    this.event(kind, aux, fields)
  }

  private answer(slot: number, pending: PendingUpgrade, answer: Decision): void {
    if (pending.waiting) {
      if (answer.accept) {
        this.channel.command(Out.accept, slot, 0, [answer.protocol, ...answer.headers].join('\n'))
      } else {
        this.channel.command(
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

  adopted(slot: number, extensions: string, protocol: string, pipe: Pipe | null): WebSocket {
    const socket = this.make(slot, protocol, this.text(extensions))
    if (pipe !== null) extraOf(socket).pipe = pipe
    return socket
  }

  connected(socket: WebSocket, request: UpgradeRequest): void {
    emitConnection(this.server, socket, request)
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

  get sockets(): readonly unknown[] {
    return this.options.clientTracking ? this.channel.sockets : []
  }

  owns(socket: unknown): socket is WebSocket {
    return socket instanceof WebSocket && socket._settings === this.settings && socket._channel !== null
  }

  private make(slot: number, protocol: string, extensions: string): WebSocket {
    const socket = new WebSocket(serverSide as never, this.settings)
    socket._channel = this.channel
    socket._slot = slot
    socket._protocol = protocol
    socket._extensions = extensions
    if (extensions !== '') socket._flags |= Flag.deflate
    this.channel.sockets[slot] = socket
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
