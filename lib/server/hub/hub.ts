// The hub: rooms, users and handlers over a WebSocketServer. What a program calls.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type {
  AnyProtocol,
  ProtocolMap,
  ReceiveType,
  ReplyOf,
  RequestOf,
  RequestType,
  SendType,
} from '../../client/protocol-map'
import { HawserError } from '../../core/error'
import { hold, unhold } from '../../core/socket-hold'
import { badArgument } from '../../core/validate'
import { Hold } from '../../native/endpoint'
import type { WebSocket } from '../../core/websocket'
import { type Refusal, refusal } from '../decide'
import type { Fallback } from '../fallback/fallback'
import type { Verdict } from '../server-options'
import type { UpgradeRequest } from '../upgrade-request'
import type { WebSocketServer } from '../websocket-server'
import { controls, early } from './control'
import { Dispatcher, type Handler, type Middleware } from './dispatch'
import { Fault, type HubMessage, checkMessage, correlationOf, isName, longest, readMessage } from './envelope'
import { Farewell, type CheckedHubClose, type HubCloseOptions, readHubClose } from './farewell'
import type { HubConnection } from './hub-connection'
import { HubCore, type HubEvents } from './hub-core'
import { HubError } from './hub-error'
import { type HttpPaths, type HubOptions, readHubOptions } from './hub-options'
import type { HubMetrics } from './metrics'
import type { Presence } from './presence'
import { prometheusText } from './prometheus'
import { Target } from './target'

/** Subprotocol of hubs and their clients. */
export const hubProtocol = 'hawser.v1'

const lifecycle = ['connect', 'disconnect', 'join', 'leave', 'error'] as const
type Lifecycle = (typeof lifecycle)[number]

function isLifecycle(name: string): name is Lifecycle {
  return (lifecycle as readonly string[]).includes(name)
}

type Typed<P extends ProtocolMap, Args extends unknown[]> = {
  [K in keyof Args]: Args[K] extends HubConnection ? HubConnection<P> : Args[K]
}
/** Listener of an event of a hub. */
export type HubListener<P extends ProtocolMap, E extends keyof HubEvents> = (
  ...args: Typed<P, HubEvents[E]>
) => unknown

/**
 * Messaging over a server: who peers are, which rooms they are in, what becomes of their messages. The protocol is
 * docs/protocol.md; `WebSocketClient` speaks it.
 *
 * @example
 * const hub = new Hub(new WebSocketServer({ port: 8080 }), { history: true })
 * hub.on('chat', (payload, ctx, { room }) => ctx.to(room).send('chat', payload))
 * hub.handle('time', () => Date.now())
 */
export class Hub<P extends ProtocolMap = AnyProtocol> {
  private readonly core: HubCore
  private readonly dispatcher: Dispatcher
  private readonly fallback: Fallback | undefined
  private closing: Promise<void> | undefined
  /** What is left to do once the server has closed. */
  private finished: Promise<void> | undefined
  private readonly listeners = new Map<Lifecycle, Set<(...args: never[]) => unknown>>()

  /**
   * Make it in the turn of the event loop that makes the server.
   * @throws TypeError or RangeError `INVALID_OPTION`; HawserError `INVALID_STATE` when the server has started
   */
  constructor(
    readonly server: WebSocketServer,
    options: HubOptions = {},
  ) {
    const checked = readHubOptions(options)
    this.core = new HubCore(server, checked, (event, ...args) => this.emit(event, ...args))
    this.dispatcher = new Dispatcher(this.core, (connection, paused) => this.pause(connection, paused))
    const asks = checked.csrf !== undefined || (checked.auth !== undefined && checked.auth.at !== 'message')
    const verdict = asks ? (request: UpgradeRequest) => this.verdict(request, checked.csrf) : undefined
    server._extend(hubProtocol, verdict, this.pages(checked.http), checked.rate, (request) =>
      this.core.auth.userOf(request),
    )
    if (checked.fallback !== undefined) this.fallback = server._fallBack(checked.fallback)
    server.on('connection', (socket, request) => this.connected(socket, request))
    server.once('close', () => {
      this.finished = this.ended()
    })
    this.core.link?.start()
  }

