// Where a client stands: its state, what led to it, its errors, and who waits for a state.
import { HawserError } from '../core/error'
import { factsOf } from '../core/error-table'
import type { ClientStateName, StateChange } from './engine'
import type { LearnedEndpoint } from './learned'

/** What `getConnectionInfo()` returns. */
export interface ConnectionInfo {
  state: ClientStateName
  /** URL of the endpoint in use or last used. */
  url: string
  /** The subprotocol agreed with the server, or ''. */
  protocol: string
  /** Attempts in a row since the last connection that held. */
  reconnectAttempts: number
  /** Milliseconds until the next attempt, as of the change to `reconnecting`; else 0. */
  nextDelay: number
  /** When the client was connected last. */
  lastConnected: Date | undefined
  /** What led to the state, while it is `reconnecting` or `failed`. */
  error: HawserError | undefined
}

/** The same at the time of asking, with what is known of all endpoints. */
export interface ConnectionDetails extends ConnectionInfo {
  endpoints: LearnedEndpoint[]
}

export type StateListener = (state: ClientStateName, info: ConnectionInfo) => unknown

interface Waiter {
  resolve(): void
  reject(error: HawserError): void
}

const keptErrors = 100
const resting: readonly ClientStateName[] = ['idle', 'disconnected', 'failed']

export class ClientStatus {
  state: ClientStateName = 'idle'
  closed = false
  private kept: HawserError[] | undefined
  private attempt = 0
  private delay = 0
  private endpoint = 0
  private protocol = ''
  /** Milliseconds since the epoch; 0: never. */
  private lastConnected = 0
  private error: HawserError | undefined
  private connecting: Waiter[] | undefined
  /** Those of `connecting` that a `disconnect()` has overtaken: the next rest ends them. */
  private overtaken: Waiter[] | undefined
  /** The program has asked for a connection, and the engine has not said yet that it heard. */
  private starting = false
  /** The last that the program asked for was the end of the connection. */
  private leaving = false
  /** Beginnings (`connecting`) that the program has asked for, and those that the engine has told of. */
  private asked = 0
  private begun = 0
  /** `after`: so many beginnings come first; a rest before is that of an earlier connection. */
  private disconnecting: { resolve: () => void; after: number }[] | undefined

  constructor(readonly urls: readonly string[]) {}

  info(): ConnectionInfo {
    return {
      state: this.state,
      url: this.urls[this.endpoint] ?? '',
      protocol: this.protocol,
      reconnectAttempts: this.attempt,
      nextDelay: this.delay,
      lastConnected: this.lastConnected === 0 ? undefined : new Date(this.lastConnected),
      error: this.error,
    }
  }

  /** Takes a change in; the error that it brings. */
  changed(change: StateChange): HawserError | undefined {
    this.state = change.state
    this.attempt = change.attempt
    this.delay = change.delay
    if (change.endpoint >= 0) this.endpoint = change.endpoint
    const last = errorOf(change)
    const error = change.exhausted === true ? exhausted(last) : last
    if (change.state === 'connected') {
      this.protocol = change.protocol
      this.lastConnected = Date.now()
    }
    const troubled = change.state === 'reconnecting' || change.state === 'failed'
    this.error = troubled ? (error ?? this.error) : undefined
    if (!resting.includes(change.state)) this.starting = false
    if (change.state === 'connecting') this.begun++
    return error
  }

  /** Settles those who wait for the state; after the listeners have been told. */
  tell(error: HawserError | undefined): void {
    const { state } = this
    if (state === 'connected') {
      for (const waiter of this.waiters()) waiter.resolve()
    } else if (state === 'failed') {
      const why = error ?? this.error ?? new HawserError('CONNECTION_FAILED')
      for (const waiter of this.waiters()) waiter.reject(why)
    } else if (state === 'disconnected') {
      const why = new HawserError('ABORTED', '`disconnect()` was called before the client was connected')
      // Who asked after that `disconnect()` is yet to be served.
      for (const waiter of this.closed ? this.waiters() : this.late()) waiter.reject(why)
    }
    if (resting.includes(state)) this.tellDisconnected()
  }
  private tellDisconnected(): void {
    const waiting = this.disconnecting
    if (waiting === undefined) return
    const early = ({ after }: { after: number }): boolean => !this.closed && after > this.begun
    const left = waiting.filter(early)
    this.disconnecting = left.length > 0 ? left : undefined
    for (const waiter of waiting) if (!early(waiter)) waiter.resolve()
  }
  private waiters(): Waiter[] {
    const waiting = [...this.late(), ...(this.connecting ?? [])]
    this.connecting = undefined
    return waiting
  }
  private late(): Waiter[] {
    const waiting = this.overtaken ?? []
    this.overtaken = undefined
    return waiting
  }

  /** The client is gone for good. */
  end(): void {
    this.closed = true
    if (this.state !== 'failed') this.state = 'disconnected'
    this.tell(undefined)
  }

  /** Connected, and no `disconnect()` on its way. */
  get settled(): boolean {
    return this.state === 'connected' && !this.leaving
  }
  /** The engine is asked for a connection: the next one is waited for. */
  whenConnected(): Promise<void> {
    if (this.closed) return Promise.reject(new HawserError('INVALID_STATE', 'The client was closed for good'))
    // Where it is under way already, it does not begin anew.
    if (this.leaving || (resting.includes(this.state) && !this.starting)) this.asked++
    this.starting = true
    this.leaving = false
    return new Promise((resolve, reject) => (this.connecting ??= []).push({ resolve, reject }))
  }
  /** The engine is asked to end the connection. */
  whenDisconnected(): Promise<void> {
    this.leaving = true
    if (this.connecting !== undefined) this.overtaken = this.waiters()
    if (this.closed || (resting.includes(this.state) && !this.starting)) return Promise.resolve()
    return new Promise((resolve) => (this.disconnecting ??= []).push({ resolve, after: this.asked }))
  }

  get errors(): readonly HawserError[] {
    return (this.kept ??= [])
  }
  remember(error: HawserError): void {
    const kept = (this.kept ??= [])
    kept.push(error)
    if (kept.length > keptErrors) kept.shift()
  }
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

function errorOf({ error, close, state }: StateChange): HawserError | undefined {
  if (error !== undefined) {
    const code = authStatus[error.status] ?? error.code
    const words = error.detail === '' ? factsOf(code).message : `${factsOf(code).message} (${error.detail})`
    return new HawserError(code, words, {
      recoverable: error.recoverable,
      ...(error.detail === '' ? {} : { cause: new Error(error.detail) }),
      ...(error.status === 0 ? {} : { statusCode: error.status }),
    })
  }
  if (close === undefined || state === 'disconnected' || state === 'disconnecting') return undefined
  const said = close.reason === '' ? '' : `: ${close.reason}`
  return new HawserError('CONNECTION_CLOSED', `The server closed the connection with ${close.code}${said}`, {
    closeCode: close.code,
    recoverable: state === 'reconnecting',
  })
}
