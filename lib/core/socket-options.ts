// Options that sockets of both roles share, and what becomes of them for the native part.
import type { NativeDeflate, NativeSocketSettings } from '../../types/native'
import { HawserRangeError } from './error'
import { defaults } from './defaults'
import { OptionReader, badOption } from './validate'

/** Compression of messages by permessage-deflate, RFC 7692. */
export interface PerMessageDeflateOptions {
  /** The server's compressor starts every message afresh: less memory, larger messages. Default true. */
  serverNoContextTakeover?: boolean
  /** The client's compressor starts every message afresh. Default true. */
  clientNoContextTakeover?: boolean
  /** Bits of the server's compression window, 8 to 15; a server takes 9 to 15. Default 15. */
  serverMaxWindowBits?: number
  /** Bits of the client's compression window, 8 to 15; a client takes 9 to 15. Default 15. */
  clientMaxWindowBits?: number
  /** Messages shorter than this, in bytes, are sent as they are. Default 1024. */
  threshold?: number
  /** zlib's compression level, 0 to 9. Default 6. */
  level?: number
  /** zlib's memory level, 1 to 9. Default 8. */
  memLevel?: number
}

/** Pings by protocol (RFC 6455, section 5.5.2), sent and judged off the JavaScript thread. */
export interface HeartbeatOptions {
  /** Milliseconds between pings. Default 30000. */
  interval?: number
  /** Milliseconds that an answer may take before the connection counts as dead. Default 5000. */
  timeout?: number
}

/** Options of client sockets and of the sockets of a server. */
export interface SocketOptions {
  /** Longest message that is received, in bytes after decompression; above it 1009. Default 16 MiB. */
  maxPayload?: number
  /** `send` returns false while more bytes than this wait to be sent. Default 1 MiB, at most `maxBackpressure`. */
  highWaterMark?: number
  /**
   * `send` refuses a message with which more bytes than this would wait. Default 64 MiB; of a managed client twice
   * `queue.maxBytes`, if that is more.
   */
  maxBackpressure?: number
  /** Longest header section of a handshake, in bytes. Default 16 KiB. */
  maxHeaderSize?: number
  /** Milliseconds that the WebSocket handshake may take; 0: no limit. Default 10000. */
  handshakeTimeout?: number
  /** Milliseconds to wait for the peer's answer to a close frame; 0: no limit. Default 10000. */
  closeTimeout?: number
  /** Milliseconds without a byte from the peer after which the connection is dropped; 0: none. Default 0. */
  idleTimeout?: number
  /** Pings: `true` or nothing for the defaults, `false` for none. */
  heartbeat?: boolean | HeartbeatOptions
  /** Compression: `false` (default), `true` for the defaults, or its options. */
  perMessageDeflate?: boolean | PerMessageDeflateOptions
}

export const socketOptionNames: readonly (keyof SocketOptions)[] = [
  'maxPayload',
  'highWaterMark',
  'maxBackpressure',
  'maxHeaderSize',
  'handshakeTimeout',
  'closeTimeout',
  'idleTimeout',
  'heartbeat',
  'perMessageDeflate',
]

/** Socket options after checks. */
export interface CheckedSocketOptions extends NativeSocketSettings {
  maxBackpressure: number
}

/** Reads what both roles share. */
export function readSocketOptions(reader: OptionReader, isServer: boolean): CheckedSocketOptions {
  const maxBackpressure = reader.number('maxBackpressure')
  const highWaterMark = reader.has('highWaterMark')
    ? reader.number('highWaterMark')
    : Math.min(defaults.highWaterMark.value, maxBackpressure)
  if (highWaterMark > maxBackpressure) {
    throw new HawserRangeError(
      'INVALID_OPTION',
      `Option \`highWaterMark\` (${highWaterMark}) must not be above \`maxBackpressure\` (${maxBackpressure})`,
    )
  }
  const heartbeat = readHeartbeat(reader.raw('heartbeat'))
  return {
    maxPayload: reader.number('maxPayload'),
    highWaterMark,
    maxBackpressure,
    maxHeaderSize: reader.number('maxHeaderSize'),
    handshakeTimeout: reader.number('handshakeTimeout'),
    closeTimeout: reader.number('closeTimeout'),
    idleTimeout: reader.number('idleTimeout'),
    heartbeatInterval: heartbeat.interval,
    heartbeatTimeout: heartbeat.timeout,
    deflate: readDeflate(reader.raw('perMessageDeflate'), isServer),
  }
}

function readHeartbeat(value: unknown): { interval: number; timeout: number } {
  if (value === false) return { interval: 0, timeout: 0 }
  if (value !== undefined && value !== true && (value === null || typeof value !== 'object')) {
    badOption('heartbeat', 'true, false or an object with `interval` and `timeout`', value)
  }
  const given = typeof value === 'object' ? value : undefined
  const reader = new OptionReader('`heartbeat`', given, ['interval', 'timeout'], 'heartbeat.')
  return { interval: reader.number('interval'), timeout: reader.number('timeout') }
}

const deflateNames: readonly (keyof PerMessageDeflateOptions)[] = [
  'serverNoContextTakeover',
  'clientNoContextTakeover',
  'serverMaxWindowBits',
  'clientMaxWindowBits',
  'threshold',
  'level',
  'memLevel',
]

function readDeflate(value: unknown, isServer: boolean): NativeDeflate | null {
  if (value === undefined || value === false) return null
  if (value !== true && (value === null || typeof value !== 'object')) {
    badOption('perMessageDeflate', 'true, false or an object', value)
  }
  const given = value === true ? undefined : value
  const reader = new OptionReader('`perMessageDeflate`', given, deflateNames, 'perMessageDeflate.')
  const checked = {
    serverNoContextTakeover: reader.boolean('serverNoContextTakeover', true),
    clientNoContextTakeover: reader.boolean('clientNoContextTakeover', true),
    serverMaxWindowBits: reader.number('serverMaxWindowBits'),
    clientMaxWindowBits: reader.number('clientMaxWindowBits'),
    threshold: reader.number('threshold'),
    level: reader.number('level'),
    memLevel: reader.number('memLevel'),
  }
  // zlib cannot compress with a window of 256 bytes, only decompress.
  const own = isServer ? 'serverMaxWindowBits' : 'clientMaxWindowBits'
  if (checked[own] < 9) {
    throw new HawserRangeError(
      'INVALID_OPTION',
      `Option \`perMessageDeflate.${own}\` must be from 9 to 15 bits here: this side compresses with it`,
    )
  }
  return checked
}
