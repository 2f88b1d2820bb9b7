// What error codes say in a browser: the rows of lib/core/error-table.ts that can occur there, in fewer words; a test
// compares the two.
import type { ErrorCode, ErrorFacts } from '../core/error-table'

const facts = (message: string, recoverable = false, closeCode?: number): ErrorFacts =>
  closeCode === undefined ? { message, recoverable } : { message, recoverable, closeCode }

export const errorTable: Partial<Record<ErrorCode, ErrorFacts>> & { UNKNOWN: ErrorFacts } = {
  CONNECTION_FAILED: facts('The connection could not be made', true),
  CONNECT_TIMEOUT: facts('The connection was not ready within `connectTimeout`', true),
  MESSAGE_TOO_BIG: facts('The peer sent a message above `maxPayload`', false, 1009),
  POLICY_VIOLATION: facts('The connection broke a rule of this side', false, 1008),
  OUT_OF_BUDGET: facts('Too many messages wait for the program', true, 1013),
  HEARTBEAT_TIMEOUT: facts('The peer did not answer within `heartbeat.timeout`', true, 1006),
  CLOSE_TIMEOUT: facts('The peer did not close within `closeTimeout`', true, 1006),
  CONNECTION_LOST: facts('The connection ended without a close frame', true, 1006),
  ABORTED: facts('Given up by this side'),
  INVALID_STATE: facts('The call is not possible in this state'),
  BACKPRESSURE_EXCEEDED: facts('More than `maxBackpressure` would wait: wait for `drained()`', true),
  CONNECTION_CLOSED: facts('The connection is closing or closed'),
  AUTHENTICATION_FAILED: facts('The server did not accept the token, or none could be had'),
  UNAUTHORIZED: facts('The server does not allow this'),
  RATE_LIMIT_EXCEEDED: facts('The server takes no more messages for now', true),
  SERVER_ERROR: facts('The server answered with an error', true),
  TIMEOUT: facts('The answer did not come in time', true),
  QUEUE_FULL: facts('The queue of messages is full', true),
  EXPIRED: facts('The message waited longer than its `ttl`', true),
  PARSE_ERROR: facts('A message cannot be read', true),
  INVALID_MESSAGE: facts('A message has not the form that is expected', true),
  DECRYPTION_FAILED: facts('A message cannot be decrypted', true),
  RETRIES_EXHAUSTED: facts('As many attempts failed as `reconnect.maxAttempts` allows'),
  STORE_FAILED: facts('The durable queue cannot be written'),
  UNKNOWN: facts('An unknown error'),
}
