// The managed client: what a program calls. Connecting, queueing, routing and matching are the engine's.
import { HawserError, HawserTypeError, fromNative } from '../core/error'
import { type SendData, bytesOf } from '../core/socket-send'
import { OptionReader, badArgument, badOption, shown } from '../core/validate'
import { application } from './auth'
import { type CheckedManagedOptions, type ManagedClientOptions, readManagedOptions } from './client-options'
import { ClientStatus, type ConnectionInfo, type StateListener } from './client-status'
import {
  type ClientEngine,
  type ClientStateName,
  type EngineEvents,
  type EngineMetrics,
  type EngineSend,
  type Priority,
  type QueuedMessage,
  type Settlement,
  type StateChange,
  priorities,
} from './engine'
import { type Layout, type Parts, encode, idSource, readReply } from './envelope'
import {
  type ColumnBatch,
  type MessageContext,
  MessageRouter,
  type RoutedClient,
  type Subscription,
} from './message-router'
import { makeEngine } from './native-client'
import { PortableFeed } from './portable-feed'
import { Wire, type WireHost } from './wire'
import { Pending, aborted, checkTime, replyError, settlementError } from './pending'
import type {
  AnyProtocol,
  EnvelopeOf,
  PatternOf,
  ProtocolMap,
  ReplyOf,
  RequestOf,
  RequestType,
  SendType,
} from './protocol-map'
import { type JoinOptions, type ResumeFailure, Rooms } from './rooms'
import { type ShapeOptions, readShape, shapeNames } from './send-shape'
import type { SubscribeSpec } from './subscription-spec'

export interface ClientSendOptions extends ShapeOptions {
  /** Default 'normal'. */
  priority?: Priority
  /** Milliseconds that the message may wait; default `queue.ttl`. */
  ttl?: number
  room?: string
  correlationId?: string
  compress?: boolean
}
export interface ClientSendPromised extends Omit<ClientSendOptions, keyof ShapeOptions> {
  /** Resolve when the server has acknowledged the message; it is sent again until then. */
  ack?: boolean
  /** Resolve when the message is safe in the store; it survives the end of the process. */
  durable?: boolean
  signal?: AbortSignal
}
export interface RequestOptions {
  /** Milliseconds; default `requestTimeout`. */
  timeout?: number
  signal?: AbortSignal
  priority?: Priority
  room?: string
}

/** Events that are no message types. Message types of these names need `subscribe`. */
export interface ClientEvents {
  state: [state: ClientStateName, info: ConnectionInfo]
  error: [error: HawserError]
  /** A text without a type. */
  message: [text: string]
  binary: [data: Buffer]
  /** After a reconnect: messages of a room are lost, or the room is. */
  resume_failed: [failure: ResumeFailure]
}
const lifecycle = ['state', 'error', 'message', 'binary', 'resume_failed'] as const
type Lifecycle = (typeof lifecycle)[number]
type LifecycleHandler<E extends Lifecycle> = (...args: ClientEvents[E]) => unknown

function isLifecycle(name: string): name is Lifecycle {
  return (lifecycle as readonly string[]).includes(name)
}

const sendNames = [
  'priority',
  'ttl',
  'room',
  'correlationId',
  'compress',
  'ack',
  'durable',
  'signal',
  ...shapeNames,
]
const requestNames = ['timeout', 'signal', 'priority', 'room']

/**
 * A client that keeps its connection: it connects again when the connection is lost, queues what is sent meanwhile, and
 * hands over only the messages that somebody wants.
 *
 * @example
 * const client = new WebSocketClient({ url: 'wss://feed.example' })
 * client.on('tick', (tick) => console.log(tick.payload))
 * await client.connect()
 */
