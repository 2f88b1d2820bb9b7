// Promises that wait for the engine: acks, durable sends and requests, by token.
import { HawserError, HawserRangeError } from '../core/error'
import type { ErrorCode } from '../core/error-table'
import { type ErrorDetails } from '../core/error'
import { shown } from '../core/validate'
import type { Settlement } from './engine'

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
  /** Takes the listener off the signal. */
  release: (() => void) | undefined
  what: string
}

/** Of those whose code is no other way to write them. */
const codes: Partial<Record<Settlement, ErrorCode>> = { cancelled: 'ABORTED', closed: 'CONNECTION_CLOSED' }
const words: Partial<Record<Settlement, string>> = {
  timeout: 'was not answered in time',
  cancelled: 'was taken back',
  connection_lost: 'was sent, but the connection was lost before the answer',
  closed: 'was given up: the client has ended',
}

/** Why a message did not make it. */
export function settlementError(what: string, how: Exclude<Settlement, 'done'>): HawserError {
  const said = words[how]
  return new HawserError(codes[how] ?? (how.toUpperCase() as ErrorCode), said === undefined ? undefined : `${what} ${said}`)
}

export class Pending {
  /** Made for the first one: many clients wait for nothing. */
  private waiting: Map<number, Waiting> | undefined
  private last = 0

  /** A promise and the token under which the engine settles it. `source.cancel` is called when the signal aborts. */
  add<T>(
    what: string,
    signal: AbortSignal | undefined,
    source: { cancel(token: number): void },
  ): { token: number; promise: Promise<T> } {
    const waiting = (this.waiting ??= new Map())
    const token = this.nextToken()
    const promise = new Promise<T>((resolve, reject) => {
      let release: (() => void) | undefined
      if (signal !== undefined) {
        const abort = (): void => {
          if (!waiting.has(token)) return
          source.cancel(token)
          this.reject(token, aborted(what, signal))
        }
        signal.addEventListener('abort', abort)
        release = () => signal.removeEventListener('abort', abort)
      }
      waiting.set(token, { resolve: resolve, reject, release, what })
    })
    return { token, promise }
  }

  // 0 stands for "nobody waits".
  private nextToken(): number {
    do {
      this.last = (this.last + 1) >>> 0
    } while (this.last === 0 || this.has(this.last))
    return this.last
  }

  private take(token: number): Waiting | undefined {
    const one = this.waiting?.get(token)
    if (one !== undefined) {
      this.waiting?.delete(token)
      one.release?.()
    }
    return one
  }

  /** Nobody was told of its promise. */
  forget(token: number): void {
    this.take(token)
  }
  has(token: number): boolean {
    return this.waiting?.has(token) === true
  }
  resolve(token: number, value?: unknown): void {
    this.take(token)?.resolve(value)
  }
  reject(token: number, error: unknown): void {
    this.take(token)?.reject(error)
  }
  settled(token: number, how: Settlement): void {
    const one = this.take(token)
    if (how === 'done') one?.resolve(undefined)
    else one?.reject(settlementError(one.what, how))
  }
  rejectAll(how: Exclude<Settlement, 'done'>): void {
    for (const token of [...(this.waiting?.keys() ?? [])]) this.settled(token, how)
  }
}

export function aborted(what: string, signal: AbortSignal): HawserError {
  return new HawserError('ABORTED', `${what} was given up: its \`signal\` was aborted`, {
    cause: signal.reason as unknown,
  })
}

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
/** What a server's error may be called here too. */
const serverCodes: readonly ErrorCode[] = [
  'UNAUTHORIZED',
  'AUTHENTICATION_FAILED',
  'RATE_LIMIT_EXCEEDED',
  'TIMEOUT',
  'PARSE_ERROR',
  'INVALID_MESSAGE',
]

/** Throws INVALID_OPTION: a time in milliseconds that an option of a call sets. */
export function checkTime(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 0x7fffffff) return value
  throw new HawserRangeError(
    'INVALID_OPTION',
    `Option \`${name}\` must be a whole number of milliseconds from 1 to 2147483647, not ${shown(value)}`,
  )
}
