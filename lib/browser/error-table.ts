// What error codes say in a browser: the rows of lib/core/error-table.ts that can occur there, in fewer words; a test
// compares the two.
import type { ErrorCode, ErrorFacts } from '../core/error-table'

/** Code, close code, `+` where the same may succeed later, and what it says. */
const rows = `CONNECTION_FAILED 0 + The connection could not be made
CONNECT_TIMEOUT 0 + The connection was not ready within \`connectTimeout\`
MESSAGE_TOO_BIG 1009 - The peer sent a message above \`maxPayload\`
POLICY_VIOLATION 1008 - The connection broke a rule of this side
OUT_OF_BUDGET 1013 + Too many messages wait for the program
HEARTBEAT_TIMEOUT 1006 + The peer did not answer within \`heartbeat.timeout\`
CLOSE_TIMEOUT 1006 + The peer did not close within \`closeTimeout\`
CONNECTION_LOST 1006 + The connection ended without a close frame
ABORTED 0 - Given up by this side
INVALID_ARGUMENT 0 - An argument has the wrong type or form
INVALID_OPTION 0 - An option has the wrong type or value
INVALID_STATE 0 - The call is not possible in this state
BACKPRESSURE_EXCEEDED 0 + More than \`maxBackpressure\` would wait: wait for \`drained()\`
CONNECTION_CLOSED 0 - The connection is closing or closed
AUTHENTICATION_FAILED 0 - The server did not accept the token, or none could be had
UNAUTHORIZED 0 - The server does not allow this
RATE_LIMIT_EXCEEDED 0 + The server takes no more messages for now
SERVER_ERROR 0 + The server answered with an error
TIMEOUT 0 + The answer did not come in time
QUEUE_FULL 0 + The queue of messages is full
EXPIRED 0 + The message waited longer than its \`ttl\`
LISTENER_FAILED 1011 - A handler of the program failed
PARSE_ERROR 0 + A message cannot be read
INVALID_MESSAGE 0 + A message has not the form that is expected
DECRYPTION_FAILED 0 + A message cannot be decrypted
RETRIES_EXHAUSTED 0 - As many attempts failed as \`reconnect.maxAttempts\` allows
STORE_FAILED 0 - The durable queue cannot be written
UNKNOWN 0 - An unknown error`

type Table = Partial<Record<ErrorCode, ErrorFacts>> & { UNKNOWN: ErrorFacts }

export const errorTable = /* @__PURE__ */ Object.fromEntries(
  /* @__PURE__ */ rows.split('\n').map((row) => {
    const [code, close, recoverable, ...words] = row.split(' ')
    const facts: ErrorFacts = { message: words.join(' '), recoverable: recoverable === '+' }
    return [code, close === '0' ? facts : { ...facts, closeCode: Number(close) }]
  }),
) as Table
