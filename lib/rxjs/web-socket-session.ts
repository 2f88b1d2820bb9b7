// One life of a web socket subject: from its first subscriber to the end that they are all told of, over as many
// connections as reconnecting makes. A subject begins a new one afterwards; events of an old one never reach it.
//
//   connecting ──open──► open ──lost, worth another attempt──► waiting ──delay──► connecting
//       │                 │ complete(), error(), nobody left
//       │                 ▼
//       └──failed──►  closing ──close event──► ended
import { Subject, type Subscription, asyncScheduler } from 'rxjs'
import { HawserError, HawserTypeError } from '../core/error'
import { shown } from '../core/validate'
import { delayAfter } from './backoff'
import { type Channel, type Ending, type Entry, Outbox } from './outbox'
import { judge } from './reconnect'
import { OPEN, type SocketClose, type SocketLike, type SocketMessage, notify } from './socket-like'
import type { CheckedConfig } from './web-socket-config'

/** The subject that a session belongs to. */
export interface SessionHost<T> {
  readonly config: CheckedConfig<T>
  /** How the session stands; only the present one's counts. */
  stands(session: Session<T>, state: SessionState): void
  /** The session takes no more subscribers. `unsent` waits for the next one. */
  over(session: Session<T>, unsent: Outbox<T> | undefined): void
}
export type SessionState = 'connecting' | 'connected' | 'reconnecting' | 'disconnected' | 'failed'

export class Session<T> {
  readonly output = new Subject<T>()
  private phase: 'connecting' | 'open' | 'waiting' | 'closing' | 'ended' = 'connecting'
  private socket: SocketLike | undefined
  private openedAt = 0
  /** Attempts in a row that failed. */
  private failed = 0
  /** The error event of this socket. */
  private failure: unknown
  private timer: Subscription | undefined
  /** Streams that have greeted, to greet again on the next connection. */
  private readonly channels = new Set<Channel>()

  constructor(
    private readonly host: SessionHost<T>,
    private readonly outbox: Outbox<T>,
  ) {}

  // ------------------------------------------------------------------------------------------ what the subject calls

  dial(): void {
    this.phase = 'connecting'
    this.failure = undefined
    const { config } = this.host
    this.host.stands(this, this.failed === 0 ? 'connecting' : 'reconnecting')
    let socket: SocketLike
    try {
      socket = config.make(config.url(), config.protocol)
    } catch (error) {
      this.end({ error })
      return
    }
    this.socket = socket
    socket.onopen = (event: unknown) => this.opened(socket, event)
    socket.onmessage = (event: SocketMessage) => this.received(socket, event)
    socket.onerror = (event: unknown) => this.erred(socket, event)
    socket.onclose = (event: SocketClose) => this.closed(socket, event)
    if (config.binaryType === undefined) return
    try {
      socket.binaryType = config.binaryType
    } catch (error) {
      this.broken(error)
    }
  }

  post(entry: Entry<T>): void {
    if (this.phase === 'open') this.transmit(entry)
    else this.outbox.push(entry)
  }

  /** A stream ends. Its last words go where its greeting was heard, and nowhere else. */
  leave(channel: Channel, lastWords: unknown): void {
    this.channels.delete(channel)
    this.outbox.forget(channel)
    if (this.isOpen() && channel.on === this.socket) this.say(lastWords)
  }

  /** `complete()` and `error()` of the subject. What waits for the first connection goes out first. */
  finish(ending: Ending): void {
    if (this.phase === 'open') this.conclude(ending)
    else if (this.phase === 'connecting' && this.failed === 0) {
      this.outbox.ending ??= ending
      this.host.over(this, undefined)
    } else if (this.phase !== 'closing' && this.phase !== 'ended') {
      this.abandon()
      if (ending === 'complete' || isCloseCode(ending.error)) this.output.complete()
      else this.output.error(noCloseCode(ending.error))
    }
  }

  /** Nobody listens any more. */
  abandon(): void {
    const { phase } = this
    if (phase === 'closing' || phase === 'ended') return
    this.timer?.unsubscribe()
    this.outbox.drop()
    this.host.over(this, undefined)
    if (phase === 'waiting') this.phase = 'ended'
    else this.shut()
  }

  // ------------------------------------------------------------------------------------------------ from the socket

  private opened(socket: SocketLike, event: unknown): void {
    if (socket !== this.socket || this.phase !== 'connecting') {
      socket.close()
      return
    }
    this.phase = 'open'
    this.openedAt = asyncScheduler.now()
    this.host.stands(this, 'connected')
    notify(this.host.config.openObserver, event)
    for (const channel of [...this.channels]) this.greetAgain(channel)
    for (let entry = this.nextUp(); entry !== undefined; entry = this.nextUp()) this.transmit(entry)
    const { ending } = this.outbox
    if (ending !== undefined && this.isOpen()) this.conclude(ending)
  }

  private received(socket: SocketLike, event: SocketMessage): void {
    if (socket !== this.socket || this.phase === 'ended') return
    let value: T
    try {
      value = this.host.config.deserializer(event)
    } catch (error) {
      this.broken(error)
      return
    }
    this.output.next(value)
  }

