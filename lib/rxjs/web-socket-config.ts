// What webSocket() takes: the names of rxjs/webSocket, and a few more.
import type { WebSocketOptions } from '../core/client-options'
import { defaults } from '../core/defaults'
import { HawserError } from '../core/error'
import { OptionReader, badOption, checkNumber } from '../core/validate'
import { type CheckedReconnect, type SocketReconnectOptions, readReconnect } from './reconnect'
import {
  type EventObserver,
  type SocketClose,
  type SocketConstructor,
  type SocketLike,
  type SocketMessage,
} from './socket-like'

/** What a serializer may return. */
export type WebSocketMessage = string | ArrayBufferLike | ArrayBufferView | Blob

/** The names down to `binaryType` are those of `rxjs/webSocket`. */
export interface WebSocketSubjectConfig<T> {
  /** Where to connect. A function is asked at each connection. */
  url: string | URL | (() => string | URL)
  /** Subprotocols to offer. */
  protocol?: string | string[]
  /** Makes a message of a value. Default: `JSON.stringify`. */
  serializer?(value: T): WebSocketMessage
  /** Makes a value of a message. Default: `JSON.parse` of its data. */
  deserializer?(event: SocketMessage): T
  /** Told of each connection that opens. What it sends goes ahead of what waits. */
  openObserver?: EventObserver<unknown>
  /** Told of each connection that ends. */
  closeObserver?: EventObserver<SocketClose>
  /** Told before a connection is closed from this side. */
  closingObserver?: EventObserver<void>
  /** The class of the sockets. Default: hawser's `WebSocket`; in browsers their own. */
  WebSocketCtor?: SocketConstructor
  /** What binary messages come as. Default: that of the class. */
  binaryType?: 'blob' | 'arraybuffer' | 'nodebuffer'

  /** Connect again by itself, without an error to the subscribers. Default false: they get the error. */
  reconnect?: boolean | SocketReconnectOptions
  /** What waits while there is no connection; further messages drop the oldest, or are dropped themselves. */
  queue?: {
    /** Default 1000. */
    maxMessages?: number
    /** Default 'drop-oldest'. */
    overflow?: 'drop-oldest' | 'drop-newest'
  }
  /** Told of each message that will not be sent: dropped from the queue, or left in it at the end. */
  droppedObserver?: EventObserver<T>
  /** Milliseconds that the connection stays when the last subscriber has left. Default 0. */
  linger?: number
  /** Options of hawser's `WebSocket`, such as `headers`; a third argument for its constructor. */
  options?: WebSocketOptions
}

export interface CheckedConfig<T> {
  url: () => string
  protocol: string | string[] | undefined
  serializer: (value: T) => WebSocketMessage
  deserializer: (event: SocketMessage) => T
  openObserver: EventObserver<unknown> | undefined
  closeObserver: EventObserver<SocketClose> | undefined
  closingObserver: EventObserver<undefined> | undefined
  droppedObserver: EventObserver<T> | undefined
  make: (url: string, protocols: string | string[] | undefined) => SocketLike
  binaryType: string | undefined
  reconnect: CheckedReconnect | undefined
  queue: { maxMessages: number; overflow: 'drop-oldest' | 'drop-newest' }
  linger: number
}

/** `usual`: the class without `WebSocketCtor`. Throws INVALID_OPTION; INVALID_STATE where there is no class. */
export function readConfig<T>(
  given: string | URL | WebSocketSubjectConfig<T>,
  usual: SocketConstructor | undefined,
): CheckedConfig<T> {
  const config: WebSocketSubjectConfig<T> =
    typeof given === 'string' || given instanceof URL ? { url: given } : given
  if ((config as unknown) === null || typeof config !== 'object') {
    badOption('config', 'a URL or an object', config)
  }
  const { url, protocol, binaryType, options } = config
  const ctor = config.WebSocketCtor ?? usual
  if (ctor === undefined) {
    throw new HawserError(
      'INVALID_STATE',
      'no WebSocket constructor can be found: give one as `WebSocketCtor`',
    )
  }
  const Maker = ctor as new (...args: unknown[]) => SocketLike
  const queue = new OptionReader('`queue`', config.queue, ['maxMessages', 'overflow'], 'queue.')
  return {
    url: () => String(typeof url === 'function' ? url() : url),
    protocol: protocol === '' ? undefined : protocol,
    serializer: config.serializer?.bind(config) ?? ((value) => JSON.stringify(value)),
    deserializer: config.deserializer?.bind(config) ?? ((event) => JSON.parse(event.data as string) as T),
    openObserver: config.openObserver,
    closeObserver: config.closeObserver,
    closingObserver: config.closingObserver,
    droppedObserver: config.droppedObserver,
    make: (address, protocols) => {
      if (options !== undefined) return new Maker(address, protocols ?? [], options)
      return protocols === undefined ? new Maker(address) : new Maker(address, protocols)
    },
    binaryType,
    reconnect: readReconnect(config.reconnect),
    queue: {
      maxMessages: queue.number('maxMessages'),
      overflow: queue.oneOf('overflow', ['drop-oldest', 'drop-newest'] as const, 'drop-oldest'),
    },
    linger: checkNumber('linger', defaults.linger, config.linger),
  }
}
