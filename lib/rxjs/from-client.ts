// A managed client as streams.
import { Observable } from 'rxjs'
import type { ClientStateName } from '../client/engine'
import type {
  AnyProtocol,
  EnvelopeOf,
  PatternOf,
  ProtocolMap,
  ReplyOf,
  RequestOf,
  RequestType,
} from '../client/protocol-map'
import type { BatchOptions, SubscribeSpec } from '../client/subscription-spec'
import type { RequestOptions, WebSocketClient } from '../index'
import type { HawserError } from '../core/error'
import { OptionReader, badArgument } from '../core/validate'
import { type ClientSource, OwnClients, isConnected, lent } from './client-source'
import { batched } from './operators'
import { RoutedObservable } from './routed-observable'

/** What is done to messages before they come: all of it by the core. */
export type StreamOptions = Omit<SubscribeSpec, 'type' | 'batch' | 'columns'>

export interface FromClientOptions {
  /** Of a client that is made here: milliseconds that it stays when the last subscriber has left. Default 0. */
  linger?: number
}

/**
 * Streams of a managed client. Those of messages live as long as the client tries: over reconnects, until it is
 * `disconnected` (they complete) or `failed` (they error); who subscribes later waits for what comes next.
 */
export class ReactiveClient<P extends ProtocolMap = AnyProtocol> {
  /** State of the client; begins with the present one. Subscribing does not connect. */
  readonly connectionState$: Observable<ClientStateName>
  /** Whether the client is connected; begins with the present state. Subscribing does not connect. */
  readonly isConnected$: Observable<boolean>
  /** The client's `error` events. Subscribing does not connect. */
  readonly errors$: Observable<HawserError>
  /** All messages that have a type. */
  readonly messages$: RoutedObservable<EnvelopeOf<P, '*'>>
  private readonly source: ClientSource<P>

  /** @internal */
  constructor(source: ClientSource<P>) {
    this.source = source
    this.connectionState$ = source.state$
    this.isConnected$ = isConnected(source.state$)
    this.errors$ = source.errors$
    this.messages$ = new RoutedObservable(source, { type: '*' })
  }

  /** The present client; undefined while there are no subscribers that it would be made for. */
  get client(): WebSocketClient<P> | undefined {
    return this.source.client
  }

  /**
   * Messages of a type, of all below a prefix (`chat.*`), or all (`*`). The operators `where`, `sampled`, `conflated`,
   * `batched` and `asColumns`, or the same as options, are the core's work.
   * @throws TypeError, RangeError `INVALID_OPTION`
   */
  messagesOfType<T extends PatternOf<P>>(
    type: T,
    options?: StreamOptions,
  ): RoutedObservable<EnvelopeOf<P, T>> {
    return new RoutedObservable(this.source, { ...options, type })
  }

  /**
   * Messages in arrays, which the core gathers.
   * @throws TypeError, RangeError `INVALID_OPTION`
   */
  batchedMessages$<T extends PatternOf<P> = '*'>(
    type = '*' as T,
    options: StreamOptions & BatchOptions = {},
  ): Observable<EnvelopeOf<P, T>[]> {
    const { max, every, ...rest } = options
    const batch = { ...(max !== undefined && { max }), ...(every !== undefined && { every }) }
    return this.messagesOfType(type, rest).pipe(batched(batch))
  }

  /**
   * Asks at each subscription, and emits the reply's payload. Unsubscribing takes the request back.
   * Errors: those of `request`.
   */
  request$<T extends RequestType<P>>(
    type: T,
    payload?: RequestOf<P, T>,
    options?: Omit<RequestOptions, 'signal'>,
  ): Observable<ReplyOf<P, T>> {
    return new Observable((subscriber) => {
      const { client, release } = this.source.acquire()
      const given = new AbortController()
      let done = false
      client.request(type, payload, { ...options, signal: given.signal }).then(
        (reply) => {
          done = true
          subscriber.next(reply)
          subscriber.complete()
        },
        (error: unknown) => {
          done = true
          subscriber.error(error)
        },
      )
      return () => {
        if (!done) given.abort()
        release()
      }
    })
  }
}

const known = new WeakMap<object, ReactiveClient<never>>()

/**
 * Streams of a client. A client that is given is the program's: streams neither connect nor close it. A function that
 * makes one is called for the first subscriber; what it makes connects, serves all of them, and is closed when the last
 * one has left.
 *
 * @example
 * const feed = fromClient(() => new WebSocketClient<Feed>('wss://feed.example'))
 * feed.messagesOfType('tick').pipe(where({ '/payload/symbol': 'A' })).subscribe(({ payload }) => draw(payload))
 * @throws TypeError, RangeError `INVALID_OPTION`; TypeError `INVALID_ARGUMENT`
 */
export function fromClient<P extends ProtocolMap = AnyProtocol>(
  client: WebSocketClient<P> | (() => WebSocketClient<P>),
  options?: FromClientOptions,
): ReactiveClient<P> {
  const linger = new OptionReader('`fromClient`', options, ['linger']).number('linger')
  if (typeof client === 'function') return new ReactiveClient(new OwnClients(client, linger))
  if (typeof (client as Partial<WebSocketClient<P>> | null)?.onStateChange !== 'function') {
    badArgument('client', 'a WebSocketClient or a function that makes one', client)
  }
  const made = (known.get(client) as ReactiveClient<P> | undefined) ?? new ReactiveClient(lent(client))
  known.set(client, made as unknown as ReactiveClient<never>)
  return made
}
