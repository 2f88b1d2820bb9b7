// The managed client: what a program calls. Connecting, queueing, routing and matching are the engine's.
import type { SendData } from '../core/bytes'
import { HawserError } from '../core/error'
import { badArgument } from '../core/validate'
import { ClientBody } from './client-body'
import { type Lifecycle, type LifecycleHandler, isLifecycle } from './client-listeners'
import type { ManagedClientOptions } from './client-options'
import { makeEngine, makeInbox, readOptions } from './client-platform'
import type { ClientSendOptions, ClientSendPromised, RequestOptions } from './client-send'
import type { ConnectionDetails, StateListener } from './client-status'
import type { ClientStateName, EngineMetrics, QueuedMessage } from './engine'
import { equip } from './equip'
import { type LearnedEndpoint, learnedOf } from './learned'
import type { ColumnBatch, MessageContext, MessageRouter, Subscription } from './message-router'
import { sizeOf } from './portable/size'
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
import type { JoinOptions } from './rooms'
import type { ShapeOptions } from './send-shape'
import type { SubscribeSpec } from './subscription-spec'

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
  private readonly body: ClientBody

  /**
   * @throws TypeError `INVALID_URL`, `INVALID_OPTION`, `INVALID_ARGUMENT`; HawserError `NATIVE_UNAVAILABLE`,
   *   `TLS_BAD_MATERIAL`
   */
  constructor(options: ManagedClientOptions | string | URL) {
    const checked = readOptions(options)
    const body = (this.body = new ClientBody(checked))
    const inbox = makeInbox(this, body, checked)
    body.engine = makeEngine(checked, inbox)
    inbox.engine = body.engine
    body.routed = inbox
    equip(body, inbox, checked)
    body.router?.attach(inbox)
  }

  /** Routes messages to handlers; of this client, or the one given as `routing`. */
  get router(): MessageRouter<P, WebSocketClient<P>> {
    return this.body.routing() as unknown as MessageRouter<P, WebSocketClient<P>>
  }

  // -------------------------------------------------------------------------------------------------- connection

  /** Connects. Resolves at the first `connected`; rejects at `failed` or after `disconnect()`. */
  connect(): Promise<void> {
    const { ended, engine, status } = this.body
    if (ended === undefined && status.settled) return Promise.resolve()
    return this.whenConnected(() => engine.connect())
  }
  private whenConnected(start: () => void): Promise<void> {
    const { body } = this
    if (body.ended !== undefined) return Promise.reject(body.refusal())
    const connected = body.status.whenConnected()
    start()
    return connected
  }

  /**
   * Closes the connection, or gives up connecting; the client stays usable. Resolves when it is `disconnected`.
   * @throws TypeError `INVALID_ARGUMENT`
   */
  disconnect(code = 1000, reason = ''): Promise<void> {
    checkClose(code, reason)
    const done = this.body.status.whenDisconnected()
    this.body.engine.disconnect(code, reason)
    return done
  }

  /** Drops what connection there is and connects anew at once; the count of attempts starts anew. */
  reconnect(): Promise<void> {
    return this.whenConnected(() => this.body.engine.reconnect())
  }

  /** Uses this token from now on, and connects again with it if the client is connected or has failed. */
  async authenticate(token: string): Promise<void> {
    if (typeof token !== 'string' || token === '') badArgument('token', 'a token', token)
    const { status, tokens } = this.body
    if (tokens === undefined) {
      throw new HawserError(
        'INVALID_STATE',
        'This client has no option `auth`, which says how the token travels',
      )
    }
    tokens.use(token)
    if (['connected', 'failed'].includes(status.state)) await this.reconnect()
  }

  /** Ends the client for good: disconnects and lets go of everything. */
  close(): Promise<void> {
    const { body } = this
    const { engine, status, tokens, wire } = body
    if (body.ended === undefined) {
      body.ended = []
      tokens?.stop()
      // What was handed over goes out, also what is with an encoder still.
      if (!wire?.encoding) engine.dispose()
      else void wire.encoded().then(() => engine.dispose())
    }
    if (status.closed) return Promise.resolve()
    const { ended } = body
    return new Promise((resolve) => ended.push(resolve))
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get state(): ClientStateName {
    return this.body.status.state
  }
  /** Calls `listener` at every change of state, in order. Returns the function that ends it. */
  onStateChange(listener: StateListener): () => void {
    this.on('state', listener)
    return () => void this.off('state', listener)
  }
  getConnectionInfo(): ConnectionDetails {
    return { ...this.body.status.info(), endpoints: this.learned() }
  }
  /** What is known of each endpoint. Kept, and given to a later client as option `learned`, it spares that the lesson. */
  learned(): LearnedEndpoint[] {
    const { engine, status } = this.body
    return learnedOf(status.urls, engine.learned())
  }
  getPerformanceMetrics(): EngineMetrics {
    const { engine, feed } = this.body
    const metrics = engine.metrics()
    return feed?.metrics(metrics) ?? metrics
  }
  /** The last 100 errors, oldest first. */
  get errors(): readonly HawserError[] {
    return this.body.status.errors
  }
  /** Bytes accepted by `send` that are not on their way yet. */
  get bufferedAmount(): number {
    return this.body.engine.bufferedAmount
  }
  /** What waits to be sent, oldest first. */
  queued(limit = 1000): Promise<QueuedMessage[]> {
    return this.body.engine.queue(limit)
  }
  /** Gives up what waits; promises of it reject with `ABORTED`. */
  clearQueue(): void {
    this.body.engine.clearQueue()
  }
  /** Keep the event loop alive for this client, or do not. */
  ref(): this {
    this.body.engine.ref()
    return this
  }
  unref(): this {
    this.body.engine.unref()
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
    if (isLifecycle(name)) {
      this.body.listeners.add(name, handler)
      this.announce(name)
    } else this.router.on(name as PatternOf<P>, handler as never)
    return this
  }
  /** Undoes `on` with the same arguments. */
  off<E extends Lifecycle>(event: E, handler: LifecycleHandler<E>): this
  off<T extends PatternOf<P>>(
    type: T,
    handler: (message: EnvelopeOf<P, T>, context: MessageContext<WebSocketClient<P>>) => unknown,
  ): this
  off(name: string, handler: (...args: never[]) => unknown): this {
    if (isLifecycle(name)) {
      this.body.listeners.remove(name, handler)
      this.announce(name)
    } else this.router.off(name as PatternOf<P>, handler as never)
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
    const { engine, listeners, wire } = this.body
    ;(wire ?? engine).interest(listeners.has('message'), listeners.has('binary'), false)
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
    return this.body.outbox.send(type, payload, options)
  }

  /** Sends bytes as a binary message, outside of any envelope. */
  sendBinary(
    data: Exclude<SendData, string | Blob>,
    options: Pick<ClientSendOptions, 'priority' | 'ttl' | 'compress' | keyof ShapeOptions> = {},
  ): boolean {
    return this.body.outbox.sendBinary(data, options)
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
    return this.body.outbox.request<ReplyOf<P, T>>(type, payload, options)
  }

  /** @internal */
  get _requestTimeout(): number {
    return this.body.requestTimeout
  }

  /** Resolves when less than half of `highWaterMark` waits. */
  drained(): Promise<void> {
    return this.body.outbox.drained()
  }

  // -------------------------------------------------------------------------------------------------------- rooms

  /**
   * Joins a room, now and after each reconnect. Resolves when the server has let the client in. In rooms that keep their
   * messages nothing is missed over a reconnect, or `resume_failed` tells what.
   * @param options.last so many of the latest messages that the room keeps come first.
   */
  joinRoom(room: string, options?: JoinOptions): Promise<void> {
    return this.body.inRooms().join(room, options)
  }
  leaveRoom(room: string): Promise<void> {
    return this.body.inRooms().leave(room)
  }
  /** Rooms that the client is in, or will be in once it is connected. */
  get joinedRooms(): readonly string[] {
    return this.body.joined?.list() ?? []
  }
}

function checkClose(code: unknown, reason: unknown): void {
  const own = Number.isInteger(code) && (code as number) >= 3000 && (code as number) <= 4999
  if (code !== 1000 && code !== 1001 && !own) badArgument('code', '1000, 1001, or from 3000 to 4999', code)
  if (typeof reason !== 'string' || sizeOf(reason) > 123)
    badArgument('reason', 'a string of at most 123 bytes', reason)
}
