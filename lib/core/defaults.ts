// Every numeric default of the package with its bounds. docs/defaults.md shows the same rows; a test compares the two.

/** A number that an option may set. */
export interface NumericDefault {
  readonly unit: 'bytes' | 'ms' | 'count' | 'bits' | 'level'
  readonly value: number
  readonly min: number
  readonly max: number
}

const KiB = 1024
const MiB = 1024 * KiB
/** The longest time that a timer takes. */
const longest = 0x7fffffff

export const defaults = {
  maxPayload: { unit: 'bytes', value: 16 * MiB, min: 1, max: 1024 * MiB },
  highWaterMark: { unit: 'bytes', value: MiB, min: 1, max: 1024 * MiB },
  maxBackpressure: { unit: 'bytes', value: 64 * MiB, min: 1, max: 1024 * MiB },
  maxHeaderSize: { unit: 'bytes', value: 16 * KiB, min: 256, max: MiB },
  connectTimeout: { unit: 'ms', value: 10_000, min: 0, max: longest },
  handshakeTimeout: { unit: 'ms', value: 10_000, min: 0, max: longest },
  closeTimeout: { unit: 'ms', value: 10_000, min: 0, max: longest },
  idleTimeout: { unit: 'ms', value: 0, min: 0, max: longest },
  'heartbeat.interval': { unit: 'ms', value: 30_000, min: 1, max: longest },
  'heartbeat.timeout': { unit: 'ms', value: 5_000, min: 1, max: longest },
  attemptDelay: { unit: 'ms', value: 250, min: 10, max: 2_000 },
  maxRedirects: { unit: 'count', value: 10, min: 0, max: 100 },
  'perMessageDeflate.threshold': { unit: 'bytes', value: 1024, min: 0, max: 1024 * MiB },
  'perMessageDeflate.level': { unit: 'level', value: 6, min: 0, max: 9 },
  'perMessageDeflate.memLevel': { unit: 'level', value: 8, min: 1, max: 9 },
  'perMessageDeflate.serverMaxWindowBits': { unit: 'bits', value: 15, min: 8, max: 15 },
  'perMessageDeflate.clientMaxWindowBits': { unit: 'bits', value: 15, min: 8, max: 15 },
  backlog: { unit: 'count', value: 511, min: 1, max: 0x7fffffff },
  maxConnections: { unit: 'count', value: 0, min: 0, max: 0x7fffffff },
  maxConnectionsPerAddress: { unit: 'count', value: 0, min: 0, max: 0x7fffffff },
  'rateLimit.connection.messages': { unit: 'count', value: 100, min: 1, max: 1_000_000 },
  'rateLimit.connection.per': { unit: 'ms', value: 60_000, min: 1, max: 86_400_000 },
  'rateLimit.connection.burst': { unit: 'count', value: 100, min: 1, max: 1_000_000 },
  'rateLimit.minInterval': { unit: 'ms', value: 100, min: 1, max: 86_400_000 },
  'rateLimit.closeAfter': { unit: 'count', value: 0, min: 0, max: 0x7fffffff },
  'close.timeout': { unit: 'ms', value: 10_000, min: 0, max: longest },
  'close.spread': { unit: 'ms', value: 0, min: 0, max: longest },
  'reconnect.minDelay': { unit: 'ms', value: 1_000, min: 1, max: longest },
  'reconnect.maxDelay': { unit: 'ms', value: 30_000, min: 1, max: longest },
  'reconnect.maxAttempts': { unit: 'count', value: 0, min: 0, max: 0x7fffffff },
  'reconnect.minUptime': { unit: 'ms', value: 5_000, min: 0, max: longest },
  'queue.maxMessages': { unit: 'count', value: 1_000, min: 0, max: 10_000_000 },
  'queue.maxBytes': { unit: 'bytes', value: 64 * MiB, min: 1, max: 1024 * MiB },
  'queue.ttl': { unit: 'ms', value: 0, min: 0, max: longest },
  'queue.ackTimeout': { unit: 'ms', value: 10_000, min: 1, max: longest },
  'queue.retries': { unit: 'count', value: 3, min: 0, max: 1_000 },
  'sendBatch.max': { unit: 'count', value: 10, min: 2, max: 1_000 },
  'sendBatch.every': { unit: 'ms', value: 100, min: 1, max: 60_000 },
  throttle: { unit: 'ms', value: 50, min: 1, max: 60_000 },
  debounce: { unit: 'ms', value: 300, min: 1, max: 60_000 },
  requestTimeout: { unit: 'ms', value: 10_000, min: 1, max: longest },
  maxRequests: { unit: 'count', value: 100_000, min: 1, max: 1_000_000 },
  'auth.refreshBefore': { unit: 'ms', value: 60_000, min: 0, max: longest },
  maxPerHost: { unit: 'count', value: 5, min: 1, max: 100_000 },
  connectionsPerEndpoint: { unit: 'count', value: 1, min: 1, max: 10_000 },
  maxInFlight: { unit: 'count', value: 100, min: 0, max: 1_000_000 },
  maxWaiters: { unit: 'count', value: 1_000, min: 1, max: 1_000_000 },
  idleTime: { unit: 'ms', value: 60_000, min: 0, max: longest },
  acquireTimeout: { unit: 'ms', value: 30_000, min: 0, max: longest },
  linger: { unit: 'ms', value: 0, min: 0, max: longest },
  'auth.deadline': { unit: 'ms', value: 10_000, min: 1, max: longest },
  'auth.grace': { unit: 'ms', value: 30_000, min: 0, max: longest },
  'history.count': { unit: 'count', value: 100, min: 1, max: 10_000_000 },
  'history.bytes': { unit: 'bytes', value: MiB, min: 1, max: 1024 * MiB },
  'history.age': { unit: 'ms', value: 300_000, min: 0, max: longest },
  'presence.timeout': { unit: 'ms', value: 30_000, min: 0, max: longest },
  'dedupe.count': { unit: 'count', value: 10_000, min: 1, max: 10_000_000 },
  'dedupe.age': { unit: 'ms', value: 300_000, min: 1, max: longest },
  handlerTimeout: { unit: 'ms', value: 5_000, min: 1, max: longest },
  maxPending: { unit: 'count', value: 100, min: 1, max: 1_000_000 },
  maxRooms: { unit: 'count', value: 100_000, min: 1, max: 10_000_000 },
  maxRoomsPerConnection: { unit: 'count', value: 1_000, min: 1, max: 100_000 },
  maxBatch: { unit: 'count', value: 1_000, min: 1, max: 100_000 },
  'nodes.patience': { unit: 'ms', value: 1_000, min: 0, max: longest },
  'nodes.interval': { unit: 'ms', value: 5_000, min: 10, max: longest },
  'nodes.timeout': { unit: 'ms', value: 15_000, min: 10, max: longest },
  'fallback.maxSessions': { unit: 'count', value: 1_000, min: 1, max: 1_000_000 },
  'fallback.maxBody': { unit: 'bytes', value: MiB, min: KiB, max: 1024 * MiB },
  'fallback.interval': { unit: 'ms', value: 15_000, min: 10, max: longest },
  'fallback.grace': { unit: 'ms', value: 15_000, min: 10, max: longest },
  'fallback.after': { unit: 'count', value: 2, min: 1, max: 1_000 },
  'fallback.retry': { unit: 'ms', value: 300_000, min: 0, max: longest },
  'fallback.patience': { unit: 'ms', value: 3_000, min: 1, max: longest },
  maxQueued: { unit: 'count', value: 10_000, min: 1, max: 10_000_000 },
  maxQueuedBytes: { unit: 'bytes', value: 16 * MiB, min: 1, max: 1024 * MiB },
  maxBacklog: { unit: 'count', value: 100_000, min: 1, max: 10_000_000 },
  'stream.replicas': { unit: 'count', value: 1, min: 1, max: 5 },
  'stream.maxBytes': { unit: 'bytes', value: 1024 * MiB, min: MiB, max: 2 ** 50 },
  'stream.maxAge': { unit: 'ms', value: 0, min: 0, max: 2 ** 43 },
  threads: { unit: 'count', value: 1, min: 1, max: 64 },
} as const satisfies Record<string, NumericDefault>

export type DefaultName = keyof typeof defaults
