// What led a connection to a state, as an error of the client's.
import { HawserError } from '../core/error'
import { factsOf } from '../core/error-table'
import type { StateChange } from './engine'

/** The error that a change of state brings; undefined: none. */
export function errorOf(change: StateChange): HawserError | undefined {
  const cause = causeOf(change)
  return change.exhausted === true ? exhausted(cause) : cause
}

/** The error of a client that gave up: what the last attempt failed with is its cause. */
function exhausted(last: HawserError | undefined): HawserError {
  const said = last === undefined ? '' : `, the last time so: ${last.message}`
  return new HawserError(
    'RETRIES_EXHAUSTED',
    `So many attempts in a row have failed as \`reconnect.maxAttempts\` allows${said}`,
    { recoverable: false, cause: last },
  )
}

/** Handshake answers that say that the token is not accepted. */
const authStatus: Record<number, 'AUTHENTICATION_FAILED' | 'UNAUTHORIZED'> = {
  401: 'AUTHENTICATION_FAILED',
  403: 'UNAUTHORIZED',
}

function causeOf({ error, close, state }: StateChange): HawserError | undefined {
  if (error !== undefined) {
    const code = authStatus[error.status] ?? error.code
    const { message } = factsOf(code)
    const { detail, recoverable } = error
    return new HawserError(code, detail === '' ? message : `${message} (${detail})`, {
      recoverable,
      cause: detail === '' ? undefined : new Error(detail),
      statusCode: error.status || undefined,
    })
  }
  if (close === undefined || state === 'disconnected' || state === 'disconnecting') return undefined
  const said = close.reason === '' ? '' : `: ${close.reason}`
  return new HawserError('CONNECTION_CLOSED', `The server closed the connection with ${close.code}${said}`, {
    closeCode: close.code,
    recoverable: state === 'reconnecting',
  })
}