  // ------------------------------------------------------------------------------------------------------- handlers

  /**
   * Calls the handler for messages of a type, a prefix (`chat.*`) or all (`*`), or for an event of the hub: `connect`,
   * `disconnect`, `join`, `leave`, `error`. What a handler throws is answered as an error, see `HubError`.
   */
  on<E extends Lifecycle>(event: E, listener: HubListener<P, E>): this
  on<T extends SendType<P>>(
    type: T,
    handler: (
      payload: P['send'][T],
      context: HubConnection<P>,
      message: HubMessage<T, P['send'][T]>,
    ) => unknown,
  ): this
  on(
    pattern: '*' | `${string}.*`,
    handler: (payload: unknown, context: HubConnection<P>, message: HubMessage) => unknown,
  ): this
  on(name: string, handler: (...args: never[]) => unknown): this {
    checkHandler(name, handler)
    if (isLifecycle(name)) this.listeners.set(name, (this.listeners.get(name) ?? new Set()).add(handler))
    else this.dispatcher.on(name, handler as Handler)
    return this
  }

  /** Undoes `on` with the same arguments. */
  off(name: string, handler: (...args: never[]) => unknown): this {
    if (isLifecycle(name)) this.listeners.get(name)?.delete(handler)
    else this.dispatcher.off(name, handler as Handler)
    return this
  }

  /**
   * Answers requests of a type with what the handler returns; what it throws is an error reply.
   * @throws HawserError `INVALID_STATE` when the type has a handler
   */
  handle<T extends RequestType<P>>(
    type: T,
    handler: (
      payload: RequestOf<P, T>,
      context: HubConnection<P>,
      message: HubMessage<T, RequestOf<P, T>>,
    ) => ReplyOf<P, T> | Promise<ReplyOf<P, T>>,
  ): this {
    checkHandler(type, handler)
    if (!this.dispatcher.handle(type, handler as unknown as Handler)) {
      throw new HawserError(
        'INVALID_STATE',
        `Requests of '${type}' have a handler. Take it away with \`unhandle\``,
      )
    }
    return this
  }
  /** Takes `handle` back. */
  unhandle(type: RequestType<P>): this {
    this.dispatcher.unhandle(type)
    return this
  }

  /** Calls the function for every message before its handlers, in the order of the calls of `use`. */
  use(middleware: Middleware<HubConnection<P>>): this {
    if (typeof middleware !== 'function') badArgument('middleware', 'a function', middleware)
    this.dispatcher.use(middleware as unknown as Middleware)
    return this
  }

  // ---------------------------------------------------------------------------------------------------------- sends

  /** Members of rooms; who is in several gets a message once where none of them keeps its messages. */
  to(...rooms: string[]): Target<P> {
    return new Target<P>(this.core).to(...rooms)
  }
  /** All connections of users. */
  toUser(...users: string[]): Target<P> {
    return new Target<P>(this.core).toUser(...users)
  }
  /** All connections of users that have one of the roles. */
  toRole(...roles: string[]): Target<P> {
    return new Target<P>(this.core).toRole(...roles)
  }
  /** Sends to all connections. */
  broadcast<T extends ReceiveType<P>>(type: T, payload?: P['receive'][T]): boolean {
    return new Target<P>(this.core).toAll().send(type, payload)
  }
  /** All connections, to leave some out: `hub.toAll().where(…).send(…)`. */
  toAll(): Target<P> {
    return new Target<P>(this.core).toAll()
  }

  // --------------------------------------------------------------------------------------------------------- looking

