// Options of managed clients, checked: those of the client itself, and those of its sockets.
import {
  type ClientOptions,
  type WebSocketOptions,
  clientOptionNames,
  readClientOptions,
} from '../core/client-options'
import { type Target, parseTarget } from '../core/client-url'
import { HawserTypeError } from '../core/error'
import type { HeartbeatOptions } from '../core/socket-options'
import { OptionReader, badOption } from '../core/validate'
import type { AuthOptions, TokenFunction } from './auth'
import type { Codec } from './codec'
import type { Dialect } from './dialect'
import type { RoutingOptions } from './layout'
import { type LearnedEndpoint, readLearned } from './learned'
import type { MessageRouter } from './message-router'
import type { HttpFallbackOptions } from './portable/fallback'
import type { PlatformSocketConstructor } from './portable/platform'
import {
  type EndpointStrategy,
  type QueueOptions,
  type ReconnectOptions,
  type SendBatchOptions,
  type SharedOptions,
  readMarks,
  readShared,
  readTargets,
  sharedNames,
} from './shared-options'

export type {
  EndpointStrategy,
  OverflowPolicy,
  QueueOptions,
  ReconnectOptions,
  SendBatchOptions,
  StoreOptions,
} from './shared-options'

/** Options of `new WebSocketClient()`. */
export interface ManagedClientOptions extends Omit<
  WebSocketOptions,
  'lookup' | 'followRedirects' | 'maxRedirects' | 'signal' | 'heartbeat'
> {
  /** Where to connect: one URL, or several of which `strategy` chooses. */
  url: string | URL | readonly (string | URL)[]
  /** Subprotocols to offer beside `hawser.v1`, or instead of it when `hawser` is false. */
  protocols?: string | readonly string[]
  /** Offer the subprotocol `hawser.v1`, with which acks and resume work. Default true. */
  hawser?: boolean
  strategy?: EndpointStrategy
  /** Where tokens come from: a function, or its options. */
  auth?: TokenFunction | AuthOptions
  /** `false`: connect once. */
  reconnect?: boolean | ReconnectOptions
  /** What `learned()` of an earlier client has said of these URLs; others are ignored. */
  learned?: readonly LearnedEndpoint[]
  heartbeat?: boolean | ClientHeartbeatOptions
  queue?: QueueOptions
  /** Send several messages as one `batch` message; see docs/client.md. Default false. */
  sendBatch?: boolean | SendBatchOptions
  /** Where the parts of a message stand, or a router that several clients share. */
  routing?: RoutingOptions | MessageRouter<never, never>
  /** How messages are written when it is not JSON. */
  codec?: Codec
  /** How to speak to a server with conventions of its own, such as `socketIo()` or `jsonRpc()`. */
  dialect?: Dialect
  /** Acks of messages: where the server agreed to `hawser.v1` (default), always, or never. */
  acks?: 'auto' | boolean
  /** Milliseconds that the reply to a request may take. Default 10000. */
  requestTimeout?: number
  /** Requests in flight at once. Default 100000. */
  maxRequests?: number
  /**
   * Connect through this constructor, such as the global `WebSocket`, instead of the native core: the client then runs on
   * the portable engine, see docs/browser.md.
   */
  WebSocket?: PlatformSocketConstructor
  /**
   * What to do where WebSocket is blocked: 'auto', or when, takes HTTP to a hub with the option `fallback`. For the portable
   * engine; the native one goes through proxies by `proxy`, and ignores it. Default 'off'.
   */
  fallback?: 'off' | 'auto' | HttpFallbackOptions
}

export interface ClientHeartbeatOptions extends HeartbeatOptions {
  /** Heartbeat messages (`heartbeat`, answered by `heartbeat_ack`) beside pings. Default false. */
  messages?: boolean
}

export interface CheckedManagedOptions extends SharedOptions {
  targets: Target[]
  socket: ClientOptions
  /** Beside pings; `interval` 0: none. */
  heartbeatMessages: { interval: number; timeout: number }
}

/** Options of a socket that need the event loop for each connection, and the reason to give. */
const unfit = ['lookup', 'followRedirects', 'maxRedirects', 'signal']
/** Every option of `new WebSocketClient()`. */
export const managedOptionNames: readonly string[] = [
  ...sharedNames,
  ...clientOptionNames.filter((name) => !unfit.includes(name)),
]

/** Throws `INVALID_OPTION`, `INVALID_URL`, `INVALID_ARGUMENT`. */
export function readManagedOptions(options: unknown): CheckedManagedOptions {
  if (typeof options === 'string' || options instanceof URL || Array.isArray(options)) {
    options = { url: options as string }
  }
  const given = (options ?? {}) as Record<string, unknown>
  const refused = unfit.find((name) => given[name] !== undefined)
  if (refused !== undefined) {
    throw new HawserTypeError(
      'INVALID_OPTION',
      `WebSocketClient has no option \`${refused}\`: it connects without the event loop`,
    )
  }
  const reader = new OptionReader('WebSocketClient', options, managedOptionNames)
  const heartbeat = readHeartbeat(reader.raw('heartbeat'))
  const rest: Record<string, unknown> = {}
  for (const name of clientOptionNames) if (given[name] !== undefined) rest[name] = given[name]
  if (heartbeat.options === undefined) delete rest.heartbeat
  else rest.heartbeat = heartbeat.options
  const socket = readClientOptions(rest)
  const shared = readShared(reader, 'header', heartbeat.messages)
  const targets = readTargets(reader.raw('url'), shared.dialect, parseTarget)
  for (const target of targets) if (socket.socketPath !== '') target.unixPath = socket.socketPath
  readMarks(reader, socket.socket, shared.queue.maxBytes)
  const { heartbeatInterval, heartbeatTimeout, highWaterMark } = socket.socket
  return {
    ...shared,
    targets,
    socket,
    highWaterMark,
    learned: readLearned(
      reader.raw('learned'),
      targets.map(({ href }) => href),
    ),
    heartbeatMessages: heartbeat.messages
      ? { interval: heartbeatInterval, timeout: heartbeatTimeout }
      : { interval: 0, timeout: 0 },
  }
}

function readHeartbeat(value: unknown): {
  messages: boolean
  options: boolean | HeartbeatOptions | undefined
} {
  if (value === null || typeof value !== 'object')
    return { messages: false, options: value as boolean | undefined }
  const { messages, ...options } = value as ClientHeartbeatOptions
  if (messages !== undefined && typeof messages !== 'boolean') {
    badOption('heartbeat.messages', 'true or false', messages)
  }
  return { messages: messages === true, options }
}
