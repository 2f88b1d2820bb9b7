// The events of a socket: their arguments for emitter listeners, and the objects that W3C listeners get.
import type { HawserError } from './error'
import type { UpgradeResponse } from './upgrade-response'
import type { WebSocket } from './websocket'

/** Arguments of each event for listeners set with `on`. */
export interface WebSocketEvents {
  /** The connection is ready. Client side only: server sockets are born open. */
  open: []
  /**
   * A message. Text is a string. Binary is a Buffer, or what `binaryType` asks for; listeners that change `binaryType`
   * say so by a cast.
   */
  message: [data: string | Buffer, isBinary: boolean]
  /** The peer's ping; it was answered already. */
  ping: [data: Buffer]
  /** The peer's pong. */
  pong: [data: Buffer]
  /** The last event: the connection is gone. 1006: without a close frame; 1005: with one that had no code. */
  close: [code: number, reason: string]
  /** What went wrong. `close` follows. Without a listener nothing is thrown. */
  error: [error: HawserError]
  /** After `send` returned false: less than half of `highWaterMark` waits. */
  drain: []
  /** Client: the server agreed; comes before `open`. */
  upgrade: [response: UpgradeResponse]
  /** Client: the server answered something other than 101; `error` with the same object follows. */
  'unexpected-response': [error: HawserError]
  /** Client: a redirect is followed to this URL. */
  redirect: [url: string]
}

/** Events and, as in every EventEmitter, any other name. */
export type EventName<Events> = keyof Events | (string & {}) | symbol

/** The listener that an event takes. */
export type EventListenerFor<This, Events, E> = E extends keyof Events
  ? Events[E] extends unknown[]
    ? (this: This, ...args: Events[E]) => unknown
    : never
  : // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what EventEmitter takes for other names
    (...args: any[]) => unknown

/** What `onopen`, `onmessage`, … and `addEventListener` hand over: the parts of a DOM Event that apply to a socket. */
export class SocketEvent {
  /** @internal */ _stopped = false
  readonly timeStamp = performance.now()
  constructor(
    readonly type: string,
    readonly target: WebSocket,
  ) {}
  get currentTarget(): WebSocket {
    return this.target
  }
  get srcElement(): WebSocket {
    return this.target
  }
  get bubbles(): boolean {
    return false
  }
  get cancelable(): boolean {
    return false
  }
  get defaultPrevented(): boolean {
    return false
  }
  get isTrusted(): boolean {
    return true
  }
  /** Nothing to prevent: socket events have no default action. */
  preventDefault(): void {}
  /** Nothing to stop: socket events do not bubble. */
  stopPropagation(): void {}
  /** Listeners that come later do not get this event. */
  stopImmediatePropagation(): void {
    this._stopped = true
  }
}

/** A message, for W3C listeners. */
export class MessageEvent extends SocketEvent {
  constructor(
    target: WebSocket,
    /** Text as a string; binary as a Buffer, ArrayBuffer or Blob, see `binaryType`. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in the DOM
    readonly data: any,
  ) {
    super('message', target)
  }
  /** Scheme, host and port of the server; '' on the server's side. */
  get origin(): string {
    const url = this.target.url
    return URL.canParse(url) ? originOf(new URL(url)) : ''
  }
  get lastEventId(): string {
    return ''
  }
  get source(): null {
    return null
  }
  get ports(): readonly never[] {
    return []
  }
}

/** The end of a connection, for W3C listeners. */
export class CloseEvent extends SocketEvent {
  constructor(
    target: WebSocket,
    readonly code: number,
    readonly reason: string,
    /** Whether both sides exchanged close frames. */
    readonly wasClean: boolean,
  ) {
    super('close', target)
  }
}

/** An error, for W3C listeners. */
export class ErrorEvent extends SocketEvent {
  constructor(
    target: WebSocket,
    readonly error: HawserError,
  ) {
    super('error', target)
  }
  get message(): string {
    return this.error.message
  }
}

/** The W3C events by name. */
export interface SocketEventMap {
  open: SocketEvent
  message: MessageEvent
  close: CloseEvent
  error: ErrorEvent
}

// The URL class knows no origin for schemes other than http and its kind.
function originOf(url: URL): string {
  return url.host === '' ? '' : `${url.protocol}//${url.host}`
}
