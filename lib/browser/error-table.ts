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

/**
 * With `+` the same may succeed later; the number is the close code. All others need a change first, and have no close
 * code.
 */
const rows = `CONNECTION_FAILED+ CONNECT_TIMEOUT+ OUT_OF_BUDGET+1013 HEARTBEAT_TIMEOUT+1006 CLOSE_TIMEOUT+1006
CONNECTION_LOST+1006 BACKPRESSURE_EXCEEDED+ QUEUE_FULL+ EXPIRED+ RATE_LIMIT_EXCEEDED+ SERVER_ERROR+ TIMEOUT+ PARSE_ERROR+
INVALID_MESSAGE+ DECRYPTION_FAILED+ MESSAGE_TOO_BIG-1009 POLICY_VIOLATION-1008 LISTENER_FAILED-1011`

export function factsOf(code: ErrorCode): ErrorFacts {
  const [, sign, closeCode] = new RegExp(`\\b${code}([+-])(\\d*)`).exec(rows) ?? []
  return {
    message: words[code] ?? code,
    recoverable: sign === '+',
    closeCode: Number(closeCode) || undefined,
  }
}
