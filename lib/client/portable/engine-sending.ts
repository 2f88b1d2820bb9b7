// What the program sends through the portable engine, and what has to keep its place among that. As long as nothing was sent,
// a page has not loaded what it takes.
import type { EngineSend, QueuedMessage, Settlement } from '../engine'
import type { CheckedStore } from '../shared-options'
import { EngineTurns, overhead } from './engine-turns'
import type { Waiting } from './loading'
import { type PartName, part } from './parts'
import { sizeOf } from './size'

export abstract class EngineSending extends EngineTurns {
  /** The program has asked for the end of a connection, so the next one begins behind that. */
  protected turned = false
  /** What became of a message that nobody waits for: the same for all of them. */
  private readonly gaveUp = (how: Settlement): void => this.dropped(how)

  abstract settled(token: number, how: Settlement): void
  /** A message that nobody waits for was given up. */
  abstract dropped(why: Settlement): void

  get catchesUp(): boolean {
    return this.sendLine.since !== undefined
  }
  /** Behind all that was asked for before. */
  protected inTurn(step: () => void): void {
    this.turned = true
    this.call(() => this.sendLine.run(step))
  }

  send(message: EngineSend): true | false | 'full' {
    const { data: given, durable, link, requestTimeout, shape, token } = message
    // The program may change its bytes as soon as this returns.
    const data = typeof given === 'string' ? given : new Uint8Array(given)
    const own = { ...message, data }
    const step = (): void => {
      if (durable && this.durable !== undefined) this.durable.put(own)
      else this.core.sender().send(own, this.sendLine.since ?? this.now())
    }
    return this.later(shape === undefined ? 'sending' : 'shaping', step, {
      bytes: sizeOf(data) + overhead,
      within: requestTimeout,
      over: token === 0 ? undefined : (how) => this.settled(token, how),
      past: link !== 0,
    })
  }
  later(
    name: PartName,
    step = (): void => undefined,
    { past = false, bytes, within, over }: Waiting & { past?: boolean } = {},
  ): true | false | 'full' {
    const { queue, highWaterMark, maxBackpressure } = this.options
    // Without a connection the queue decides what gives way; with one nothing shall be lost.
    const most = this.core.ready ? Math.min(maxBackpressure, queue.maxBytes) : maxBackpressure
    const after = this.bufferedAmount + (bytes ?? 0)
    // What has waited was taken before.
    if (!past && !this.catchesUp && (this.disposed || (bytes !== undefined && after > most))) return 'full'
    this.sendLine.need('sending')
    this.sendLine.need(name)
    this.call(step, this.sendLine, {
      bytes,
      within,
      over: over ?? (bytes === undefined ? undefined : this.gaveUp),
    })
    // From where `drained()` would wait.
    if (after > highWaterMark / 2) this.armed = true
    return after <= highWaterMark
  }

  cancel(token: number): void {
    this.call(() => this.core.sending?.cancel(token, this.now()), this.sendLine)
  }
  refused(id: string): void {
    this.call(() => this.core.sending?.onAck(id, this.now(), 0), this.sendLine)
  }
  rooms(wanted: boolean, link: number): void {
    this.call(() => {
      if (wanted)
        this.positions ??= new (part('rooms').Positions)(this.options.layout, (message) =>
          this.tell((events) => events.control(message)),
        )
      this.core.sender().wantRooms(wanted, link, this.now())
    }, this.sendLine)
  }
  clearQueue(): void {
    this.call(() => this.core.sending?.clearQueue(this.now()), this.sendLine)
  }
  queue(limit: number): Promise<QueuedMessage[]> {
    return new Promise((resolve) =>
      this.sendLine.run(() => resolve(this.core.sending?.queue.snapshot(this.now(), limit) ?? []), {
        over: () => resolve([]),
      }),
    )
  }
  protected openStore(): void {
    const { queue } = this.options
    this.durable = new (part('store').Durable)(queue, queue.store as CheckedStore, this.core.sender(), {
      now: () => this.now(),
      settled: (token, how) => this.settled(token, how),
      failed: (detail) => this.outbox.push((told) => told.storeFailed(detail)),
      turn: (step) => this.turn(step),
    })
  }
}