export class WebSocketClient<P extends ProtocolMap = AnyProtocol> {
  /** Routes messages to handlers; of this client, or the one given as `routing`. */
  readonly router: MessageRouter<P, WebSocketClient<P>>
  private readonly options: CheckedManagedOptions
  private readonly engine: ClientEngine
  private readonly layout: Layout
  private readonly status: ClientStatus
  private readonly pending = new Pending()
  private readonly rooms: Rooms
  /** Messages with `ack` that have none yet: their tokens by id. */
  private readonly acked = new Map<string, number>()
  private readonly nextId: () => string
  /** Only of clients with a codec or a dialect. */
  private readonly wire: Wire | undefined
  private readonly feed: PortableFeed | undefined
  private readonly routed: RoutedClient
  private readonly listeners = new Map<Lifecycle, Set<(...args: never[]) => unknown>>()
  private drains: (() => void)[] = []
  private token: string | undefined
  /** Tokens asked for that have not come: whoever asked applies them, not the watcher. */
  private asking = 0
  private unwatch: (() => void) | undefined
  private ended: (() => void)[] | undefined

  /**
   * @throws TypeError `INVALID_URL`, `INVALID_OPTION`, `INVALID_ARGUMENT`; HawserError `NATIVE_UNAVAILABLE`,
   *   `TLS_BAD_MATERIAL`
   */
  constructor(options: ManagedClientOptions | string | URL) {
    this.options = readManagedOptions(options)
    this.layout = this.options.layout
    this.router = (this.options.router ??
      new MessageRouter(this.layout.given)) as unknown as typeof this.router
    this.status = new ClientStatus(this.options.targets.map((target) => target.href))
    try {
      this.engine = makeEngine(this.options, this.events())
    } catch (error) {
      throw fromNative(error)
    }
    const { codec, dialect } = this.options
    if (codec !== undefined || dialect !== undefined) {
      this.feed = new PortableFeed(this.router as never, () => this.routed)
      this.wire = new Wire(this.wireHost(), this.engine, this.feed, { codec, dialect })
    }
    const { wire } = this
    this.nextId = wire?.session?.nextId?.bind(wire.session) ?? idSource()
    this.routed = {
      engine: this.feed === undefined ? this.engine : this.feed.beside(this.engine),
      failed: (error) => this.fail(error),
      face: this,
      ...(wire === undefined ? {} : { replyTo: (message: unknown) => wire.replyTo(message) }),
    }
    this.rooms = new Rooms((type, room, payload) => this.roomRequest(type, room, payload))
    this.router.attach(this.routed)
  }

  // -------------------------------------------------------------------------------------------------- connection

  /** Connects. Resolves at the first `connected`; rejects at `failed` or after `disconnect()`. */
  connect(): Promise<void> {
    if (this.ended !== undefined) return Promise.reject(this.refusal())
    if (this.status.settled) return Promise.resolve()
    const connected = this.status.whenConnected()
    this.engine.connect()
    return connected
  }

  /**
   * Closes the connection, or gives up connecting; the client stays usable. Resolves when it is `disconnected`.
   * @throws TypeError `INVALID_ARGUMENT`
   */
  disconnect(code = 1000, reason = ''): Promise<void> {
    checkClose(code, reason)
    const done = this.status.whenDisconnected()
    this.engine.disconnect(code, reason)
    return done
  }

  /** Drops what connection there is and connects anew at once; the count of attempts starts anew. */
  reconnect(): Promise<void> {
    if (this.ended !== undefined) return Promise.reject(this.refusal())
    const connected = this.status.whenConnected()
    this.engine.reconnect()
    return connected
  }

  /** Uses this token from now on, and connects again with it if the client is connected or has failed. */
  async authenticate(token: string): Promise<void> {
    if (typeof token !== 'string' || token === '') badArgument('token', 'a token', token)
    const { auth } = this.options
    if (auth === undefined) {
      throw new HawserError(
        'INVALID_STATE',
        'This client has no option `auth`, which says how the token travels',
      )
    }
    this.useToken(token)
    if (['connected', 'failed'].includes(this.status.state)) await this.reconnect()
  }

