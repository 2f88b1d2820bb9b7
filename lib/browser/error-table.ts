// What error codes say in a browser: the rows of lib/core/error-table.ts that can occur there, in fewer words; a test
// compares the two. Those that always come with words of their own have none here.
import type { ErrorCode, ErrorFacts } from '../core/error-table'

/** Code, `+` where the same may succeed later, with the close code, and what it says. */
const rows = `CONNECTION_FAILED + The connection could not be made
CONNECT_TIMEOUT + The connection was not ready within \`connectTimeout\`
MESSAGE_TOO_BIG -1009 The peer sent a message above \`maxPayload\`
POLICY_VIOLATION -1008 The connection broke a rule of this side
OUT_OF_BUDGET +1013 Too many messages wait for the program
HEARTBEAT_TIMEOUT +1006 The peer did not answer within \`heartbeat.timeout\`
CLOSE_TIMEOUT +1006 The peer did not close within \`closeTimeout\`
CONNECTION_LOST +1006 The connection ended without a close frame
ABORTED - Given up by this side
BACKPRESSURE_EXCEEDED + More than \`maxBackpressure\` would wait: wait for \`drained()\`
AUTHENTICATION_FAILED - The server did not accept the token, or none could be had
UNAUTHORIZED - The server does not allow this
QUEUE_FULL + The queue of messages is full
EXPIRED + The message waited longer than its \`ttl\`
STORE_FAILED - The durable queue cannot be written
RATE_LIMIT_EXCEEDED +
SERVER_ERROR +
TIMEOUT +
PARSE_ERROR +
INVALID_MESSAGE +
DECRYPTION_FAILED +
INVALID_ARGUMENT -
INVALID_OPTION -
INVALID_STATE -
CONNECTION_CLOSED -
RETRIES_EXHAUSTED -
LISTENER_FAILED -1011
UNKNOWN -`

type Table = Partial<Record<ErrorCode, ErrorFacts>> & { UNKNOWN: ErrorFacts }

export const errorTable = /* @__PURE__ */ Object.fromEntries(
  /* @__PURE__ */ rows.split('\n').map((row) => {
    const [code, kind, ...words] = row.split(' ')
    const facts: ErrorFacts = { message: words.join(' ') || code, recoverable: kind.startsWith('+') }
    return [code, kind.length > 1 ? { ...facts, closeCode: Number(kind.slice(1)) } : facts]
  }),
) as Table
