// A room whose messages go through the log of an adapter: what this node appends to it, and how far it has followed it.
//
//            enter()                 synced                 broker away, `patience` over
//   quiet ───────────► loading ───────────────► live ────────────────────────► alone
//     appends only        ▲  members wait         appends wait for the log        members get what this node says, under an
//                         └──────────────────────────────────────────────────────  epoch of its own; it counts as uncarried
//                                      the broker is back: begin another epoch where something was uncarried, read on
import type { HawserError } from '../../core/error'
import type { RoomEntry, RoomLog, RoomPage, RoomPlace } from './adapter'
import { RoomCursor, type Taken } from './room-cursor'
import type { CheckedBounds } from './transport'

/** What is done with a room's messages here. */
export interface RoomFeed {
  /** What the log held when the room was entered. */
  load(page: RoomPage): void
  /** Delivers a message of the log to the members. Throws BACKPRESSURE_EXCEEDED: it is read again later. */
  deliver(entry: RoomEntry): void
  /** The log stands here, whatever was delivered before. */
  stand(place: RoomPlace): void
  /** Delivers a message of this node under an epoch of its own. */
  deliverAlone(text: string): void
}

/** What all logged rooms of a hub share. */
export interface LogKeeper {
  readonly log: RoomLog
  reached(): boolean
  /** Whether the broker is away for longer than members should wait. */
  givenUp(): boolean
  /** So many characters more wait to be appended. */
  waiting(characters: number): void
  uncarried(messages: number): void
  /** What senders hear whose message was not carried. */
  notCarried(): Error
  /** Different for each call of `append`. */
  nextNumber(): number
  report(error: Error): void
  after(milliseconds: number, run: () => void): void
  /** Runs it when few others do. */
  slot<T>(run: () => Promise<T>): Promise<T>
}

interface Outgoing {
  text: string
  done: ((error: Error | undefined) => void) | undefined
}

/** Texts and characters of one `append`. */
const mostTexts = 256
const mostCharacters = 262_144
/** Entries of one `read`. */
const mostRead = 1000
/** Milliseconds: after an answer that says that the broker cannot yet; until what was appended has to have come back. */
const retryDelay = 100
const echoDelay = 1000

export class LoggedRoom {
  private phase: 'quiet' | 'loading' | 'live' | 'alone' = 'quiet'
  private readonly cursor = new RoomCursor()
  private queue: Outgoing[] = []
  /** Of them, so many are on their way; they go again under their number when nobody knows what became of them. */
  private flying = 0
  private asking = false
  private number = 0
  private syncing: Promise<void> | undefined
  private again = false
  private loaded = false
  private watching = false
  private ended = false
  private uncarried = 0
  private settle: (() => void) | undefined
  /** Until members may come. */
  ready: Promise<void> | undefined

  constructor(
    readonly name: string,
    private readonly bounds: CheckedBounds,
    private readonly keeper: LogKeeper,
    private readonly feed: RoomFeed,
  ) {}

  /** Whether it has something to do, or to remember. */
  get busy(): boolean {
    return this.queue.length > 0 || this.uncarried > 0
  }

  /** There are going to be members. Sets `ready` where they have to wait. */
  enter(): void {
    if (this.phase !== 'quiet') return
    this.phase = 'loading'
    this.ready = new Promise((resolve) => (this.settle = resolve))
    if (this.keeper.reached()) void this.sync()
    else if (this.keeper.givenUp()) this.giveUp()
  }

  private settled(): void {
    this.settle?.()
    this.settle = this.ready = undefined
  }

  // ----------------------------------------------------------------------------------------------------------- appends

  append(text: string, done?: (error: Error | undefined) => void): void {
    this.queue.push({ text, done })
    this.keeper.waiting(text.length)
    if (!this.keeper.reached() && this.keeper.givenUp()) this.giveUp()
    else this.flush()
  }

  private flush(): void {
    const { queue, keeper } = this
    if (this.asking || queue.length === 0 || !keeper.reached() || this.ended) return
    // Behind what was uncarried the log begins another epoch first.
    if (this.uncarried > 0 || (this.phase !== 'live' && this.phase !== 'quiet')) {
      if (this.syncing === undefined) void this.sync()
      return
    }
    if (this.flying === 0) {
      let characters = 0
      while (this.flying < Math.min(queue.length, mostTexts) && characters < mostCharacters) {
        characters += queue[this.flying++].text.length
      }
      this.number = keeper.nextNumber()
    }
    this.asking = true
    const texts = queue.slice(0, this.flying).map(({ text }) => text)
    keeper.log.append(this.name, texts, this.number, this.bounds).then(
      (place) => {
        this.asking = false
        this.expect(place)
        this.take(this.flying, undefined)
        this.flush()
      },
      (error: unknown) => this.notAppended(error as HawserError),
    )
  }

  private notAppended(error: HawserError): void {
    this.asking = false
    if (this.ended) return
    if (error.code !== 'BROKER_UNAVAILABLE') {
      // Nobody gets it, here or elsewhere, so the order stays one.
      this.keeper.report(error)
      this.take(this.flying, error)
      this.flush()
    } else if (!this.keeper.reached()) {
      if (this.keeper.givenUp()) this.giveUp()
    } else this.keeper.after(retryDelay, () => this.flush())
  }

