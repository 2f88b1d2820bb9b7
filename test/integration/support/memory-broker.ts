// A broker in memory, with the faults of real ones: it can be away, come back, and lose what it held. Deliveries are
// asynchronous; what is on its way when it goes away is lost.
import type {
  AdapterMetrics,
  HubAdapter,
  RoomLog,
  HubNode,
  RoomEntry,
  RoomPage,
  RoomPlace,
} from '../../../lib'
import { HawserError } from '../../../lib'
import { Outbox } from '../../../lib/adapters/outbox'
import { Tally } from '../../../lib/adapters/tally'

interface Room {
  log: string
  renewals: number
  offset: number
  entries: RoomEntry[]
  /** Latest call of each node, with its place. */
  calls: Map<string, { number: number; place: RoomPlace }>
}

const away = (): HawserError => new HawserError('BROKER_UNAVAILABLE')
let logs = 0

export class MemoryBroker {
  up = true
  /** Calls of `append` and `read` whose answer never arrives, though they are done. */
  loseAnswers = 0
  /** So many texts that are published next are lost. */
  swallow = 0
  private life = 0
  private rooms = new Map<string, Room>()
  private readonly adapters = new Set<MemoryAdapter>()
  private readonly cutOff: MemoryAdapter[] = []

  get connections(): number {
    return this.adapters.size
  }

  adapter(options: { log?: boolean; maxQueued?: number } = {}): HubAdapter {
    return new MemoryAdapter(this, options.log ?? true, options.maxQueued ?? 10_000)
  }

  stop(): void {
    this.up = false
    this.life++
    for (const adapter of this.adapters) adapter.lost()
  }
  restart({ empty = false } = {}): void {
    if (empty) this.rooms = new Map()
    this.up = true
    for (const adapter of this.adapters) adapter.found()
  }

  join(adapter: MemoryAdapter): void {
    this.adapters.add(adapter)
    if (this.up) this.soon(() => adapter.found())
  }
  part(adapter: MemoryAdapter): void {
    this.adapters.delete(adapter)
  }

  /** An adapter finds its connection again. */
  mend(adapter: HubAdapter): void {
    const one = this.cutOff.find((each) => each === adapter)
    if (one === undefined) return
    this.adapters.add(one)
    one.found()
  }
  /** An adapter loses its connection, and does not find it again. */
  cut(adapter: HubAdapter): void {
    for (const one of this.adapters) {
      if (one !== adapter) continue
      this.adapters.delete(one)
      this.cutOff.push(one)
      one.lost()
    }
  }

  /** Does something in the next turn, if the broker lives until then. */
  soon(run: () => void): void {
    const { life } = this
    setImmediate(() => {
      if (this.up && this.life === life) run()
    })
  }

  fan(channel: string, text: string): void {
    if (this.swallow > 0) {
      this.swallow--
      return
    }
    this.soon(() => {
      for (const adapter of this.adapters) adapter.heard(channel, text)
    })
  }

  room(name: string): Room {
    let room = this.rooms.get(name)
    if (room === undefined) {
      room = { log: `log${++logs}`, renewals: 0, offset: 0, entries: [], calls: new Map() }
      this.rooms.set(name, room)
    }
    return room
  }

  append(name: string, text: string, { count, bytes }: { count: number; bytes: number }): RoomPlace {
    const room = this.room(name)
    const entry = { epoch: epochOf(room), offset: ++room.offset, text }
    room.entries.push(entry)
    let kept = room.entries.reduce((sum, one) => sum + one.text.length, 0)
    while (room.entries.length > count || kept > bytes) kept -= room.entries.shift()!.text.length
    this.soon(() => {
      for (const adapter of this.adapters) adapter.appended(name, entry)
    })
    return { epoch: entry.epoch, offset: entry.offset }
  }

