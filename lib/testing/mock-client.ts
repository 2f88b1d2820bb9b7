// A managed client without a network: subscriptions work as on the I/O thread, and the test plays the server.
import type { ConnectionDetails, StateListener } from '../client/client-status'
import type { ClientStateName } from '../client/engine'
import { idSource } from '../client/outgoing'
import { MessageRouter, type RoutedClient } from '../client/message-router'
import { aborted } from '../client/endings'
import { RouteSet } from '../client/portable/route-set'
import type {
  AnyProtocol,
  EnvelopeOf,
  PatternOf,
  ProtocolMap,
  ReceiveType,
  ReplyOf,
  RequestOf,
  RequestType,
  SendType,
} from '../client/protocol-map'
import { replyError } from '../client/reply-error'
import type { RequestOptions, WebSocketClient } from '../index'
import { HawserError, HawserTypeError } from '../core/error'
import { shown } from '../core/validate'
import { ManualClock, type TestClock } from './clock'

/** A message that the program has sent. */
export interface SentMessage {
  readonly id: string
  readonly type: string
  readonly payload: unknown
  /** What `send` or `request` was called with. */
  readonly options: Readonly<Record<string, unknown>>
  /** A request, which waits for `simulateReply`. */
  readonly request: boolean
}

export interface MockClientOptions {
  /** Default: a ManualClock of its own, `client.clock`. */
  clock?: TestClock
  /** False: after `connect()` the client stays `connecting` until `simulateConnection()`. Default true. */
  connects?: boolean
}

interface Asked {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  /** Ends what was set up for the wait. */
  readonly done: () => void
}

type Events = Record<string, Set<(...args: never[]) => unknown> | undefined>
const events = ['state', 'error', 'message', 'binary', 'resume_failed']
const resting: readonly ClientStateName[] = ['idle', 'disconnected', 'failed']
const requestTimeout = 10_000

/**
 * Has the methods of a `WebSocketClient` that programs use; `asClient()` is the same object under that type. Changes of
 * state happen at once, inside the call that makes them.
 *
 * @example
 * const mock = new MockWebSocketClient<Feed>()
 * startProgram(mock.asClient())
 * mock.simulateMessage('tick', { symbol: 'A', price: 1 })
 * expect(mock.sent).toMatchObject([{ type: 'watch', payload: { symbol: 'A' } }])
 */
export class MockWebSocketClient<P extends ProtocolMap = AnyProtocol> implements Pick<
  WebSocketClient<P>,
  | 'connect'
  | 'disconnect'
  | 'close'
  | 'state'
  | 'onStateChange'
  | 'getConnectionInfo'
  | 'errors'
  | 'joinedRooms'