  /** Ends the client for good: disconnects and lets go of everything. */
  close(): Promise<void> {
    if (this.ended === undefined) {
      this.ended = []
      this.unwatch?.()
      // What was handed over goes out, also what is with an encoder still.
      if (this.wire === undefined || this.wire.encoding === 0) this.engine.dispose()
      else void this.wire.encoded().then(() => this.engine.dispose())
    }
    if (this.status.closed) return Promise.resolve()
    const { ended } = this
    return new Promise((resolve) => ended.push(resolve))
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  get state(): ClientStateName {
    return this.status.state
  }
  /** Calls `listener` at every change of state, in order. Returns the function that ends it. */
  onStateChange(listener: StateListener): () => void {
    this.on('state', listener)
    return () => void this.off('state', listener)
  }
  getConnectionInfo(): ConnectionInfo {
    return this.status.info()
  }
  getPerformanceMetrics(): EngineMetrics {
    const metrics = this.engine.metrics()
    return this.feed === undefined ? metrics : this.feed.metrics(metrics)
  }
  /** The last 100 errors, oldest first. */
  get errors(): readonly HawserError[] {
    return this.status.errors
  }
  /** Bytes accepted by `send` that are not on their way yet. */
  get bufferedAmount(): number {
    return this.engine.bufferedAmount
  }
  /** What waits to be sent, oldest first. */
  queued(limit = 1000): Promise<QueuedMessage[]> {
    return this.engine.queue(limit)
  }
  /** Gives up what waits; promises of it reject with `ABORTED`. */
  clearQueue(): void {
    this.engine.clearQueue()
  }
  /** Keep the event loop alive for this client, or do not. */
  ref(): this {
    this.engine.ref()
    return this
  }
  unref(): this {
    this.engine.unref()
    return this
  }

  // ---------------------------------------------------------------------------------------------------- receiving

  /** Calls the handler for messages of a type, a prefix (`chat.*`) or all (`*`), or for an event of the client. */
  on<E extends Lifecycle>(event: E, handler: LifecycleHandler<E>): this
  on<T extends PatternOf<P>>(
    type: T,
    handler: (message: EnvelopeOf<P, T>, context: MessageContext<WebSocketClient<P>>) => unknown,
  ): this
  on(name: string, handler: (...args: never[]) => unknown): this {
    if (typeof handler !== 'function') badArgument('handler', 'a function', handler)
    if (!isLifecycle(name)) {
      this.router.on(name as PatternOf<P>, handler as never)
      return this
    }
    const set = this.listeners.get(name) ?? new Set()
    this.listeners.set(name, set.add(handler))
    this.announce(name)
    return this
  }
  /** Undoes `on` with the same arguments. */
  off<E extends Lifecycle>(event: E, handler: LifecycleHandler<E>): this
  off<T extends PatternOf<P>>(
    type: T,
    handler: (message: EnvelopeOf<P, T>, context: MessageContext<WebSocketClient<P>>) => unknown,
  ): this
  off(name: string, handler: (...args: never[]) => unknown): this {
    if (!isLifecycle(name)) {
      this.router.off(name as PatternOf<P>, handler as never)
      return this
    }
    this.listeners.get(name)?.delete(handler)
    this.announce(name)
    return this
  }
  /** See `MessageRouter.subscribe`. */
  subscribe<T extends PatternOf<P>, Names extends string>(
    spec: SubscribeSpec<T> & { columns: Record<Names, string> },
    handler: (batch: ColumnBatch<Names>, context: MessageContext<WebSocketClient<P>>) => unknown,
  ): Subscription
  subscribe<T extends PatternOf<P>>(
    spec: SubscribeSpec<T> & { batch: true | object },
    handler: (messages: EnvelopeOf<P, T>[], context: MessageContext<WebSocketClient<P>>) => unknown,
  ): Subscription
  subscribe<T extends PatternOf<P>>(
    spec: SubscribeSpec<T>,
    handler: (message: EnvelopeOf<P, T>, context: MessageContext<WebSocketClient<P>>) => unknown,
  ): Subscription
  subscribe(spec: SubscribeSpec, handler: (value: never, context: never) => unknown): Subscription {
    return this.router.subscribe(spec as SubscribeSpec<PatternOf<P>>, handler as never)
  }

  private announce(name: Lifecycle): void {
    if (name !== 'message' && name !== 'binary') return
    const wanted = (event: Lifecycle): boolean => (this.listeners.get(event)?.size ?? 0) > 0
    if (this.wire === undefined) this.engine.interest(wanted('message'), wanted('binary'), false)
    else this.wire.interest(wanted('message'), wanted('binary'))
  }

  private emit<E extends Lifecycle>(name: E, ...args: ClientEvents[E]): void {
    const listeners = this.listeners.get(name)
    if (listeners === undefined) return
    // Those of now: what a listener adds hears the next event, what it takes off hears no more.
    for (const listener of [...listeners]) {
      if (!listeners.has(listener)) continue
      try {
        ;(listener as LifecycleHandler<E>)(...args)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  private fail(error: HawserError): void {
    this.status.remember(error)
    this.emit('error', error)
  }

  // ------------------------------------------------------------------------------------------------------ sending

  /**
   * Sends a message, or queues it while there is no connection. True: accepted; false: accepted, but more waits than
   * `highWaterMark`: wait for `drained()`. With `ack` or `durable` a promise.
   * @throws HawserError `BACKPRESSURE_EXCEEDED`; TypeError `INVALID_ARGUMENT`, `INVALID_OPTION`
   */
  send<T extends SendType<P>>(
    type: T,
    payload: P['send'][T],
    options: ClientSendPromised & ({ ack: true } | { durable: true }),
  ): Promise<void>
  send<T extends SendType<P>>(type: T, payload?: P['send'][T], options?: ClientSendOptions): boolean
  send(
    type: string,
    payload?: unknown,
    options?: ClientSendOptions & ClientSendPromised,
  ): boolean | Promise<void> {
    const id = this.nextId()
    if (options === undefined) {
      checkType(type)
      return this.push(type, { id, payload, room: undefined, correlationId: undefined }, plain)
    }
    const checked = this.readSend(type, options)
    const { room, correlationId, ack, durable, signal } = checked
    const parts = { id, payload, room, correlationId, ack: ack || durable }
    const message: EngineSend = { ...plain, ...checked.message, id, acked: ack, durable }
    if (!ack && !durable) return this.push(type, parts, message)
    const promise = this.promised<undefined>('message', type, parts, message, signal)
    const forget = (): void => void this.acked.delete(id)
    promise.then(forget, forget)
    return promise
  }

  /** Sends bytes as a binary message, outside of any envelope. */
  sendBinary(
    data: Exclude<SendData, string | Blob>,
    options: Pick<ClientSendOptions, 'priority' | 'ttl' | 'compress' | keyof ShapeOptions> = {},
  ): boolean {
    const bytes = bytesOf(data)
    if (bytes === undefined) {
      return badArgument('data', 'a Buffer, a TypedArray, a DataView or an ArrayBuffer', data)
    }
    const { message } = this.readSend('binary', options)
    return this.taken(this.engine.send({ ...plain, ...message, data: bytes, binary: true }))
  }

  /**
   * Sends a message and waits for its reply; resolves with the reply's payload.
   * @throws (rejects) `TIMEOUT`, `CONNECTION_LOST`, `ABORTED`, `QUEUE_FULL`, or what the server answers
   */
  request<T extends RequestType<P>>(
    type: T,
    payload?: RequestOf<P, T>,
    options?: RequestOptions,
  ): Promise<ReplyOf<P, T>> {
    try {
      checkType(type)
      if (options === undefined) return this.ask(type, payload, plain.priority, this.options.requestTimeout)
      const reader = new OptionReader('`request`', options, requestNames)
      const signal = readSignal(reader.raw('signal'))
      const room = reader.has('room') ? reader.string('room') : undefined
      const priority = priorities.indexOf(reader.oneOf('priority', priorities, 'normal'))
      const requestTimeout = checkTime('timeout', reader.raw('timeout'), this.options.requestTimeout)
      return this.ask(type, payload, priority, requestTimeout, room, signal)
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(shown(error)))
    }
  }

  private ask<T>(
    type: string,
    payload: unknown,
    priority: number,
    requestTimeout: number,
    room?: string,
    signal?: AbortSignal,
  ): Promise<T> {
    const id = this.nextId()
    const parts = { id, payload, room, correlationId: id }
    return this.promised<T>('request', type, parts, { ...plain, id, priority, requestTimeout }, signal)
  }

  /** @internal */
  get _requestTimeout(): number {
    return this.options.requestTimeout
  }

  /** Resolves when less than half of `highWaterMark` waits. */
  drained(): Promise<void> {
    if (this.isDrained()) return Promise.resolve()
    return new Promise((resolve) => this.drains.push(resolve))
  }

  private isDrained(): boolean {
    const { highWaterMark } = this.options.socket.socket
    return this.engine.bufferedAmount <= highWaterMark / 2 && (this.wire?.encoding ?? 0) === 0
  }

  /**
   * Joins a room, now and after each reconnect. Resolves when the server has let the client in. In rooms that keep their
   * messages nothing is missed over a reconnect, or `resume_failed` tells what.
   * @param options.last so many of the latest messages that the room keeps come first.
   */
  joinRoom(room: string, options?: JoinOptions): Promise<void> {
    return this.rooms.join(room, options)
  }
  leaveRoom(room: string): Promise<void> {
    return this.rooms.leave(room)
  }
  /** Rooms that the client is in, or will be in once it is connected. */
  get joinedRooms(): readonly string[] {
    return this.rooms.list()
  }

  private roomRequest(type: string, room: string | undefined, payload: unknown): Promise<unknown> {
    const options: RequestOptions = room === undefined ? { priority: 'high' } : { room, priority: 'high' }
    return this.request(type as RequestType<P>, payload as RequestOf<P, RequestType<P>>, options)
  }

  /** Hands a message to the engine, in the form in which it travels. */
  private hand(type: string, parts: Parts, message: EngineSend): true | false | 'full' {
    if (this.wire === undefined) {
      const data = encode(this.layout, type, parts, Date.now())
      return this.engine.send({ ...message, data, joinable: true })
    }
    if (this.ended !== undefined) return 'full'
    // Rooms are the server's own business, like all control messages.
    if (type === 'join' || type === 'leave' || type === 'resume')
      return this.wire.sendJson(type, parts, message)
    const { token } = message
    return this.wire.send(type, parts, message, (error) => {
      if (token === 0) this.fail(asHawserError(error))
      else this.pending.reject(token, error)
      this.wire?.settled(token)
    })
  }

  private push(type: string, parts: Parts, message: EngineSend): boolean {
    return this.taken(this.hand(type, parts, message))
  }
  private taken(taken: true | false | 'full'): boolean {
    if (taken === 'full') throw this.refusal()
    return taken
  }

  private refusal(): HawserError {
    if (this.ended !== undefined) return new HawserError('INVALID_STATE', 'The client was closed for good')
    return new HawserError('BACKPRESSURE_EXCEEDED')
  }

  private readonly cancel = (token: number): void => {
    this.engine.cancel(token)
    this.wire?.settled(token)
  }

  /** `message` is the caller's own: it gets its token here. */
  private promised<T>(
    kind: 'message' | 'request',
    type: string,
    parts: Parts,
    message: EngineSend,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const what = `The ${kind} '${type}'`
    if (signal?.aborted === true) return Promise.reject(aborted(what, signal))
    const { token, promise } = this.pending.add<T>(what, signal, this.cancel)
    message.token = token
    if (kind === 'message') this.acked.set(message.id, token)
    try {
      if (this.hand(type, parts, message) !== 'full') return promise
      this.pending.reject(token, this.refusal())
    } catch (error) {
      // It cannot be written: thrown at the call, as without a promise.
      this.acked.delete(message.id)
      this.pending.forget(token)
      this.wire?.settled(token)
      throw error
    }
    this.wire?.settled(token)
    return promise
  }

  private readSend(type: string, options: ClientSendOptions & ClientSendPromised) {
    checkType(type)
    const reader = new OptionReader('`send`', options, sendNames)
    const ack = reader.boolean('ack', false)
    const durable = reader.boolean('durable', false)
    if (durable && this.options.queue.store === '') {
      throw new HawserTypeError(
        'INVALID_OPTION',
        'Option `durable` needs a file: give `queue.store` to the client',
      )
    }
    const ttl = reader.raw('ttl')
    return {
      ack,
      durable,
      signal: readSignal(reader.raw('signal')),
      room: reader.has('room') ? reader.string('room') : undefined,
      correlationId: reader.has('correlationId') ? reader.string('correlationId') : undefined,
      message: {
        priority: priorities.indexOf(reader.oneOf('priority', priorities, 'normal')),
        ttl: ttl === undefined ? 0 : checkTime('ttl', ttl, 0),
        compress: reader.boolean('compress', true),
        shape: readShape(reader, type, ack || durable),
      },
    }
  }

  // ------------------------------------------------------------------------------------------------ from the engine

  private events(): EngineEvents {
    return {
      state: (change) => this.onState(change),
      tokenWanted: (reason) => void this.giveToken(reason),
      message: (routes, text) => this.router.message(this.routed, routes, text),
      batch: (route, joined, lengths) => this.router.batch(this.routed, route, joined, lengths),
      columns: (route, rows, values, missing) =>
        this.router.columns(this.routed, route, rows, values, missing),
      untyped: (text) => (this.wire === undefined ? this.emit('message', text) : this.wire.text(text)),
      binary: (data) =>
        this.wire === undefined ? this.emit('binary', data as Buffer) : this.wire.binary(data),
      control: (text) => this.onControl(text),
      reply: (token, text) => this.onReply(token, text),
      settled: (token, how) => {
        this.pending.settled(token, how)
        this.wire?.settled(token)
      },
      dropped: (count, why) => this.onDropped(count, why),
      drain: () => this.onDrain(),
      routeRefused: (detail) =>
        this.fail(new HawserError('INVALID_OPTION', `A subscription cannot be evaluated: ${detail}`)),
      storeFailed: (detail) =>
        this.fail(new HawserError('STORE_FAILED', `The durable queue cannot be used: ${detail}`)),
      opened: (link) => this.wire?.opened(link),
      closed: () => this.onClosed(),
    }
  }

  private onState(change: StateChange): void {
    const before = this.status.state
    const error = this.status.changed(change)
    if (this.wire !== undefined && change.state !== before) {
      if (change.state === 'connected') this.wire.connected()
      else if (before === 'connected' || before === 'disconnecting') this.wire.ended()
    }
    this.emit('state', change.state, this.status.info())
    if (error !== undefined) this.fail(error)
    if (change.state === 'connected') this.rooms.connected()
    this.status.tell(error)
  }

  private onReply(token: number, text: string): void {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch (cause) {
      this.pending.reject(token, new HawserError('PARSE_ERROR', 'The reply is no JSON', { cause }))
      return
    }
    this.settle(token, this.wire?.readReply(message) ?? readReply(this.layout, message))
    this.wire?.settled(token)
  }

  private settle(token: number, { payload, error }: { payload: unknown; error: unknown }): void {
    if (error === undefined || error === null) this.pending.resolve(token, payload)
    else this.pending.reject(token, replyError('The request', error))
  }

  /** Control messages of the server that no request waits for. */
  private onControl(text: string): void {
    let message: Record<string, unknown>
    try {
      message = JSON.parse(text) as Record<string, unknown>
    } catch (cause) {
      this.fail(new HawserError('PARSE_ERROR', 'A control message is no JSON', { cause }))
      return
    }
    switch (message.type) {
      case 'token_expired':
        void this.giveToken('expired')
        break
      case 'positions':
        this.rooms.read(message.payload)
        break
      case 'resume_failed':
        for (const failure of this.rooms.failed(message.payload)) this.emit('resume_failed', failure)
        break
      case 'error':
      case 'auth_error':
        if (this.refuseAcked(message)) break
        this.fail(replyError('A message', message.error ?? message.payload))
        break
    }
  }

  /** An error that answers a message with `ack` is that one's: it is not sent again, and its promise rejects. */
  private refuseAcked({ correlationId, error, payload }: Record<string, unknown>): boolean {
    const token = this.acked.get(correlationId as string)
    if (token === undefined) return false
    this.acked.delete(correlationId as string)
    this.engine.cancel(token)
    this.pending.reject(token, replyError('The message', error ?? payload))
    return true
  }

  private onDropped(count: number, why: Settlement): void {
    if (why === 'done') return
    const what = count === 1 ? 'A message' : `${count} messages`
    const { code } = settlementError(what, why)
    this.fail(
      new HawserError(code, `${what} ${count === 1 ? 'was' : 'were'} dropped: ${droppedWords[code] ?? why}`),
    )
  }

  private onDrain(): void {
    // While an encoder has messages still, more will wait.
    if (this.wire === undefined || this.isDrained()) for (const resolve of this.drains.splice(0)) resolve()
  }

  private onClosed(): void {
    this.feed?.end()
    this.wire?.ended()
    this.router.detach(this.routed)
    this.unwatch?.()
    this.pending.rejectAll('closed')
    for (const resolve of this.drains.splice(0)) resolve()
    const before = this.status.state
    this.status.end()
    if (this.status.state !== before) this.emit('state', this.status.state, this.status.info())
    for (const resolve of this.ended ?? []) resolve()
  }

  private wireHost(): WireHost {
    return {
      layout: this.layout,
      fail: (error) => this.fail(error),
      replied: (token, reply) => this.settle(token, reply),
      acks: () => {
        const { acks } = this.options
        return acks === 1 || (acks === 0 && this.status.info().protocol === 'hawser.v1')
      },
      waits: (token) => this.pending.has(token),
      connected: () => this.status.state === 'connected',
      drained: () => this.onDrain(),
      untyped: (text) => this.emit('message', text),
      binary: (data) => this.emit('binary', data as Buffer),
    }
  }

  // ------------------------------------------------------------------------------------------------------- tokens

  private async giveToken(reason: 'connect' | 'refused' | 'expired'): Promise<void> {
    const { auth } = this.options
    if (auth === undefined) return
    try {
      // Watched from the first token on, so that it is renewed before it expires.
      this.unwatch ??= auth.source.watch((token) => {
        if (this.asking === 0 && token !== this.token) this.useToken(token)
      })
      this.asking++
      const token = await auth.source.token(reason, this.token).finally(() => this.asking--)
      this.useToken(token)
    } catch (cause) {
      const error = new HawserError(
        'AUTHENTICATION_FAILED',
        'No token could be had: the `auth` function failed',
        {
          cause,
          recoverable: true,
        },
      )
      this.fail(error)
      this.engine.failToken(false, error.message)
    }
  }

  private useToken(token: string): void {
    const { auth } = this.options
    if (auth === undefined) return
    this.token = token
    const message = (): string =>
      encode(
        this.layout,
        'auth',
        { id: this.nextId(), payload: { token }, room: undefined, correlationId: undefined },
        Date.now(),
      )
    this.engine.setToken(...application(auth, token, message))
    if (this.status.state === 'connected' && this.status.info().protocol === 'hawser.v1') {
      const parts = { id: this.nextId(), payload: { token }, room: undefined, correlationId: undefined }
      this.engine.send({
        ...plain,
        data: encode(this.layout, 'refresh_auth', parts, Date.now()),
        priority: 0,
      })
    }
  }
}

const plain: EngineSend = {
  data: '',
  binary: false,
  compress: true,
  priority: 1,
  ttl: 0,
  id: '',
  acked: false,
  durable: false,
  requestTimeout: 0,
  joinable: false,
  shape: undefined,
  token: 0,
}

function asHawserError(error: Error): HawserError {
  if (error instanceof HawserError) return error
  return new HawserError('INVALID_ARGUMENT', error.message, { cause: error })
}

const droppedWords: Record<string, string> = {
  QUEUE_FULL: 'the queue is full',
  EXPIRED: 'they waited longer than their `ttl`',
  TIMEOUT: 'the server did not acknowledge them',
  CONNECTION_CLOSED: 'the client was closed before they were sent',
}

function checkType(type: unknown): asserts type is string {
  if (typeof type !== 'string' || type === '') badArgument('type', 'the type of the message', type)
  if (type.length > 128) badArgument('type', 'at most 128 characters long', type)
}

function readSignal(value: unknown): AbortSignal | undefined {
  if (value !== undefined && !(value instanceof AbortSignal)) badOption('signal', 'an AbortSignal', value)
  return value
}

function checkClose(code: unknown, reason: unknown): void {
  const valid = typeof code === 'number' && Number.isInteger(code)
  if (!valid || !(code === 1000 || code === 1001 || (code >= 3000 && code <= 4999))) {
    badArgument('code', '1000, 1001, or from 3000 to 4999', code)
  }
  if (typeof reason !== 'string') badArgument('reason', 'a string', reason)
  if (Buffer.byteLength(reason) > 123) {
    throw new HawserTypeError('INVALID_ARGUMENT', `\`reason\` may have 123 bytes, not ${shown(reason)}`)
  }
}