  /** Calls the broker; the answer comes some turns later, or not at all. */
  ask<T>(adapter: MemoryAdapter, run: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.up || !this.adapters.has(adapter)) {
        reject(away())
        return
      }
      const { life } = this
      setImmediate(() => {
        if (!this.up || this.life !== life) {
          reject(away())
          return
        }
        let answer: T
        try {
          answer = run()
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
          return
        }
        const swallowed = this.loseAnswers > 0 && this.loseAnswers-- > 0
        setImmediate(() => {
          if (swallowed || !this.adapters.has(adapter) || !this.up || this.life !== life) reject(away())
          else resolve(answer)
        })
      })
    })
  }
}

function epochOf({ log, renewals }: Room): string {
  return `${log}-${renewals}`
}

class MemoryAdapter implements HubAdapter {
  readonly log: RoomLog | undefined
  private node: HubNode | undefined
  private readonly tally = new Tally()
  private readonly outbox: Outbox
  private readonly channels = new Set<string>()
  private readonly followed = new Set<string>()
  private waiting: (() => void)[] = []

  constructor(
    private readonly broker: MemoryBroker,
    log: boolean,
    maxQueued: number,
  ) {
    this.outbox = new Outbox(maxQueued, 1 << 24)
    if (log) this.log = this.makeLog()
  }

  start(node: HubNode): void {
    this.node = node
    this.broker.join(this)
  }

  found(): void {
    if (this.tally.connected) return
    this.tally.found()
    for (let one = this.outbox.shift(); one !== undefined; one = this.outbox.shift()) {
      this.publish(one.channel, one.text)
    }
    for (const resolve of this.waiting.splice(0)) resolve()
    this.node?.connected()
  }
  lost(): void {
    this.tally.connected = false
    this.node?.disconnected(away())
  }

  subscribe(channel: string): Promise<void> {
    this.channels.add(channel)
    return this.inForce()
  }
  unsubscribe(channel: string): void {
    this.channels.delete(channel)
  }
  private inForce(): Promise<void> {
    const settled = this.tally.connected || this.node === undefined
    return settled ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve))
  }

  publish(channel: string, text: string): void {
    if (this.node === undefined) return
    if (this.tally.connected) {
      this.broker.fan(channel, text)
      this.tally.took(1, performance.now())
    } else this.tally.lost += this.outbox.push({ channel, text })
  }

  heard(channel: string, text: string): void {
    if (!this.channels.has(channel)) return
    this.tally.received++
    this.node?.receive(text)
  }
  appended(room: string, entry: RoomEntry): void {
    if (!this.followed.has(room)) return
    this.tally.received++
    this.node?.entries(room, [entry])
  }

  metrics(): AdapterMetrics {
    return this.tally.snapshot(this.outbox.size)
  }

  close(): Promise<void> {
    this.broker.part(this)
    this.tally.connected = false
    this.tally.lost += this.outbox.clear()
    this.node = undefined
    for (const resolve of this.waiting.splice(0)) resolve()
    return Promise.resolve()
  }

  private makeLog(): RoomLog {
    const { broker } = this
    return {
      follow: (room) => {
        this.followed.add(room)
        return this.inForce()
      },
      unfollow: (room) => void this.followed.delete(room),
      append: (name, texts, number, bounds) =>
        broker.ask(this, () => {
          const { calls } = broker.room(name)
          const id = this.node?.id ?? ''
          const known = calls.get(id)
          if (known?.number === number) return known.place
          let place: RoomPlace = { epoch: '', offset: 0 }
          if (texts.some((text) => text.includes('unwanted'))) throw new HawserError('BROKER_REFUSED')
          for (const text of texts) place = broker.append(name, text, bounds)
          calls.set(id, { number, place })
          this.tally.took(texts.length, performance.now())
          return place
        }),
      read: (name, after, most) =>
        broker.ask(this, (): RoomPage => {
          const room = broker.room(name)
          const { entries, offset, log } = room
          const anew = after !== undefined && !after.epoch.startsWith(`${log}-`)
          const above = entries.filter((one) => after === undefined || anew || one.offset > after.offset)
          const page = after === undefined ? above.slice(-most) : above.slice(0, most)
          return { epoch: epochOf(room), offset, entries: page, anew }
        }),
      renew: (name, epoch) =>
        broker.ask(this, () => {
          const room = broker.room(name)
          if (epochOf(room) === epoch) room.renewals++
        }),
    }
  }
}
