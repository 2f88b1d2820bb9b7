// What a server says has gone wrong, as an error of the client's.
import { type ErrorDetails, HawserError } from '../core/error'
import type { ErrorCode } from '../core/error-table'

/** What a server's error may be called here too. */
const serverCodes: readonly ErrorCode[] = [
  'UNAUTHORIZED',
  'AUTHENTICATION_FAILED',
  'RATE_LIMIT_EXCEEDED',
  'TIMEOUT',
  'PARSE_ERROR',
  'INVALID_MESSAGE',
]

/** What an `error` of a reply, or an `error` message, becomes. */
export function replyError(what: string, error: unknown): HawserError {
  const { code, message, retryAfter } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown
    message?: unknown
    retryAfter?: unknown
  }
  const known = serverCodes.find((one) => one === code) ?? 'SERVER_ERROR'
  const said =
    typeof message === 'string' && message !== '' ? message : typeof code === 'string' ? code : String(error)
  const details: ErrorDetails = { cause: error }
  const out = new HawserError(known, `${what} was answered with an error: ${said}`, details)
  if (typeof retryAfter === 'number') Object.assign(out, { retryAfter })
  if (typeof code === 'string' || typeof code === 'number') Object.assign(out, { serverCode: code })
  return out
}
