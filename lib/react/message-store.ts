// The messages of a subscription.
import type { ReadNow } from '../client/engine'
import type { SubscribeSpec } from '../client/subscription-spec'
import type { Connection } from './connection'
import { isSeen } from './frames'
import { History } from './history'
import { enterRoom } from './rooms'
import { ClientStore, type Surroundings } from './store'
import type { SomeClient } from './use-messages'

export interface MessageSpec extends Omit<SubscribeSpec, 'columns'> {
  limit?: number
  latestBy?: string
  room?: string
  last?: number
}
interface Shown {
  messages: readonly unknown[]
  latest: unknown
  count: number
}

const nothing: Shown = { messages: [], latest: undefined, count: 0 }

export class MessageStore extends ClientStore<Shown> {
  readonly actions = { clear: () => this.clear() }
  private readonly history: History<unknown>
  private readonly spec: SubscribeSpec
  private readonly room: string | undefined
  /** Of a client that has messages which it has not read. */
  private readNow: ReadNow | undefined
  private reading = false
  private readonly last: number

  constructor(
    surroundings: Surroundings,
    connection: Connection,
    { limit = 100, latestBy, room, last = 0, ...spec }: MessageSpec,
    private readonly handler: (message: unknown) => void,
    heard: boolean,
  ) {
    super(surroundings, connection)
    this.history = new History(limit, latestBy)
    this.room = room
    this.last = last
    this.spec = room === undefined ? spec : { ...spec, where: { ...spec.where, '/room': room } }
    // The stages count the milliseconds from when a message comes, and a handler is there to hear of it at once.
    const waits = spec.sample ?? spec.conflate ?? spec.batch
    if (waits === undefined && !heard) this.spec = { ...this.spec, frames: true } as SubscribeSpec
  }

  protected attach(client: SomeClient): void {
    const subscription = client.subscribe(this.spec, (given: unknown) => {
      if (typeof given === 'function') {
        this.readNow = given as ReadNow
        // A page that nobody sees has no frames, and its timers come when they may.
        if (!isSeen()) this.read()
        this.changed()
        return
      }
      // Batches are arrays; whole messages never are.
      const messages = Array.isArray(given) ? (given as unknown[]) : [given]
      for (const message of messages) this.history.push(message)
      if (!this.reading) this.changed()
      for (const message of messages) this.handler(message)
    })
    this.finally(() => {
      subscription.unsubscribe()
      this.readNow = undefined
    })
    if (this.room !== undefined) {
      const lease = enterRoom(client, this.room, this.last)
      this.finally(() => lease.release())
    }
  }
  /** All that has come. */
  private read(): void {
    const { readNow } = this
    this.readNow = undefined
    this.reading = true
    try {
      readNow?.()
    } finally {
      this.reading = false
    }
  }
  private clear(): void {
    this.read()
    this.history.clear()
    this.changed()
  }

  protected compose(): Shown {
    this.read()
    const { history } = this
    return { messages: history.list(), latest: history.latest, count: history.count }
  }
  protected initial(): Shown {
    return nothing
  }
}