  private erred(socket: SocketLike, event: unknown): void {
    if (socket !== this.socket || this.phase === 'closing' || this.phase === 'ended') return
    this.failure = event
    // Whether it is worth another attempt, the close event says, which follows.
    if (this.host.config.reconnect === undefined) this.end({ error: event })
  }

  private closed(socket: SocketLike, event: SocketClose): void {
    const { closeObserver, reconnect } = this.host.config
    const { phase } = this
    if (socket !== this.socket || phase === 'ended') {
      notify(closeObserver, event)
      return
    }
    this.socket = undefined
    if (phase === 'closing' || reconnect === undefined) {
      this.end(event.wasClean ? 'complete' : { error: event }, event)
      return
    }
    if (phase === 'open' && asyncScheduler.now() - this.openedAt >= reconnect.minUptime) this.failed = 0
    this.failed++
    const verdict = judge(reconnect, event, this.failure)
    if (verdict === 'complete') this.end('complete', event)
    else if (verdict === 'error') this.end({ error: this.failure ?? event }, event)
    else if (reconnect.maxAttempts > 0 && this.failed >= reconnect.maxAttempts) {
      this.end({ error: exhausted(this.failure ?? event) }, event)
    } else this.wait(Math.max(verdict.notBefore, delayAfter(this.failed, reconnect)), event)
  }

  private wait(delay: number, event: SocketClose): void {
    this.phase = 'waiting'
    this.host.stands(this, 'reconnecting')
    this.timer = asyncScheduler.schedule(() => this.dial(), delay)
    notify(this.host.config.closeObserver, event)
  }

  // -------------------------------------------------------------------------------------------------------- sending

  private isOpen(): boolean {
    return this.phase === 'open' && this.socket?.readyState === OPEN
  }

  private nextUp(): Entry<T> | undefined {
    return this.isOpen() ? this.outbox.shift() : undefined
  }

  private transmit(entry: Entry<T>): void {
    const { socket } = this
    const { value, channel } = entry
    // The peer is closing: it is for the next connection.
    if (socket?.readyState !== OPEN) {
      this.outbox.push(entry)
      return
    }
    if (channel === undefined) {
      this.write(value)
      return
    }
    channel.on = socket
    this.channels.add(channel)
    this.say(value)
  }

  private say(value: unknown): void {
    if (value !== undefined && value !== null) this.write(value as T)
  }
  private write(value: T): void {
    try {
      this.socket?.send(this.host.config.serializer(value) as never)
    } catch (error) {
      this.broken(error)
    }
  }

  private greetAgain(channel: Channel): void {
    let value: unknown
    try {
      value = channel.greeting()
    } catch (error) {
      this.channels.delete(channel)
      channel.failed(error)
      return
    }
    if (this.isOpen() && this.channels.has(channel)) this.transmit({ value: value as T, channel })
  }

  // --------------------------------------------------------------------------------------------------------- ending

  /** A value could not be written or read: the subscribers get the error, and the connection ends. */
  private broken(error: unknown): void {
    const { socket } = this
    this.end({ error })
    notify(this.host.config.closingObserver, undefined)
    socket?.close()
  }

  private conclude(ending: Ending): void {
    this.host.over(this, undefined)
    if (ending === 'complete') this.shut()
    else if (isCloseCode(ending.error)) this.shut(ending.error.code, ending.error.reason)
    else this.broken(noCloseCode(ending.error))
  }

  private shut(code?: number, reason?: string): void {
    const { socket } = this
    this.phase = 'closing'
    notify(this.host.config.closingObserver, undefined)
    if (code === undefined) {
      socket?.close()
      return
    }
    try {
      socket?.close(code, reason)
    } catch (error) {
      // No code that a program may send.
      this.end({ error })
      socket?.close()
    }
  }

  /** The end that the subscribers are told of; `event` is the close event that led to it. */
  private end(how: Ending, event?: SocketClose): void {
    if (this.phase === 'ended') return
    this.phase = 'ended'
    this.timer?.unsubscribe()
    this.channels.clear()
    this.outbox.forgetChannels()
    this.host.stands(this, how === 'complete' ? 'disconnected' : 'failed')
    // Before anybody is told, so that who subscribes again at once begins a new session.
    this.host.over(this, this.outbox)
    if (event !== undefined) notify(this.host.config.closeObserver, event)
    if (how === 'complete') this.output.complete()
    else this.output.error(how.error)
  }
}

function isCloseCode(error: unknown): error is { code: number; reason?: string } {
  return typeof (error as { code?: unknown } | null | undefined)?.code === 'number'
}

function noCloseCode(error: unknown): HawserTypeError {
  return new HawserTypeError(
    'INVALID_ARGUMENT',
    `\`error\` of a web socket subject takes what the connection is closed with, { code: number, reason?: string }, not ${shown(error)}`,
    error,
  )
}

function exhausted(cause: unknown): HawserError {
  return new HawserError(
    'RETRIES_EXHAUSTED',
    'So many attempts in a row have failed as `reconnect.maxAttempts` allows; `cause` is the last of them',
    { recoverable: false, cause },
  )
}
