// A user's share of a connection of the pool: what it subscribes ends with it, not with the connection.
import { HawserError } from '../core/error'
import type { ClientSendOptions, ClientSendPromised, RequestOptions } from './client-send'
import type { WebSocketClient } from './websocket-client'
import type { ClientStateName } from './engine'
import type { ColumnBatch, MessageContext, Subscription } from './message-router'
import { checkTime } from './pending'
import type {
  EnvelopeOf,
  PatternOf,
  ProtocolMap,
  ReplyOf,
  RequestOf,
  RequestType,
  SendType,
} from './protocol-map'
import type { SubscribeSpec } from './subscription-spec'

/** What a share asks of its pool. */
interface Lease {
  release(): void
  request<T>(timeout: number, run: () => Promise<T>): Promise<T>
}

/** A share of a pooled connection, until `release()`. Calls after that throw `INVALID_STATE`. */
export class PooledConnection<P extends ProtocolMap> {
  private readonly subscriptions = new Set<Subscription>()
  private readonly revoked: ((error: HawserError) => void)[] = []
  private why: HawserError | undefined

  /** @internal */
  constructor(
    /** The connection itself, which others use too. */
    readonly client: WebSocketClient<P>,
    private readonly lease: Lease,
  ) {}

  get state(): ClientStateName {
    return this.client.state
  }
  /** False after `release()`, or when the pool took the connection away. */
  get held(): boolean {
    return this.why === undefined
  }

  /** See `WebSocketClient.send`. */
  send<T extends SendType<P>>(
    type: T,
    payload: P['send'][T],
    options: ClientSendPromised & ({ ack: true } | { durable: true }),
  ): Promise<void>
  send<T extends SendType<P>>(type: T, payload?: P['send'][T], options?: ClientSendOptions): boolean
  send<T extends SendType<P>>(
    type: T,
    payload?: P['send'][T],
    options?: ClientSendOptions,
  ): boolean | Promise<void> {
    this.check()
    return this.client.send(type, payload, options)
  }

  /** See `WebSocketClient.request`; waits its turn where the connection has `maxInFlight` requests. */
  async request<T extends RequestType<P>>(
    type: T,
    payload?: RequestOf<P, T>,
    options?: RequestOptions,
  ): Promise<ReplyOf<P, T>> {
    this.check()
    const timeout = checkTime('timeout', options?.timeout, this.client._requestTimeout)
    return this.lease.request(timeout, () => this.client.request(type, payload, options))
  }

  /** Handles messages of a type until this share is given back. */
  on<T extends PatternOf<P>>(
    type: T,
    handler: (message: EnvelopeOf<P, T>, context: MessageContext<WebSocketClient<P>>) => unknown,
  ): this {
    this.subscribe({ type }, handler)
    return this
  }

  /** See `MessageRouter.subscribe`; ends with this share. */
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
    this.check()
    // A function of its own: two users with the same handler are two subscriptions.
    const own = (value: never, context: never): unknown => handler(value, context)
    const subscription = this.client.subscribe(spec as SubscribeSpec<PatternOf<P>>, own as never)
    this.subscriptions.add(subscription)
    return subscription
  }

  /** Called when the pool takes the connection away: it failed for good, or was removed. */
  onRevoked(listener: (error: HawserError) => void): void {
    this.revoked.push(listener)
  }

  /** Gives the share back. */
  release(): void {
    if (!this.held) return
    this.drop(new HawserError('INVALID_STATE', 'This connection was given back to its pool'))
    this.lease.release()
  }
  [Symbol.dispose](): void {
    this.release()
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.release()
    await Promise.resolve()
  }

  /** @internal */
  _revoke(error: HawserError): void {
    if (!this.held) return
    this.drop(new HawserError('INVALID_STATE', 'The pool took this connection away', { cause: error }))
    for (const listener of this.revoked) {
      // The pool is in the middle of its work: what a listener throws must not end it.
      try {
        listener(error)
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown
        })
      }
    }
  }

  private drop(why: HawserError): void {
    this.why = why
    for (const subscription of this.subscriptions) subscription.unsubscribe()
    this.subscriptions.clear()
  }
  private check(): void {
    if (this.why !== undefined) throw this.why
  }
}
