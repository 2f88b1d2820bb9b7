// What error codes say in a browser: what lib/core/error-table.ts says of those that can occur there, in fewer words; a
// test compares the two.
import type { ErrorCode, ErrorFacts } from '../core/error-table'

/** What has no words of its own where it happens says these. */
const words: Partial<Record<string, string>> = {
  CONNECTION_FAILED: 'The connection could not be made',
  CONNECT_TIMEOUT: 'The connection was not ready within `connectTimeout`',
  MESSAGE_TOO_BIG: 'The peer sent a message above `maxPayload`',
  POLICY_VIOLATION: 'The connection broke a rule of this side',
  OUT_OF_BUDGET: 'Too many messages wait for the program',
  HEARTBEAT_TIMEOUT: 'The peer did not answer within `heartbeat.timeout`',
  CLOSE_TIMEOUT: 'The peer did not close within `closeTimeout`',
  CONNECTION_LOST: 'The connection ended without a close frame',
  ABORTED: 'Given up by this side',
  BACKPRESSURE_EXCEEDED: 'More than `maxBackpressure` would wait: wait for `drained()`',
  AUTHENTICATION_FAILED: 'The server did not accept the token, or none could be had',
  UNAUTHORIZED: 'The server does not allow this',
  QUEUE_FULL: 'The queue of messages is full',
  EXPIRED: 'The message waited longer than its `ttl`',
  STORE_FAILED: 'The durable queue cannot be written',
}

/** The close code, or 1 for none; below 0 where nothing changes by itself. What is not here has none, and stays as it is. */
const rows: Partial<Record<string, number>> = {
  CONNECTION_FAILED: 1,
  CONNECT_TIMEOUT: 1,
  OUT_OF_BUDGET: 1013,
  HEARTBEAT_TIMEOUT: 1006,
  CLOSE_TIMEOUT: 1006,
  CONNECTION_LOST: 1006,
  BACKPRESSURE_EXCEEDED: 1,
  QUEUE_FULL: 1,
  EXPIRED: 1,
  RATE_LIMIT_EXCEEDED: 1,
  SERVER_ERROR: 1,
  TIMEOUT: 1,
  PARSE_ERROR: 1,
  INVALID_MESSAGE: 1,
  DECRYPTION_FAILED: 1,
  MESSAGE_TOO_BIG: -1009,
  POLICY_VIOLATION: -1008,
  LISTENER_FAILED: -1011,
}

export function factsOf(code: ErrorCode): ErrorFacts {
  const row = rows[code] ?? 0
  const closeCode = Math.abs(row)
  return {
    message: words[code] ?? code,
    recoverable: row > 0,
    closeCode: closeCode > 1 ? closeCode : undefined,
  }
}
