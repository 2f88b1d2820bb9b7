// Promises that wait for the engine: acks, durable sends and requests, by token.
import { HawserError, HawserRangeError } from '../core/error'
import type { ErrorCode } from '../core/error-table'
import { type ErrorDetails } from '../core/error'
import { shown } from '../core/validate'
import type { Settlement } from './engine'

type Kind = 'message' | 'request' | 'room'

interface Waiting {
  token: number
  resolve(value: unknown): void
  reject(error: unknown): void
  /** Takes the listener off the signal. */
  release: (() => void) | undefined
  kind: Kind
  type: string
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
  const code = codes[how] ?? (how.toUpperCase() as ErrorCode)
  return new HawserError(code, words[how] && `${what} ${words[how]}`)
}

/** Slots of a table that has been used once; a power of two. */
const fewest = 16
/** Slots that are kept while nobody waits. */
const most = 1024

export class Pending {
  // Tokens count up, so a token's place is its last bits. Unlike a Map this makes no garbage as they come and go.
  private slots: (Waiting | undefined)[] | undefined
  private count = 0
  private last = 0

  /**
   * A promise and the token under which the engine settles it. `source.cancel` is called when the signal aborts. At most
   * half of the slots are in use, so on average one step finds a free one.
   */
  add<T>(
    kind: Kind,
    type: string,
    signal: AbortSignal | undefined,
    source: { cancel(token: number): void },
  ): { token: number; promise: Promise<T> } {
    const slots = this.withRoom()
    let token = this.last
    // 0 stands for "nobody waits".
    do token = (token + 1) >>> 0
    while (token === 0 || slots[token & (slots.length - 1)] !== undefined)
    this.last = token
    const promise = new Promise<T>(take)
    const one: Waiting = { token, resolve: resolveTaken, reject: rejectTaken, release: undefined, kind, type }
    slots[token & (slots.length - 1)] = one
    this.count++
    if (signal !== undefined) {
      const abort = (): void => {
        if (!this.has(token)) return
        source.cancel(token)
        this.reject(token, aborted(nameOf(kind, type), signal))
      }
      signal.addEventListener('abort', abort)
      one.release = () => signal.removeEventListener('abort', abort)
    }
    return { token, promise }
  }

  private withRoom(): (Waiting | undefined)[] {
    const slots = (this.slots ??= new Array<Waiting | undefined>(fewest).fill(undefined))
    if (this.count * 2 < slots.length) return slots
    const more = new Array<Waiting | undefined>(slots.length * 2).fill(undefined)
    for (const one of slots) if (one !== undefined) more[one.token & (more.length - 1)] = one
    return (this.slots = more)
  }

  private find(token: number): Waiting | undefined {
    const { slots } = this
    if (slots === undefined) return undefined
    const one = slots[token & (slots.length - 1)]
    return one?.token === token ? one : undefined
  }

  private take(token: number): Waiting | undefined {
    const one = this.find(token)
    if (one === undefined) return undefined
    const slots = this.slots as (Waiting | undefined)[]
    slots[token & (slots.length - 1)] = undefined
    // What many needed once is not kept for ever.
    if (--this.count === 0 && slots.length > most) this.slots = undefined
    one.release?.()
    return one
  }

  /** Nobody was told of its promise. */
  forget(token: number): void {
    this.take(token)
  }
  has(token: number): boolean {
    return this.find(token) !== undefined
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
    else one?.reject(settlementError(nameOf(one.kind, one.type), how))
  }
  rejectAll(how: Exclude<Settlement, 'done'>): void {
    const waiting = (this.slots ?? []).filter((one) => one !== undefined)
    // In the order in which they were asked, also where the count has begun again.
    const age = (one: Waiting): number => (this.last - one.token) >>> 0
    waiting.sort((a, b) => age(b) - age(a))
    for (const { token } of waiting) this.settled(token, how)
  }
}

// A promise gives its two functions away while it is made; functions made for each one to take them would be garbage.
let resolveTaken!: (value: unknown) => void
let rejectTaken!: (error: unknown) => void
function take(resolve: (value: never) => void, reject: (error: unknown) => void): void {
  resolveTaken = resolve as (value: unknown) => void
  rejectTaken = reject
}

export function nameOf(kind: Kind, type: string): string {
  return `The ${kind} '${type}'`
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
