// The rows of lib/core/defaults.ts that a browser's client has, for what is loaded later; options.ts has them where it
// reads the options. Tests compare them.
import type { NumericDefault } from '../core/defaults'

const MiB = 1024 * 1024
const longest = 0x7fffffff

function row(unit: NumericDefault['unit'], value: number, min: number, max: number): NumericDefault {
  return { unit, value, min, max }
}

export const defaults = {
  maxPayload: row('bytes', 16 * MiB, 1, 1024 * MiB),
  highWaterMark: row('bytes', MiB, 1, 1024 * MiB),
  maxBackpressure: row('bytes', 64 * MiB, 1, 1024 * MiB),
  connectTimeout: row('ms', 10_000, 0, longest),
  closeTimeout: row('ms', 10_000, 0, longest),
  'heartbeat.interval': row('ms', 30_000, 1, longest),
  'heartbeat.timeout': row('ms', 5_000, 1, longest),
  'reconnect.minDelay': row('ms', 1_000, 1, longest),
  'reconnect.maxDelay': row('ms', 30_000, 1, longest),
  'reconnect.maxAttempts': row('count', 0, 0, 0x7fffffff),
  'reconnect.minUptime': row('ms', 5_000, 0, longest),
  'queue.maxMessages': row('count', 1_000, 0, 10_000_000),
  'queue.maxBytes': row('bytes', 64 * MiB, 1, 1024 * MiB),
  'queue.ttl': row('ms', 0, 0, longest),
  'queue.ackTimeout': row('ms', 10_000, 1, longest),
  'queue.retries': row('count', 3, 0, 1_000),
  'sendBatch.max': row('count', 10, 2, 1_000),
  'sendBatch.every': row('ms', 100, 1, 60_000),
  throttle: row('ms', 50, 1, 60_000),
  debounce: row('ms', 300, 1, 60_000),
  requestTimeout: row('ms', 10_000, 1, longest),
  maxRequests: row('count', 100_000, 1, 1_000_000),
  'fallback.after': row('count', 2, 1, 1_000),
  'fallback.retry': row('ms', 300_000, 0, longest),
  'fallback.patience': row('ms', 3_000, 1, longest),
  'auth.refreshBefore': row('ms', 60_000, 0, longest),
} as const

export type { DefaultName, NumericDefault } from '../core/defaults'
