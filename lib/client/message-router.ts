// Handlers by message type. The engines of the clients evaluate the routes; what comes up names the route by number.
import { HawserError } from '../core/error'
import { badArgument } from '../core/validate'
import type { ClientEngine, RouteSpec, Routes } from './engine'
import { reportUncaught } from './client-listeners'
import { type Layout, type RoutingOptions, readLayout } from './layout'
import { readBatch, readMessage } from './message-texts'
import type { AnyProtocol, EnvelopeOf, PatternOf, ProtocolMap } from './protocol-map'
import { type SubscribeSpec, checkPattern, readSpec } from './subscription-spec'

/** What a handler of columns gets: one array a column, all of `rows` values. */
export type ColumnBatch<Names extends string = string> = Record<Names, Float64Array> & {
  /** How many messages the batch holds. */
  readonly rows: number
  /** Values that were missing or no number, in all columns; they are NaN. */
  readonly missing: number
}

/** Ends what `subscribe` began. */
export interface Subscription {
  readonly closed: boolean
  unsubscribe(): void
  [Symbol.dispose](): void
}

/** Which client a message came to. */
export interface MessageContext<Client> {
  readonly client: Client
  /** Answers the message; only where a `dialect` says that its sender waits for an answer. The first call counts. */
  readonly reply?: (payload?: unknown) => void
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what is handed over depends on the route
type AnyHandler = (value: any, context: any) => unknown

interface Route {
  readonly id: number
  readonly key: string
  readonly spec: RouteSpec
  /** Those of `on` themselves, each once, which `off` takes out; of `once` and `subscribe` a function that is only theirs. */
  readonly handlers: Set<AnyHandler>
}

/** What a router needs of a client. */
export interface RoutedClient {
  readonly engine: Pick<ClientEngine, 'addRoute' | 'removeRoute'>
  /** An error of a message: becomes the `error` event. */
  failed(error: HawserError): void
  /** What the handlers get as context's client. */
  readonly face: unknown
  /** How to answer a message, where its sender waits for one. */
  replyTo?(message: unknown): ((payload: unknown) => void) | undefined
}

const mostRoutes = 0xffff

/**
 * Routes messages to handlers by their type. Each client has one of its own; one that is made apart can serve several
 * clients: `new WebSocketClient({ url, routing: router })`.
 */
export class MessageRouter<P extends ProtocolMap = AnyProtocol, Client = unknown> {
  /** @internal */
  readonly layout: Layout
  private readonly routes: (Route | undefined)[] = []
  private readonly byKey = new Map<string, Route>()
  private readonly free: number[] = []
  private readonly clients = new Set<RoutedClient>()

  /** @throws TypeError `INVALID_OPTION` */
  constructor(options?: RoutingOptions) {
    this.layout = readLayout(options)
  }

  /**
   * Calls the handler for each message of the type, of all below a prefix (`chat.*`), or of all (`*`).
   * @throws TypeError `INVALID_OPTION`, `INVALID_ARGUMENT`
   */
  on<T extends PatternOf<P>>(
    type: T,
    handler: (message: EnvelopeOf<P, T>, context: MessageContext<Client>) => unknown,
  ): this {
    this.add({ pattern: checkPattern('type', type) }, handler)
    return this
  }

  /** Undoes `on` with the same arguments. */
  off<T extends PatternOf<P>>(
    type: T,
    handler: (message: EnvelopeOf<P, T>, context: MessageContext<Client>) => unknown,
  ): this {
    const route = this.byKey.get(JSON.stringify({ pattern: type }))
    if (route !== undefined) this.drop(route, handler)
    return this
  }

  /** Calls the handler for the next message only. */
  once<T extends PatternOf<P>>(
    type: T,
    handler: (message: EnvelopeOf<P, T>, context: MessageContext<Client>) => unknown,
  ): this {
    const subscription = this.add({ pattern: checkPattern('type', type) }, handler, (message, context) => {
      subscription.unsubscribe()
      return handler(message as EnvelopeOf<P, T>, context as MessageContext<Client>)
    })
    return this
  }

