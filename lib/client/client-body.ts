// What a managed client is made of. Its roles share it; those that many clients never need are made when they are.
import { HawserError } from '../core/error'
import { ClientListeners } from './client-listeners'
import { type ClientOutbox, outboxOf } from './client-outbox'
import { ClientStatus } from './client-status'
import { ClientTokens } from './client-tokens'
import type { ClientEngine, FormedMessages } from './engine'
import type { Layout } from './layout'
import { MessageRouter, type RoutedClient } from './message-router'
import type { PortableFeed } from './portable-feed'
import { type JoinedRooms, type Rooms, roomsOf } from './rooms'
import type { SharedOptions } from './shared-options'
import type { Wire } from './wire'

export class ClientBody {
  readonly status: ClientStatus
  readonly listeners = new ClientListeners()
  /** In browsers another one follows as soon as something is sent. */
  outbox: ClientOutbox
  /** Only of clients with the option `auth`. */
  readonly tokens: ClientTokens | undefined
  /** Both are set before any role is used. */
  engine!: ClientEngine
  routed!: RoutedClient
  /** These two only of clients with a codec or a dialect. */
  wire: Wire | undefined
  feed: PortableFeed | undefined
  /** Only where the engine writes envelopes, and messages have its layout. */
  forms: FormedMessages | undefined
  /** None as long as nothing is routed, and no room was joined. */
  router: MessageRouter | undefined
  rooms: Rooms | undefined
  /** The same for the program, which in browsers may be there earlier. */
  joined: JoinedRooms | undefined
  /** A first connection was open. */
  met = false
  /** Who waits for the end of the client; undefined as long as nobody has asked for it. */
  ended: (() => void)[] | undefined

  // Of the options no more than what is asked for later: a client lives long.
  readonly layout: Layout
  readonly requestTimeout: number
  readonly highWaterMark: number
  readonly acks: number
  /** There is a store for durable messages. */
  readonly stores: boolean

  constructor(options: SharedOptions) {
    this.status = new ClientStatus(options.targets.map((target) => target.href))
    this.outbox = outboxOf(this)
    this.tokens = options.auth && new ClientTokens(this, options.auth)
    this.router = options.router
    this.layout = options.layout
    this.requestTimeout = options.requestTimeout
    this.highWaterMark = options.highWaterMark
    this.acks = options.acks
    this.stores = options.queue.store !== undefined
  }

  routing(): MessageRouter {
    if (this.router === undefined) {
      this.router = new MessageRouter(this.layout.given)
      this.router.attach(this.routed)
    }
    return this.router
  }

  inRooms(): JoinedRooms {
    return (this.joined ??= roomsOf(this))
  }

  fail(error: HawserError): void {
    this.status.remember(error)
    this.listeners.emit('error', error)
  }

  /** Why the engine takes nothing. */
  refusal(): HawserError {
    return this.ended === undefined
      ? new HawserError('BACKPRESSURE_EXCEEDED')
      : new HawserError('INVALID_STATE', 'The client was closed for good')
  }
}
