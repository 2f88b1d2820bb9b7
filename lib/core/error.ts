// The errors that the package throws, hands to callbacks and emits: all carry a stable string `code`.
import { coreCodes } from './error-codes'
import { type ErrorCode, factsOf } from './error-table'
import { messageOf } from './message-of'

/** What an error can carry beside its code and message. */
export interface ErrorDetails {
  cause?: unknown
  recoverable?: boolean
  closeCode?: number | undefined
  statusCode?: number | undefined
  headers?: Record<string, string>
  body?: Buffer
}

/**
 * An error of a connection, a server or the runtime. `code` is stable across versions; `message` is for people and says
 * what to do.
 */
export class HawserError extends Error {
  /** Stable name of what went wrong, such as `CONNECTION_REFUSED`. */
  readonly code: ErrorCode
  /** Whether the same attempt may succeed later without any change. */
  readonly recoverable: boolean
  /** The close code that belongs to the error (RFC 6455, section 7.4), when there is one. */
  declare readonly closeCode?: number
  /** Status of the HTTP answer, for `UNEXPECTED_RESPONSE`. */
  declare readonly statusCode?: number
  /** Headers of the HTTP answer by lower-case name, for `UNEXPECTED_RESPONSE`. */
  declare readonly headers?: Record<string, string>
  /** The start of the HTTP answer's body, for `UNEXPECTED_RESPONSE`. */
  declare readonly body?: Buffer

  constructor(code: ErrorCode, message?: string, { cause, ...details }: ErrorDetails = {}) {
    super(messageOf(code, message), cause === undefined ? undefined : { cause })
    const facts = factsOf(code)
    this.code = code
    this.recoverable = facts.recoverable
    details.closeCode ??= facts.closeCode
    // What is not known is no member.
    for (const [name, value] of Object.entries<unknown>(details))
      if (value !== undefined) Object.assign(this, { [name]: value })
  }
}
Object.defineProperty(HawserError.prototype, 'name', {
  value: 'HawserError',
  writable: true,
  configurable: true,
})

/** An argument or option of the wrong type or form: a TypeError with a `code`. */
export class HawserTypeError extends TypeError {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(messageOf(code, message), cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** A number or length outside its bounds: a RangeError with a `code`. */
export class HawserRangeError extends RangeError {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string) {
    super(messageOf(code, message))
    this.code = code
  }
}

/** An error as a record or an exception of the native part names it. `details` holds the system's or library's words. */
export function fromCore(
  number: number,
  system: number,
  details: string,
  more: ErrorDetails = {},
): HawserError {
  const code: ErrorCode = (coreCodes as Record<number, ErrorCode>)[number] ?? 'UNKNOWN'
  const { message: words } = factsOf(code)
  const message = details === '' ? words : `${words} (${details.replace(/\.$/, '')})`
  if (more.cause === undefined && (details !== '' || system !== 0)) {
    const cause = new Error(details === '' ? `system error ${system}` : details)
    if (system !== 0) Object.assign(cause, { errno: system })
    more = { ...more, cause }
  }
  return new HawserError(code, message, more)
}

/** What a call into the native part threw: `code` is a number there. Other values come back as they are. */
export function fromNative(thrown: unknown): unknown {
  // Not `instanceof Error`: a program in a vm context has an Error of its own.
  const { code, message } = thrown as { code?: unknown; message?: unknown }
  return typeof code === 'number' ? fromCore(code, 0, String(message)) : thrown
}