  /** Connections that have been let in. */
  get connections(): HubConnection<P>[] {
    return [...this.core.connections].filter(({ admitted }) => admitted) as unknown as HubConnection<P>[]
  }
  /** Connections of a user, of this process. */
  ofUser(userId: string): HubConnection<P>[] {
    return [...(this.core.users.get(userId) ?? [])] as unknown as HubConnection<P>[]
  }
  /** Names of the rooms that this process knows. */
  get rooms(): string[] {
    return [...this.core.rooms.values()].map(({ name }) => name)
  }
  /** Connections in a room, of this process. */
  members(room: string): HubConnection<P>[] {
    return [...(this.core.rooms.get(room)?.members ?? [])] as unknown as HubConnection<P>[]
  }
  /** How many connections are in a room, with those of other nodes as far as they have said so. */
  size(room: string): number {
    return this.core.size(room)
  }
  /** The status of a user; undefined when it is not known, or without the option `presence`. */
  presenceOf(userId: string): Presence | undefined {
    return this.core.presences?.get(userId)
  }
  /** The users of a room, at most 1000. */
  presenceIn(room: string): Presence[] {
    return this.core.presences?.inRoom(room) ?? []
  }
  metrics(): HubMetrics {
    return this.core.metrics()
  }
  /** The metrics as text for Prometheus. */
  prometheus(): string {
    return prometheusText(this.core.metrics())
  }