> {
  readonly clock: TestClock
  readonly router = new MessageRouter<P, WebSocketClient<P>>()
  /** What has been sent, in order. */
  readonly sent: SentMessage[] = []
  /** What waits for a connection. */
  readonly waiting: SentMessage[] = []
  readonly errors: HawserError[] = []
  readonly joinedRooms: string[] = []
  state: ClientStateName = 'idle'
  private error: HawserError | undefined
  private readonly connects: boolean
  private readonly events: Events = {}
  private readonly routes: RouteSet
  private readonly routed: RoutedClient
  private readonly asked = new Map<string, Asked>()
  private readonly nextId = idSource()
  private wake: (() => void) | undefined
  private connecting: { resolve: () => void; reject: (error: Error) => void }[] = []

  constructor({ clock = new ManualClock(), connects = true }: MockClientOptions = {}) {
    this.clock = clock
    this.connects = connects
    const router = this.router as unknown as MessageRouter
    this.routes = new RouteSet({
      message: (routes, message) => router.message(this.routed, routes, message as object),
      batch: (route, messages) => router.batch(this.routed, route, messages),
    })
    this.routed = {
      engine: {
        addRoute: (route, spec) => this.routes.add(route, spec),
        removeRoute: (route) => this.routes.remove(route),
      },
      failed: (error) => this.simulateError(error),
      face: this,
    }
    this.router.attach(this.routed)
  }

  /** This object, as a program takes it. */
  asClient(): WebSocketClient<P> {
    return this as unknown as WebSocketClient<P>
  }

  // ------------------------------------------------------------------------------------------- what the program calls

  connect(): Promise<void> {
    if (this.state === 'connected') return Promise.resolve()
    const connected = new Promise<void>((resolve, reject) => this.connecting.push({ resolve, reject }))
    if (resting.includes(this.state)) this.become('connecting')
    if (this.connects) this.simulateConnection()
    return connected
  }
  disconnect(_code?: number, _reason?: string): Promise<void> {
    if (!resting.includes(this.state)) {
      if (this.state === 'connected') this.become('disconnecting')
      this.become('disconnected')
    }
    this.loseRequests('ABORTED')
    return Promise.resolve()
  }
  async close(): Promise<void> {
    await this.disconnect()
    this.routes.flush(this.clock.now())
    this.wake?.()
    for (const id of [...this.asked.keys()]) this.settle(id)?.reject(new HawserError('CONNECTION_CLOSED'))
  }
  async reconnect(): Promise<void> {
    if (this.state === 'connected') this.simulateDisconnection()
    await this.connect()
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }

  onStateChange(listener: StateListener): () => void {
    this.on('state', listener)
    return () => void this.off('state', listener)
  }
  getConnectionInfo(): ConnectionDetails {
    return {
      state: this.state,
      url: 'mock:',
      protocol: '',
      reconnectAttempts: 0,
      nextDelay: 0,
      lastConnected: undefined,
      error: this.error,
      endpoints: [],
    }
  }

  on(name: string, handler: (...args: never[]) => unknown): this {
    if (events.includes(name)) (this.events[name] ??= new Set()).add(handler)
    else this.router.on(name as PatternOf<P>, handler as never)
    return this
  }
  off(name: string, handler: (...args: never[]) => unknown): this {
    if (events.includes(name)) this.events[name]?.delete(handler)
    else this.router.off(name as PatternOf<P>, handler as never)
    return this
  }
  readonly subscribe: MessageRouter<P, WebSocketClient<P>>['subscribe'] = (spec: never, handler: never) =>
    this.router.subscribe(spec, handler)

  /** With `ack` or `durable` a promise, which resolves when the message is in `sent`. */
  send<T extends SendType<P>>(
    type: T,
    payload?: P['send'][T],
    options: object = {},
  ): boolean | Promise<void> {
    const message = this.put(type, payload, options, false)
    const { ack, durable } = options as { ack?: boolean; durable?: boolean }
    if (ack !== true && durable !== true) return true
    if (!this.waiting.includes(message)) return Promise.resolve()
    return new Promise((resolve, reject) => this.await(message.id, () => resolve(), reject))
  }

  request<T extends RequestType<P>>(
    type: T,
    payload?: RequestOf<P, T>,
    options: RequestOptions = {},
  ): Promise<ReplyOf<P, T>> {
    const { signal, timeout = requestTimeout } = options
    if (signal?.aborted === true) return Promise.reject(aborted(`The request '${type}'`, signal))
    const { id } = this.put(type, payload, options, true)
    return new Promise((resolve, reject) => {
      const late = this.clock.after(timeout, () => this.settle(id)?.reject(new HawserError('TIMEOUT')))
      const abort = (): void =>
        this.settle(id)?.reject(aborted(`The request '${type}'`, signal as AbortSignal))
      signal?.addEventListener('abort', abort)
      this.await(
        id,
        (value) => resolve(value as ReplyOf<P, T>),
        reject,
        () => {
          late()
          signal?.removeEventListener('abort', abort)
        },
      )
    })
  }

  /** In `sent` it has no type. */
  sendBinary(data: ArrayBufferView | ArrayBuffer, options: object = {}): boolean {
    this.put('', data, options, false)
    return true
  }
  clearQueue(): void {
    for (const { id } of this.waiting.splice(0)) this.settle(id)?.reject(new HawserError('ABORTED'))
  }
  readonly bufferedAmount = 0
  drained(): Promise<void> {
    return Promise.resolve()
  }
  joinRoom(room: string): Promise<void> {
    if (!this.joinedRooms.includes(room)) this.joinedRooms.push(room)
    return Promise.resolve()
  }
  leaveRoom(room: string): Promise<void> {
    const at = this.joinedRooms.indexOf(room)
    if (at >= 0) this.joinedRooms.splice(at, 1)
    return Promise.resolve()
  }

  // ---------------------------------------------------------------------------------------------- what the test calls

  /** A message arrives: a type and a payload, or a whole envelope. */
  simulateMessage<T extends ReceiveType<P>>(type: T, payload: P['receive'][T]): void
  simulateMessage(envelope: Partial<EnvelopeOf<P, '*'>> & { type: string }): void
  simulateMessage(given: string | { type: string }, payload?: unknown): void {
    const message = typeof given === 'string' ? { type: given, payload } : given
    if (typeof (message as Partial<typeof message> | null)?.type !== 'string') {
      throw new HawserTypeError('INVALID_ARGUMENT', `A message has a \`type\`, unlike ${shown(given)}`)
    }
    this.routes.take(message.type, message, 0, this.clock.now())
    this.plan()
  }

  /** The connection is there; what has waited is sent. */
  simulateConnection(): void {
    if (this.state === 'connected') return
    this.become('connected')
    for (const message of this.waiting.splice(0)) this.deliver(message)
    for (const { resolve } of this.connecting.splice(0)) resolve()
  }
  /** The connection is lost; the client is `reconnecting` until `simulateConnection()`. */
  simulateDisconnection(error = new HawserError('CONNECTION_LOST')): void {
    this.become('reconnecting', error)
    this.loseRequests('CONNECTION_LOST')
    this.simulateError(error)
  }
  /** The client gives up. */
  simulateFailure(error = new HawserError('RETRIES_EXHAUSTED')): void {
    this.become('failed', error)
    this.loseRequests('CONNECTION_CLOSED')
    this.simulateError(error)
    for (const { reject } of this.connecting.splice(0)) reject(error)
  }
  /** An `error` event, and nothing else. */
  simulateError(error: HawserError): void {
    this.errors.push(error)
    this.emit('error', error)
  }

  /** Requests that wait for their replies. */
  get requests(): SentMessage[] {
    return this.sent.filter(({ id, request }) => request && this.asked.has(id))
  }
  /** Answers a request, by default the oldest. */
  simulateReply(payload?: unknown, request = this.oldest()): void {
    this.settle(request.id)?.resolve(payload)
  }
  /** Answers a request, by default the oldest, with an error: `{ code, message }`. */
  simulateErrorReply(
    error: { code: string; message?: string; retryAfter?: number },
    request = this.oldest(),
  ): void {
    this.settle(request.id)?.reject(replyError('The request', error))
  }

  // --------------------------------------------------------------------------------------------------------- inside

  private oldest(): SentMessage {
    const first = this.requests.at(0)
    if (first === undefined) throw new HawserTypeError('INVALID_ARGUMENT', 'No request waits for a reply')
    return first
  }

  private put(type: string, payload: unknown, options: object, request: boolean): SentMessage {
    const message: SentMessage = { id: this.nextId(), type, payload, options: { ...options }, request }
    if (this.state === 'connected') this.deliver(message)
    else this.waiting.push(message)
    return message
  }
  private deliver(message: SentMessage): void {
    this.sent.push(message)
    if (!message.request) this.settle(message.id)?.resolve(undefined)
  }

  private await(
    id: string,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
    done: () => void = () => undefined,
  ): void {
    this.asked.set(id, { resolve, reject, done })
  }
  private settle(id: string): Asked | undefined {
    const one = this.asked.get(id)
    this.asked.delete(id)
    one?.done()
    return one
  }
  private loseRequests(code: 'CONNECTION_LOST' | 'CONNECTION_CLOSED' | 'ABORTED'): void {
    for (const { id } of this.requests) this.settle(id)?.reject(new HawserError(code))
  }

  private become(state: ClientStateName, error?: HawserError): void {
    this.state = state
    this.error = error
    this.emit('state', state, this.getConnectionInfo())
  }
  private emit(name: string, ...args: unknown[]): void {
    for (const listener of [...(this.events[name] ?? [])]) listener(...(args as never[]))
  }

  /** Shaped routes have times at which they go on. */
  private plan(): void {
    this.wake?.()
    this.wake = undefined
    const due = this.routes.deadline
    if (due === Infinity) return
    this.wake = this.clock.after(Math.max(0, due - this.clock.now()), () => {
      this.routes.run(this.clock.now())
      this.plan()
    })
  }
}
