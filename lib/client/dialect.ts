// How a client speaks to servers that know other conventions: the interface of dialects, and its checks.
import type { HawserError } from '../core/error'
import { badOption } from '../core/validate'
import type { RoutingOptions } from './layout'

/** What goes out as one WebSocket message: a string as text, bytes as binary. */
export type Frame = string | Uint8Array

/** A message that a program sends. */
export interface OutgoingMessage {
  readonly type: string
  readonly payload: unknown
  /** What answers it will name it; of a request and of a message with `ack`. */
  readonly id: string
  readonly kind: 'message' | 'acked' | 'request'
  readonly room: string | undefined
}

/** What a dialect tells its client. */
export interface DialectLink {
  /** Sends frames at once, all of them together, ahead of what waits. At most 1 MiB. */
  say(...frames: Frame[]): void
  /** The connection is ready for messages; of dialects with `handshake`. */
  ready(): void
  /** The server does not want the client: as a token that is not accepted. */
  refuse(why: string): void
  /** The server has been silent for too long: the client connects anew. */
  lost(why: string): void
  /** The server is done with the client: it becomes `disconnected`. */
  disconnect(): void
  /**
   * Hands a message to the handlers of its type. `bytes`: about what it takes; `reply` is what `context.reply` does, where
   * the server waits for an answer.
   */
  message(type: string, message: object, bytes: number, reply?: (payload: unknown) => void): void
  /** A request was answered. False: nobody waits for it. */
  answer(id: string, payload: unknown): boolean
  refuseRequest(id: string, error: unknown): boolean
  /** A message with `ack` has arrived. */
  acknowledge(id: string): void
  /** Becomes an `error` event. */
  error(error: HawserError): void
}

/** The conversation of one client, over all its connections. */
export interface DialectSession {
  /** A connection is open, its handshake is to be held; only of dialects with `handshake`. */
  opened?(): void
  /** The client is connected; after each reconnect too. */
  connected?(): void
  /** The connection is gone, or the client is closed. */
  ended?(): void
  /** A name for the next message, at most 64 characters; default a random one. */
  nextId?(): string
  /** The frames of a message; an array of several stays together, and goes out at once or not at all. */
  send(message: OutgoingMessage): Frame | readonly Frame[]
  /** A frame that the core did not route, or one with a correlation id that answers nothing: the server asks. */
  receive(data: Frame): void
  /** What a reply says that the core has matched by its correlation id. Default: `payload` and `error` of `routing`. */
  readReply?(message: unknown): { payload: unknown; error: unknown }
}

/** A way to speak to servers: the option `dialect` of `WebSocketClient`. */
export interface Dialect {
  readonly name: string
  /** Subprotocols to offer instead of `hawser.v1`. */
  readonly protocols?: readonly string[]
  /** Where the core finds the parts of messages that are JSON: those are routed off the event loop. */
  readonly routing?: RoutingOptions
  /** The client is connected only when `link.ready()` was called; until then only `link.say()` sends. Default false. */
  readonly handshake?: boolean
  /** The server acknowledges messages sent with `ack`. Default false. */
  readonly acks?: boolean
  /** Changes the address, its path or query. */
  url?(url: URL): void
  session(link: DialectLink): DialectSession
}

/** A dialect of the program's own; as `defineCodec`. */
export function defineDialect(dialect: Dialect): Dialect {
  return dialect
}

/** Throws INVALID_OPTION. */
export function readDialect(value: unknown): Dialect | undefined {
  if (value === undefined) return undefined
  if (value === null || typeof value !== 'object') {
    return badOption('dialect', 'a dialect such as socketIo() or jsonRpc()', value)
  }
  const dialect: Partial<Dialect> = value
  if (typeof dialect.name !== 'string' || dialect.name === '')
    badOption('dialect.name', 'a name', dialect.name)
  if (typeof dialect.session !== 'function') badOption('dialect.session', 'a function', dialect.session)
  if (dialect.url !== undefined && typeof dialect.url !== 'function') {
    badOption('dialect.url', 'a function', dialect.url)
  }
  return dialect as Dialect
}
