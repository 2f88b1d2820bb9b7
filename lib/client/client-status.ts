// Where a client stands: its state, what led to it, its errors, and who waits for a state.
import { HawserError } from '../core/error'
import { errorOf } from './connection-errors'
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

/** Is asked at each change, with the error that came of it, whether it waits on. */
type Waiter = (error: HawserError | undefined) => boolean

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
  private waiting: Waiter[] | undefined
  /** The program has asked for a connection, and the engine has not said yet that it heard. */
  private starting = false
  /** The last that the program asked for was the end of the connection. */
  private leaving = false
  /** How often it has asked for that. */
  private leavings = 0
  /** Beginnings (`connecting`) that the program has asked for, and those that the engine has told of. */
  private asked = 0
  private begun = 0

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
    const { state } = change
    this.state = state
    this.attempt = change.attempt
    this.delay = change.delay
    if (change.endpoint >= 0) this.endpoint = change.endpoint
    const error = errorOf(change)
    if (state === 'connected') {
      this.protocol = change.protocol
      this.lastConnected = Date.now()
    }
    this.error = state === 'reconnecting' || state === 'failed' ? (error ?? this.error) : undefined
    if (!this.rests) this.starting = false
    if (state === 'connecting') this.begun++
    return error
  }

  /** Settles those who wait for the state; after the listeners have been told. */
  tell(error?: HawserError): void {
    const left = this.waiting?.filter((waits) => waits(error)) ?? []
    this.waiting = left.length > 0 ? left : undefined
  }

  /** The client is gone for good. */
  end(): void {
    this.closed = true
    if (this.state !== 'failed') this.state = 'disconnected'
    this.tell()
  }

  private get rests(): boolean {
    return resting.includes(this.state)
  }
  /** Nor is it to do anything else. */
  private get idles(): boolean {
    return this.rests && !this.starting
  }
  /** Connected, and no `disconnect()` on its way. */
  get settled(): boolean {
    return this.state === 'connected' && !this.leaving
  }
  /** The engine is asked for a connection: the next one is waited for. */
  whenConnected(): Promise<void> {
    // Where it is under way already, it does not begin anew.
    if (this.leaving || this.idles) this.asked++
    this.starting = true
    this.leaving = false
    const { leavings } = this
    return new Promise((resolve, reject) => {
      this.wait((error) => {
        const { state } = this
        if (state === 'connected') resolve()
        else if (state === 'failed') reject(error ?? this.error ?? new HawserError('CONNECTION_FAILED'))
        else if (state === 'disconnected' && (this.closed || leavings < this.leavings))
          reject(new HawserError('ABORTED', '`disconnect()` was called before the client was connected'))
        // Who asked after that `disconnect()` is yet to be served.
        else return true
        return false
      })
    })
  }
  /** The engine is asked to end the connection. */
  whenDisconnected(): Promise<void> {
    this.leaving = true
    this.leavings++
    if (this.closed || this.idles) return Promise.resolve()
    const { asked } = this
    return new Promise((resolve) => {
      this.wait(() => {
        // A rest before the last beginning is that of an earlier connection.
        const early = !this.rests || (!this.closed && asked > this.begun)
        if (!early) resolve()
        return early
      })
    })
  }
  private wait(waiter: Waiter): void {
    ;(this.waiting ??= []).push(waiter)
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
