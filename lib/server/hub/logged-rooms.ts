// All rooms of a hub whose messages go through a log: what they share, and what they may hold together.
import { HawserError } from '../../core/error'
import type { RoomEntry, RoomLog } from './adapter'
import { type LogKeeper, LoggedRoom, type RoomFeed } from './logged-room'
import type { NodeLink } from './node-link'
import type { CheckedBounds } from './transport'

/** Rooms that read at the same time. */
const mostSlots = 64
/** Characters that wait for the log: above the first, `send` answers false; above the second, nothing is taken. */
const highWater = 1_048_576
const mostWaiting = 67_108_864

export interface KeeperHost {
  readonly link: NodeLink
  report(error: Error): void
  after(milliseconds: number, run: () => void): void
  /** Senders may go on. */
  drained(): void
}

export class LoggedRooms implements LogKeeper {
  private readonly rooms = new Map<string, LoggedRoom>()
  private readonly waiters: (() => void)[] = []
  private running = 0
  private numbers = 0
  private characters = 0
  private full = false
  private outage = 0
  private over = false
  private idle: (() => void) | undefined
  /** Messages that only this node's members got. */
  lost = 0

  constructor(
    readonly log: RoomLog,
    private readonly host: KeeperHost,
    private readonly patience: number,
  ) {
    this.disconnected()
  }

  open(name: string, bounds: CheckedBounds, feed: RoomFeed): LoggedRoom {
    const room = new LoggedRoom(name, bounds, this, feed)
    this.rooms.set(name, room)
    return room
  }
  close(room: LoggedRoom): void {
    if (this.rooms.get(room.name) === room) this.rooms.delete(room.name)
    room.end()
  }

  // ------------------------------------------------------------------------------------------------------- the broker

  entries(room: string, entries: readonly RoomEntry[]): void {
    this.rooms.get(room)?.entries(entries)
  }
  connected(): void {
    this.over = false
    for (const room of this.rooms.values()) room.connected()
  }
  disconnected(): void {
    const outage = ++this.outage
    this.over = false
    this.after(this.patience, () => {
      if (outage !== this.outage || this.reached()) return
      this.over = true
      for (const room of this.rooms.values()) room.giveUp()
    })
  }
  reached(): boolean {
    return this.host.link.awaySince === 0
  }
  givenUp(): boolean {
    return this.over
  }

  // --------------------------------------------------------------------------------------------------------- what waits

  /** Throws BACKPRESSURE_EXCEEDED. */
  check(): void {
    if (this.characters <= mostWaiting) return
    throw new HawserError(
      'BACKPRESSURE_EXCEEDED',
      'Nothing was sent: too much waits for the log of rooms. Send less, or wait after `send` returned false',
    )
  }
  get crowded(): boolean {
    return this.full
  }
  get waits(): number {
    return this.characters
  }
  waiting(characters: number): void {
    this.characters += characters
    if (this.characters > highWater) this.full = true
    else if (this.full && this.characters <= highWater / 2) {
      this.full = false
      this.host.drained()
    }
    if (this.characters === 0) this.idle?.()
  }
  uncarried(messages: number): void {
    this.lost += messages
  }
  notCarried(): Error {
    return new HawserError(
      'BROKER_UNAVAILABLE',
      'The message reached only the members on this node, since the broker is away',
    )
  }
  nextNumber(): number {
    return ++this.numbers
  }
  report(error: Error): void {
    this.host.report(error)
  }
  after(milliseconds: number, run: () => void): void {
    this.host.after(milliseconds, run)
  }

  async slot<T>(run: () => Promise<T>): Promise<T> {
    if (this.running >= mostSlots) await new Promise<void>((resolve) => this.waiters.push(resolve))
    else this.running++
    try {
      return await run()
    } finally {
      const next = this.waiters.shift()
      if (next === undefined) this.running--
      else next()
    }
  }

  /** Ends all rooms, once what they have to say is appended, or after so many milliseconds. */
  async end(milliseconds: number): Promise<void> {
    if (this.characters > 0 && this.reached()) await this.emptied(milliseconds)
    for (const room of this.rooms.values()) room.end()
    this.rooms.clear()
  }

  private async emptied(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.idle = resolve
      timer = setTimeout(resolve, milliseconds)
    })
    clearTimeout(timer)
  }
}
