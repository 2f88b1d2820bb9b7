// The emitter face of a server: typed listeners. Those of `connection` may return a promise.
import { EventEmitter } from 'node:events'
import type { EventListenerFor, EventName } from '../core/socket-events'
import type { WebSocket } from '../core/websocket'
import type { UpgradeRequest } from './upgrade-request'

/** Arguments of each event of a server. */
export interface ServerEvents {
  /** Peers can connect. */
  listening: []
  /**
   * A peer has connected. A listener that returns a promise holds the socket's messages until it settles; when it
   * rejects the socket closes with 1011.
   */
  connection: [socket: WebSocket, request: UpgradeRequest]
  /** The server cannot listen (`EADDRINUSE` …), or a function of the program failed. Without a listener it is thrown. */
  error: [error: Error]
  /** The last event: nobody is connected any more. */
  close: []
  /** Lines `Name: value` that listeners add go into the answer. Listen in the turn that makes the server. */
  headers: [lines: string[], request: UpgradeRequest]
  /** So many messages were left out for slow subscribers since the last such event. */
  dropped: [messages: number]
  /** No subscriber is above the high-water mark any more: go on publishing. */
  drain: []
}

type Listener<T, E> = EventListenerFor<T, ServerEvents, E>
type Plain = (...args: unknown[]) => void

export class ServerEmitter extends EventEmitter {
  override on<E extends EventName<ServerEvents>>(event: E, listener: Listener<this, E>): this {
    return super.on(event, listener as Plain)
  }
  override addListener<E extends EventName<ServerEvents>>(event: E, listener: Listener<this, E>): this {
    return super.addListener(event, listener as Plain)
  }
  override once<E extends EventName<ServerEvents>>(event: E, listener: Listener<this, E>): this {
    return super.once(event, listener as Plain)
  }
  override prependListener<E extends EventName<ServerEvents>>(event: E, listener: Listener<this, E>): this {
    return super.prependListener(event, listener as Plain)
  }
  override prependOnceListener<E extends EventName<ServerEvents>>(
    event: E,
    listener: Listener<this, E>,
  ): this {
    return super.prependOnceListener(event, listener as Plain)
  }
  override removeListener<E extends EventName<ServerEvents>>(event: E, listener: Listener<this, E>): this {
    return super.removeListener(event, listener as Plain)
  }
  override off<E extends EventName<ServerEvents>>(event: E, listener: Listener<this, E>): this {
    return super.off(event, listener as Plain)
  }
}