  /**
   * Calls the handler for messages that meet the conditions, sampled, conflated or batched as asked for. Everything but
   * the handler runs off the event loop.
   *
   * @example
   * router.subscribe({ type: 'tick', where: { '/payload/symbol': ['A', 'B'] },
   *   conflate: { key: '/payload/symbol', every: 50 } }, (tick) => draw(tick.payload))
   * @throws TypeError `INVALID_OPTION`, `INVALID_ARGUMENT`; RangeError `INVALID_OPTION`
   */
  subscribe<T extends PatternOf<P>, Names extends string>(
    spec: SubscribeSpec<T> & { columns: Record<Names, string> },
    handler: (batch: ColumnBatch<Names>, context: MessageContext<Client>) => unknown,
  ): Subscription
  subscribe<T extends PatternOf<P>>(
    spec: SubscribeSpec<T> & { batch: true | object },
    handler: (messages: EnvelopeOf<P, T>[], context: MessageContext<Client>) => unknown,
  ): Subscription
  subscribe<T extends PatternOf<P>>(
    spec: SubscribeSpec<T>,
    handler: (message: EnvelopeOf<P, T>, context: MessageContext<Client>) => unknown,
  ): Subscription
  subscribe(spec: SubscribeSpec, handler: AnyHandler): Subscription {
    return this.add(readSpec(spec), handler, (value, context) => handler(value, context))
  }

  /** How many routes there are. */
  get size(): number {
    return this.byKey.size
  }

  // -------------------------------------------------------------------------------------------------- registration

  private add(spec: RouteSpec, handler: AnyHandler, own = handler): Subscription {
    if (typeof handler !== 'function') badArgument('handler', 'a function', handler)
    const key = JSON.stringify(spec)
    let route = this.byKey.get(key)
    if (route === undefined) {
      // A number is used again as late as can be: messages of its last route may still be on their way.
      const id = this.routes.length < mostRoutes ? this.routes.length + 1 : this.free.shift()
      if (id === undefined) {
        throw new HawserError('INVALID_STATE', `A router holds ${mostRoutes} routes; unsubscribe some`)
      }
      route = { id, key, spec, handlers: new Set() }
      this.routes[id - 1] = route
      this.byKey.set(key, route)
      for (const client of this.clients) client.engine.addRoute(id, spec)
    }
    route.handlers.add(own)
    const mine = route
    const unsubscribe = (): void => this.drop(mine, own)
    return {
      get closed() {
        return !mine.handlers.has(own)
      },
      unsubscribe,
      [Symbol.dispose]: unsubscribe,
    }
  }

  private drop(route: Route, handler: AnyHandler): void {
    if (!route.handlers.delete(handler) || route.handlers.size > 0) return
    this.byKey.delete(route.key)
    this.routes[route.id - 1] = undefined
    this.free.push(route.id)
    for (const client of this.clients) client.engine.removeRoute(route.id)
  }

  /** @internal */
  attach(client: RoutedClient): void {
    this.clients.add(client)
    for (const { id, spec } of this.byKey.values()) client.engine.addRoute(id, spec)
  }
  /** @internal */
  detach(client: RoutedClient): void {
    this.clients.delete(client)
  }

  // ------------------------------------------------------------------------------------------------------- dispatch

  /** @internal */
  message(client: RoutedClient, routes: Routes, given: string | object): void {
    const message = readMessage(given, 'A message', client)
    if (message === undefined) return
    if (typeof routes === 'number') this.call(client, routes, message)
    else for (const route of routes) this.call(client, route, message)
  }

  /** @internal */
  batch(
    client: RoutedClient,
    route: number,
    given: string | readonly unknown[] | ColumnBatch,
    lengths: Iterable<number> = [],
  ): void {
    const messages = readBatch(given, lengths, client)
    if (messages.length !== 0) this.call(client, route, messages)
  }

  private call(client: RoutedClient, id: number, value: unknown): void {
    // It may have been dropped while the message was on its way.
    const route = this.routes[id - 1]
    if (route === undefined) return
    const { handlers } = route
    if (handlers.size === 1) {
      for (const handler of handlers) {
        this.invoke(handler, value, client)
        return
      }
    }
    // Those of now: what a handler adds hears the next message, what it takes off hears no more.
    for (const handler of [...handlers]) if (handlers.has(handler)) this.invoke(handler, value, client)
  }

  private invoke(handler: AnyHandler, value: unknown, client: RoutedClient): void {
    try {
      const reply = client.replyTo?.(value)
      const context = reply === undefined ? { client: client.face } : { client: client.face, reply }
      const result = handler(value, context)
      if (result instanceof Promise) result.catch(reportUncaught)
    } catch (error) {
      reportUncaught(error)
    }
  }
}
