// The streams of the waiting room. Each widget takes those that it needs, as often as it likes: all of them come over one
// connection, and widgets that want the same share one subscription of the client.
import type { WebSocketClient } from 'hawser'
import { fromClient, type ReactiveClient } from 'hawser/rxjs'
import {
  distinctUntilChanged,
  map,
  type Observable,
  scan,
  shareReplay,
  startWith,
  switchMap,
  timer,
} from 'rxjs'
import type { Board, Happening, QueueProtocol, Ticket } from '../protocol/queue'
import { type Place, placeOf } from './model'

/** Seconds that the chart shows. */
export const chartSeconds = 120

export class WaitingRoom {
  private readonly live: ReactiveClient<QueueProtocol>
  /** The line as it is. Who subscribes late gets the latest at once. */
  readonly board$: Observable<Board>
  readonly connected$: Observable<boolean>
  readonly state$: Observable<string>

  constructor(
    make: () => WebSocketClient<QueueProtocol>,
    readonly name: string,
  ) {
    this.live = fromClient(() => {
      const client = make()
      // The hub sends the board to whoever comes in, so also after each reconnect. A refusal is an error of the client.
      client.joinRoom('queue').catch(() => undefined)
      return client
    })
    this.board$ = this.live.messagesOfType('queue.board').pipe(
      map(({ payload }) => payload),
      shareReplay({ bufferSize: 1, refCount: true }),
    )
    this.connected$ = this.live.isConnected$
    this.state$ = this.live.connectionState$
  }

  /** Where I am. */
  get place$(): Observable<Place> {
    const same = (one: Place, other: Place) => JSON.stringify(one) === JSON.stringify(other)
    return this.board$.pipe(
      map((board) => placeOf(board, this.name)),
      distinctUntilChanged(same),
    )
  }

  /** The latest of what happened, newest first. */
  happenings$(most: number): Observable<readonly Happening[]> {
    return this.live.messagesOfType('queue.event').pipe(
      scan((list: readonly Happening[], { payload }) => [payload, ...list].slice(0, most), []),
      startWith([]),
    )
  }

  /** The length of the line, once a second, for a chart. */
  get lengths$(): Observable<readonly number[]> {
    return this.board$.pipe(
      map(({ waiting }) => waiting.length),
      switchMap((length) => timer(0, 1000).pipe(map((tick) => ({ length, tick })))),
      // The first value after a change replaces the one of this second, so that the axis stays that of time.
      scan((list: readonly number[], { length, tick }) => {
        const before = tick === 0 ? list.slice(0, -1) : list
        return [...before, length].slice(-chartSeconds)
      }, []),
    )
  }

  get errors$() {
    return this.live.errors$
  }
  get client(): WebSocketClient<QueueProtocol> | undefined {
    return this.live.client
  }

  take(): Observable<Ticket> {
    return this.live.request$('queue.take', null)
  }
  leave(): Observable<boolean> {
    return this.live.request$('queue.leave', null)
  }
  call(desk: number): Observable<Ticket | null> {
    return this.live.request$('queue.call', { desk })
  }
  finish(desk: number): Observable<boolean> {
    return this.live.request$('queue.finish', { desk })
  }
  invite(guests: number): Observable<number> {
    return this.live.request$('queue.invite', { guests })
  }
}
