// The emitter face of a socket: typed listeners, and a small table of them.
import { Endpoint } from '../native/endpoint'
import type { EventListenerFor, EventName, WebSocketEvents } from './socket-events'

type Listener<T, E> = EventListenerFor<T, WebSocketEvents, E>
type Plain = (...args: unknown[]) => void

/**
 * A table of listeners without a prototype's names. Unlike the dictionary that EventEmitter makes, it is an ordinary
 * object with a shape: a quarter of the memory, and reading `message` from it is one load.
 */
function EventTable(): void {}
EventTable.prototype = Object.create(null) as object
const Table = EventTable as unknown as new () => Record<string | symbol, unknown>

export abstract class SocketEmitter extends Endpoint {
  /** @internal */ declare _events: Record<string | symbol, unknown>

  constructor() {
    super()
    this._events = new Table()
  }

  /** @internal There is a new listener of `ping` or `pong`. */
  abstract _interested(): void

  override on<E extends EventName<WebSocketEvents>>(event: E, listener: Listener<this, E>): this {
    super.on(event, listener as Plain)
    if (event === 'ping' || event === 'pong') this._interested()
    return this
  }
  override addListener<E extends EventName<WebSocketEvents>>(event: E, listener: Listener<this, E>): this {
    return this.on(event, listener)
  }
  override prependListener<E extends EventName<WebSocketEvents>>(
    event: E,
    listener: Listener<this, E>,
  ): this {
    super.prependListener(event, listener as Plain)
    if (event === 'ping' || event === 'pong') this._interested()
    return this
  }
  // These two end in the methods above.
  override once<E extends EventName<WebSocketEvents>>(event: E, listener: Listener<this, E>): this {
    return super.once(event, listener as Plain)
  }
  override prependOnceListener<E extends EventName<WebSocketEvents>>(
    event: E,
    listener: Listener<this, E>,
  ): this {
    return super.prependOnceListener(event, listener as Plain)
  }
  override removeListener<E extends EventName<WebSocketEvents>>(event: E, listener: Listener<this, E>): this {
    return super.removeListener(event, listener as Plain)
  }
  override off<E extends EventName<WebSocketEvents>>(event: E, listener: Listener<this, E>): this {
    return super.removeListener(event, listener as Plain)
  }
}
