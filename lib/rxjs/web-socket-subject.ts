// A connection as a subject: what webSocket() makes, whatever the class of its sockets.
import {
  BehaviorSubject,
  Observable,
  type Observer,
  Subject,
  type Subscription,
  asyncScheduler,
  distinctUntilChanged,
  map,
} from 'rxjs'
import type { ClientStateName } from '../client/engine'
import { HawserError } from '../core/error'
import { type Channel, type Ending, type Entry, Outbox } from './outbox'
import { notify } from './socket-like'
import type { CheckedConfig } from './web-socket-config'
import { Session, type SessionHost } from './web-socket-session'

/**
 * A connection as a subject: subscribing connects, what is `next`ed is sent, all subscribers share one connection, and
 * it closes when the last one leaves.
 */
export abstract class SocketSubject<T> extends Subject<T> {
  /** The states of a managed client; begins with the present one. Subscribing does not connect. */
  readonly connectionState$: Observable<ClientStateName>
  /** Whether there is a connection; begins with the present state. Subscribing does not connect. */
  readonly isConnected$: Observable<boolean>
  private readonly states = new BehaviorSubject<ClientStateName>('idle')
  private readonly stream: Observable<T>
  private readonly host: SessionHost<T>
  private session: Session<T> | undefined
  private outbox: Outbox<T>
  /** Ends the session, once it has no subscribers for so long. */
  private leaving: Subscription | undefined

  constructor(private readonly config: CheckedConfig<T>) {
    super()
    this.outbox = this.emptyOutbox()
    this.host = this.makeHost()
    this.connectionState$ = this.states.pipe(distinctUntilChanged())
    this.isConnected$ = this.states.pipe(
      map((state) => state === 'connected'),
      distinctUntilChanged(),
    )
    this.stream = new Observable((subscriber) => {
      const session = this.session ?? this.begin()
      this.leaving?.unsubscribe()
      session.output.subscribe(subscriber)
      return () => this.left(session)
    })
  }

  override get observed(): boolean {
    return this.session?.output.observed ?? false
  }

  override subscribe(observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null): Subscription
  /** @deprecated As in RxJS: give an observer instead of several functions. */
  override subscribe(
    next?: ((value: T) => void) | null,
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in RxJS
    error?: ((error: any) => void) | null,
    complete?: (() => void) | null,
  ): Subscription
  override subscribe(...args: unknown[]): Subscription {
    if (this.closed) {
      throw new HawserError('INVALID_STATE', 'The subject was ended by `unsubscribe()`: make another')
    }
    return this.stream.subscribe(...(args as [Partial<Observer<T>>]))
  }

  /** Sends, or lets it wait for the connection. */
  override next(value: T): void {
    this.post({ value })
  }

  /** Closes with `{ code, reason }`; the subscribers are told when the connection is closed. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in RxJS
  override error(error: any): void {
    this.finish({ error: error as unknown })
  }

  /** Closes; the subscribers complete when the connection is closed. What waits goes out first. */
  override complete(): void {
    this.finish('complete')
  }

  /** Closes the connection; the subject cannot be used any more. */
  override unsubscribe(): void {
    this.session?.abandon()
    super.unsubscribe()
  }

  /**
   * One of several streams over the connection. Subscribing sends what `subMsg` returns, also on each connection that
   * follows by itself; the end of it sends what `unsubMsg` returns, where the server knows of the stream. Null and
   * undefined send nothing.
   * @param messageFilter which messages are the stream's.
   */
  multiplex(
    subMsg: () => unknown,
    unsubMsg: () => unknown,
    messageFilter: (value: T) => boolean,
  ): Observable<T> {
    return new Observable((subscriber) => {
      const greeting = subMsg()
      const failed = (error: unknown): void => subscriber.error(error)
      const channel: Channel = { greeting: subMsg, failed, on: undefined }
      this.post({ value: greeting as T, channel })
      const mine = this.subscribe({
        next: (value) => {
          let wanted: boolean
          try {
            wanted = messageFilter(value)
          } catch (error) {
            subscriber.error(error)
            return
          }
          if (wanted) subscriber.next(value)
        },
        error: failed,
        complete: () => subscriber.complete(),
      })
      return () => {
        try {
          this.leave(channel, unsubMsg())
        } finally {
          mine.unsubscribe()
        }
      }
    })
  }

  // ------------------------------------------------------------------------------------------------------- sessions

  private begin(): Session<T> {
    const { outbox } = this
    this.outbox = this.emptyOutbox()
    const session = new Session(this.host, outbox)
    this.session = session
    session.dial()
    return session
  }

  private left(session: Session<T>): void {
    if (session.output.observed) return
    if (this.config.linger === 0 || session !== this.session) session.abandon()
    else this.leaving = asyncScheduler.schedule(() => session.abandon(), this.config.linger)
  }

  private post(entry: Entry<T>): void {
    if (this.closed) return
    if (this.session === undefined) this.outbox.push(entry)
    else this.session.post(entry)
  }

  private leave(channel: Channel, lastWords: unknown): void {
    this.outbox.forget(channel)
    this.session?.leave(channel, lastWords)
  }

  private finish(ending: Ending): void {
    if (this.closed) return
    if (this.session === undefined) this.outbox.ending ??= ending
    else this.session.finish(ending)
  }

  private emptyOutbox(): Outbox<T> {
    return new Outbox<T>(this.config.queue, (value) => notify(this.config.droppedObserver, value))
  }

  private makeHost(): SessionHost<T> {
    return {
      config: this.config,
      stands: (session, state) => {
        if (session === this.session) this.states.next(state)
      },
      over: (session, unsent) => {
        if (session !== this.session) {
          unsent?.drop()
          return
        }
        this.session = undefined
        this.leaving?.unsubscribe()
        if (unsent !== undefined) this.outbox = unsent
        if (this.states.value !== 'failed') this.states.next('disconnected')
      },
    }
  }
}