  /**
   * Answers a request of Node's http server that belongs to the option `fallback`: POST or OPTIONS to the server's `path`.
   * Its body must not have been read. A server that listens itself needs no call.
   * @returns false: it is for others, and not answered.
   */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    return this.fallback?.handle(request, response) === true
  }

  /**
   * Ends the hub and its server: takes no new peers, says goodbye to those it has, each when its messages are handled
   * and behind what waits for it, and drops those that are left after `timeout`. A second call, while goodbyes are being
   * spread, says the rest at once.
   * @returns a promise that resolves when nobody is connected any more and the adapter is closed.
   * @throws TypeError or RangeError `INVALID_OPTION`
   */
  async close(options?: HubCloseOptions): Promise<void> {
    const checked = readHubClose(options)
    this.core.farewell?.hurry()
    this.closing ??= this.leave(checked)
    await this.closing
  }

  private async leave(options: CheckedHubClose): Promise<void> {
    const farewell = new Farewell(this.core.connections, options)
    this.core.farewell = farewell
    this.server._refuse(!options.refuse)
    await this.server.close({ timeout: await farewell.run() })
    await this.finished
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  // ----------------------------------------------------------------------------------------------------- connections

  private pages({ health, metrics }: HttpPaths): Record<string, () => Refusal> {
    const pages: Record<string, () => Refusal> = {}
    const type = 'Content-Type'
    if (health !== '') {
      pages[health] = () =>
        this.core.farewell === undefined
          ? refusal(200, [type, 'application/json'], '{"status":"ok"}\n')
          : refusal(503, [type, 'application/json', 'Retry-After', '5'], '{"status":"closing"}\n')
    }
    if (metrics !== '') {
      pages[metrics] = () =>
        refusal(200, [type, 'text/plain; version=0.0.4; charset=utf-8'], this.prometheus())
    }
    return pages
  }

  private async verdict(request: UpgradeRequest, csrf: HubOptions['csrf']): Promise<Verdict> {
    if (csrf !== undefined && !(await csrf(request))) return { status: 403 }
    return this.core.auth.verdict(request)
  }

  private connected(socket: WebSocket, request: UpgradeRequest): void {
    const connection = this.core.open(socket, request)
    // It had been let in before the end began.
    this.core.farewell?.dismiss(connection)
    socket.on('message', (data, isBinary) => this.received(connection, data as string, isBinary))
    socket.on('close', (code, reason) => this.core.closed(connection, code, reason))
  }

  private received(connection: HubConnection, data: string, isBinary: boolean): void {
    const { counters } = this.core
    counters.messagesIn++
    counters.bytesIn += data.length
    if (isBinary) {
      connection.fail(new HubError('INVALID_MESSAGE', 'Messages are JSON texts, not binary'), undefined)
      return
    }
    const gate = this.take(connection, readMessage(data))
    if (gate === undefined) return
    this.pause(connection, true)
    void gate.finally(() => this.pause(connection, false))
  }

  /** Takes a message; a promise, which is never rejected: the next one has to wait. */
  private take(connection: HubConnection, message: HubMessage | Fault): Promise<void> | undefined {
    if (message instanceof Fault) {
      connection.fail(message, message.correlationId)
      return undefined
    }
    const { type } = message
    if (!connection.admitted && !early.has(type)) {
      const error = new HubError('UNAUTHORIZED', 'Say who you are first: send `auth` with a token')
      connection.fail(error, correlationOf(message))
      return undefined
    }
    if (message.userId !== undefined || connection.identity !== undefined) {
      if (connection.userId === undefined) delete message.userId
      else message.userId = connection.userId
    }
    try {
      if (type === 'batch') return this.batch(connection, message)
      const control = controls.get(type)
      if (control === undefined) return this.dispatcher.take(connection, message)
      const gate = control(this.core, connection, message)
      if (gate === undefined) return undefined
      return gate.catch((error: unknown) => void connection.fail(error, correlationOf(message)))
    } catch (error) {
      connection.fail(error, correlationOf(message))
      return undefined
    }
  }

  /** Each message of a batch as if it had come by itself. */
  private batch(connection: HubConnection, { payload }: HubMessage): Promise<void> | undefined {
    const { maxBatch } = this.core.options
    if (!Array.isArray(payload) || payload.length > maxBatch) {
      throw new HubError(
        'INVALID_MESSAGE',
        `The payload of a batch must be a list of at most ${maxBatch} messages`,
      )
    }
    const from = (first: number): Promise<void> | undefined => {
      for (let i = first; i < payload.length; i++) {
        const message = checkMessage(payload[i])
        if (!(message instanceof Fault) && message.type === 'batch') {
          connection.fail(new HubError('INVALID_MESSAGE', 'A batch holds no batches'), correlationOf(message))
          continue
        }
        const gate = this.take(connection, message)
        if (gate !== undefined) return gate.then(() => from(i + 1))
      }
      return undefined
    }
    return from(0)
  }

  /** Holds what comes from the peer, so that it stays in order and does not pile up. */
  private pause(connection: HubConnection, paused: boolean): void {
    if (paused) {
      if (connection.holds++ === 0) hold(connection.socket, Hold.hub)
    } else if (--connection.holds === 0) {
      unhold(connection.socket, Hold.hub)
      this.core.farewell?.settled(connection)
    }
  }

  private emit<E extends keyof HubEvents>(event: E, ...args: HubEvents[E]): void {
    const listeners = this.listeners.get(event)
    if (listeners === undefined || listeners.size === 0) {
      // A peer's message must not end the process, so the lack of a listener is only a warning.
      if (event === 'error') warn(args[0])
      return
    }
    for (const listener of [...listeners]) {
      try {
        ;(listener as (...args: HubEvents[E]) => unknown)(...args)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  private async ended(): Promise<void> {
    await this.core.close()
  }
}

function warn(error: unknown): void {
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.emitWarning(`A handler of the hub failed: ${words}`, {
    code: 'LISTENER_FAILED',
    type: 'HawserWarning',
  })
}

function checkHandler(type: unknown, handler: unknown): void {
  if (!isName(type, longest.type)) badArgument('type', `a string of 1 to ${longest.type} characters`, type)
  if (typeof handler !== 'function') badArgument('handler', 'a function', handler)
  if (controls.has(type) && !isLifecycle(type)) {
    throw new HawserError(
      'INVALID_STATE',
      `'${type}' is a message of the protocol, which the hub itself handles`,
    )
  }
}
