// The client behind streams: lent by the program, or made for the first subscriber and closed behind the last.
import {
  BehaviorSubject,
  Observable,
  Subject,
  type Subscription,
  asyncScheduler,
  distinctUntilChanged,
  map,
} from 'rxjs'
import type { ConnectionInfo } from '../client/client-status'
import type { ClientStateName } from '../client/engine'
import type { ProtocolMap } from '../client/protocol-map'
import type { WebSocketClient } from '../client/websocket-client'
import type { HawserError } from '../core/error'

/** A client in use. */
export interface Lease<P extends ProtocolMap> {
  readonly client: WebSocketClient<P>
  /** Ends the use; to be called once. */
  readonly release: () => void
}

export interface ClientSource<P extends ProtocolMap> {
  /** The present client, if there is one. */
  readonly client: WebSocketClient<P> | undefined
  readonly state$: Observable<ClientStateName>
  readonly errors$: Observable<HawserError>
  acquire(): Lease<P>
}

/** A client that is the program's: it connects and closes it. */
export function lent<P extends ProtocolMap>(client: WebSocketClient<P>): ClientSource<P> {
  return {
    client,
    state$: new Observable<ClientStateName>((subscriber) => {
      subscriber.next(client.state)
      return client.onStateChange((state) => subscriber.next(state))
    }).pipe(distinctUntilChanged()),
    errors$: new Observable((subscriber) => {
      const listener = (error: HawserError): void => subscriber.next(error)
      client.on('error', listener)
      return () => void client.off('error', listener)
    }),
    acquire: () => ({ client, release: () => undefined }),
  }
}

interface Made<P extends ProtocolMap> {
  readonly client: WebSocketClient<P>
  users: number
  /** Closes it, once it has no users for so long. */
  leaving: Subscription | undefined
}

/** Clients that `make` makes, one at a time. */
export class OwnClients<P extends ProtocolMap> implements ClientSource<P> {
  readonly state$: Observable<ClientStateName>
  readonly errors$: Observable<HawserError>
  private readonly states = new BehaviorSubject<ClientStateName>('idle')
  private readonly errors = new Subject<HawserError>()
  /** New users get this one; a client that failed or ended is nobody's any more but those who have it. */
  private present: Made<P> | undefined
  /** The one that `states` tells of. */
  private latest: Made<P> | undefined

  constructor(
    private readonly make: () => WebSocketClient<P>,
    private readonly linger: number,
  ) {
    this.state$ = this.states.pipe(distinctUntilChanged())
    this.errors$ = this.errors.asObservable()
  }

  get client(): WebSocketClient<P> | undefined {
    return this.present?.client
  }

  acquire(): Lease<P> {
    const made = this.present ?? this.begin()
    made.users++
    made.leaving?.unsubscribe()
    return { client: made.client, release: () => this.release(made) }
  }

  private begin(): Made<P> {
    const made: Made<P> = { client: this.make(), users: 0, leaving: undefined }
    const { client } = made
    this.present = made
    this.latest = made
    // The first of all listeners: who subscribes again at once because of what follows gets a new client.
    client.onStateChange((state: ClientStateName, _info: ConnectionInfo) => {
      if (state === 'failed' || state === 'disconnected') {
        if (this.present === made) this.present = undefined
        // Nothing is left to wait for.
        if (made.users === 0) this.leave(made)
      }
      if (this.latest === made) this.states.next(state)
    })
    client.on('error', (error) => this.errors.next(error))
    // Its failure is told as a state.
    client.connect().catch(() => undefined)
    return made
  }

  private release(made: Made<P>): void {
    if (--made.users > 0) return
    // Behind the present turn at the earliest: `switchMap` leaves one stream before it enters the next.
    made.leaving = asyncScheduler.schedule(() => this.leave(made), this.linger)
  }

  private leave(made: Made<P>): void {
    made.leaving?.unsubscribe()
    if (this.present === made) this.present = undefined
    void made.client.close()
  }
}

export function isConnected(state$: Observable<ClientStateName>): Observable<boolean> {
  return state$.pipe(
    map((state) => state === 'connected'),
    distinctUntilChanged(),
  )
}
