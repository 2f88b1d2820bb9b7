// When the portable engine does its work, and when it tells of it: steps of the program, of sockets and of the timer come
// one by one; what they have to tell waits until they are done.
//
//   call ─► read what waits ─► step ─► settle, a microtask later ─┐
//   turn ─► read what waits ─► step ─► settle ────────────────────┴─► tell the client ─► plan the timer
import type { EngineEvents, Settlement } from '../engine'
import type { Alarm } from './alarm'
import type { ClientCore } from './client-core'
import type { Departures } from './departures'
import type { Durable } from './durable'
import type { Links } from './links'
import type { Loading, Waiting } from './loading'
import { never } from './never'
import type { PortableOptions } from './portable-options'
import type { Positions } from './positions'
import type { Reading } from './reading'
import { RouteSet } from './route-set'

/** What a message weighs beside its bytes: as in the native engine. */
export const overhead = 8
/** What closes in the end is not waited for longer, where the program has set no limit. */
const usualWait = 10_000

export abstract class EngineTurns {
  // What takes the steps: the engine makes it.
  protected core!: ClientCore
  /** As soon as its part is there. */
  protected reading: Reading | undefined
  protected links!: Links
  /** What connecting needs, and reading. */
  protected loading!: Loading
  /** What sending needs: neither connecting nor reading waits for that. */
  protected sendLine!: Loading
  protected alarm!: Alarm
  protected durable: Durable | undefined
  /** Once something was sent. */
  protected departures: Departures | undefined
  readonly routes = new RouteSet({
    message: (routes, message) => this.deliver((events) => events.message(routes, message as object)),
    batch: (route, messages) => this.deliver((events) => events.batch(route, messages)),
  })
  /** Once the program has joined a room. */
  positions: Positions | undefined
  /** Messages, and the like, that the program was handed. */
  protected delivered = 0
  /** What the client is to be told, in order. */
  protected readonly outbox: ((events: EngineEvents) => void)[] = []
  protected readonly dropped_ = new Map<Settlement, number>()
  private telling = false
  /** Something happened that may change what is to be done, and when: more than a message for the program. */
  protected stirred = true
  private due = false
  protected armed = false
  protected disposed = false
  protected finished = false
  private closeBy = never
  private durableClosed = false

  constructor(
    protected readonly options: PortableOptions,
    readonly events: EngineEvents,
  ) {}

  protected now(): number {
    return performance.now()
  }
  time(): number {
    this.stirred = true
    return this.now()
  }
  tell(event: (events: EngineEvents) => void): void {
    this.outbox.push(event)
  }
  deliver(event: (events: EngineEvents) => void): void {
    this.delivered++
    this.tell(event)
  }

  get bufferedAmount(): number {
    const { bytes = 0, messages = 0 } = this.core.sending?.inside ?? {}
    const { waiting = 0, waitingBytes = 0 } = this.durable ?? {}
    return this.core.ended ? 0 : bytes + waitingBytes + this.sendLine.bytes + (messages + waiting) * overhead
  }

  /** A call of the program's: what follows is told a little later, never inside the call. */
  protected call(step: () => void, line = this.loading, how?: Waiting): void {
    if (this.finished) return
    this.stirred = true
    this.reading?.read()
    line.run(step, how)
    if (this.due) return
    this.due = true
    queueMicrotask(() => {
      this.due = false
      this.settle()
    })
  }
  /** Something happened outside. */
  turn(step: () => void): void {
    if (this.finished) return
    this.stirred = true
    this.reading?.read()
    step()
    this.settle()
  }

  settle(): void {
    if (this.telling || this.finished) return
    // Most turns are a message for the program and no more.
    const stirred = this.stirred || (this.departures?.lookAt ?? never) < never
    if (stirred) {
      this.stirred = this.disposed
      // What the platform has let go makes room for what the store has left.
      this.departures?.lookNow()
      this.durable?.refill()
      // What cannot be loaded now is not waited for at the end.
      if (this.disposed && (this.loading.failing || this.sendLine.failing)) {
        this.core.end(this.now())
        this.sendLine.giveUp()
      }
      if (this.disposed && this.core.left(this.now())) this.leave()
      for (const [why, count] of this.dropped_) this.outbox.push((told) => told.dropped(count, why))
      this.dropped_.clear()
      if (this.armed && this.bufferedAmount <= this.options.highWaterMark / 2) {
        this.armed = false
        this.outbox.push((told) => told.drain())
      }
    }
    this.telling = true
    try {
      for (let tell = this.outbox.shift(); tell !== undefined; tell = this.outbox.shift()) tell(this.events)
    } finally {
      this.telling = false
      if (this.outbox.length > 0 || this.dropped_.size > 0) this.call(() => undefined)
    }
    if (stirred || this.stirred) this.plan()
  }

  protected get lastWait(): number {
    return this.options.closeTimeout || usualWait
  }
  /** All is out or given up: the last things to do before the client is gone. */
  private leave(): void {
    if (this.closeBy === never) {
      this.closeBy = this.now() + this.lastWait
      this.routes.flush(this.now())
      this.reading?.lookAway()
      const stored = this.durable?.close() ?? Promise.resolve()
      void stored.then(() => {
        this.durableClosed = true
        this.turn(() => undefined)
      })
    }
    if (!this.durableClosed || (this.links.count > 0 && this.now() < this.closeBy)) return
    this.outbox.push((told) => {
      this.finished = true
      this.alarm.stop()
      this.loading.giveUp()
      told.closed()
    })
  }

  private plan(): void {
    if (this.finished) return
    const now = this.now()
    const due = Math.min(
      this.core.deadline,
      this.routes.deadline,
      this.departures?.deadline(now) ?? never,
      this.disposed ? this.closeBy : never,
    )
    this.alarm.set(due, now)
  }
}