  /** The oldest of the queue are done with. */
  private take(count: number, error: Error | undefined): Outgoing[] {
    const taken = this.queue.splice(0, count)
    this.flying = 0
    for (const { text, done } of taken) {
      this.keeper.waiting(-text.length)
      done?.(error)
    }
    return taken
  }

  /** What was appended comes back as an entry; if it does not, it is read. */
  private expect(place: RoomPlace): void {
    const behind = (): boolean => {
      const { place: own } = this.cursor
      return this.phase === 'live' && (own?.epoch !== place.epoch || own.offset < place.offset)
    }
    if (this.watching || !behind()) return
    this.watching = true
    this.keeper.after(echoDelay, () => {
      this.watching = false
      if (behind()) void this.sync()
    })
  }

  // --------------------------------------------------------------------------------------------------------- following

  /** Entries that came by themselves. */
  entries(entries: readonly RoomEntry[]): void {
    if (this.phase !== 'live' && this.syncing === undefined) return
    const taken = this.cursor.push(entries)
    if (!this.deliver(taken.entries) || taken.more) void this.sync()
  }

  /** False: not all was taken. */
  private deliver(entries: readonly RoomEntry[]): boolean {
    for (const entry of entries) {
      try {
        this.feed.deliver(entry)
      } catch (error) {
        if ((error as HawserError).code === 'BACKPRESSURE_EXCEEDED') {
          // The I/O threads have too much to do: it is read again.
          this.cursor.place = { epoch: entry.epoch, offset: entry.offset - 1 }
          return false
        }
        this.keeper.report(error as Error)
      }
    }
    return true
  }

  /** The broker is reached: for the first time or again. */
  connected(): void {
    if (this.phase === 'quiet' && this.uncarried === 0) this.flush()
    else void this.sync()
  }

  /** Reads what is missing. Resolves when all that was there at the call is here, or cannot be had now. */
  async refresh(): Promise<void> {
    // One that has begun may have read already.
    if (this.syncing !== undefined) await this.syncing
    if (this.phase === 'live' && this.keeper.reached()) await this.sync()
  }

  private sync(): Promise<void> {
    if (this.syncing !== undefined) {
      this.again = true
      return this.syncing
    }
    const one = this.keeper
      .slot(() => this.catchUp())
      .then(
        (all) => {
          this.syncing = undefined
          if (!all) this.later(retryDelay)
          else if (this.again) this.later(0)
          else this.flush()
        },
        (error: unknown) => {
          this.syncing = undefined
          this.cursor.failed()
          if ((error as HawserError).code !== 'BROKER_UNAVAILABLE') this.keeper.report(error as Error)
          this.later(retryDelay)
        },
      )
    this.syncing = one
    return one
  }
  private later(milliseconds: number): void {
    this.again = false
    this.keeper.after(milliseconds, () => {
      // If it is away, its return begins this.
      if (this.keeper.reached() && !this.ended) void this.sync()
    })
  }

  /** False: the I/O threads could not take all. */
  private async catchUp(): Promise<boolean> {
    const { keeper, name, bounds, cursor } = this
    const { log } = keeper
    const follows = this.phase !== 'quiet'
    if (follows) await log.follow(name, bounds)
    if (this.ended) return true
    if (this.uncarried > 0) {
      const { uncarried } = this
      const known = cursor.place ?? (await log.read(name, undefined, 1, bounds))
      await log.renew(name, known.epoch, bounds)
      this.uncarried -= uncarried
    }
    for (;;) {
      if (!follows || this.hasEnded()) return true
      const first = cursor.place === undefined
      const most = first ? bounds.count : mostRead
      cursor.read()
      const page = await log.read(name, cursor.place, most, bounds)
      if (this.hasEnded()) return true
      const taken = first ? this.begin(page) : cursor.page(page, most)
      if (!this.deliver(taken.entries)) return false
      if (taken.stand !== undefined) this.feed.stand(taken.stand)
      if (taken.more) continue
      break
    }
    this.phase = 'live'
    this.settled()
    return true
  }
  /** Of the first page everything is history: for those who come, not for those who are here. */
  private begin(page: RoomPage): Taken {
    const newest = page.entries.slice(-1)
    const taken = this.cursor.page({ ...page, entries: newest }, Infinity)
    if (this.loaded) this.feed.stand(page)
    else this.feed.load(page)
    this.loaded = true
    return { entries: taken.entries.slice(newest.length), more: taken.more, stand: undefined }
  }
  private hasEnded(): boolean {
    return this.ended
  }

  // ------------------------------------------------------------------------------------------------------------- alone

  /** The broker was away for too long: members get what this node has to say. */
  giveUp(): void {
    const follows = this.phase !== 'quiet'
    if (follows) this.phase = 'alone'
    this.settled()
    const { length } = this.queue
    if (length === 0) return
    this.uncarried += length
    this.keeper.uncarried(length)
    const error = this.keeper.notCarried()
    for (const { text } of this.take(length, error)) if (follows) this.alone(text)
  }

  private alone(text: string): void {
    this.loaded = true
    try {
      this.feed.deliverAlone(text)
    } catch (error) {
      this.keeper.report(error as Error)
    }
  }

  end(): void {
    this.ended = true
    this.settled()
    if (this.phase !== 'quiet') this.keeper.log.unfollow(this.name)
    this.take(this.queue.length, this.keeper.notCarried())
  }
}
