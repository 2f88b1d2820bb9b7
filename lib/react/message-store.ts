// The messages of a subscription.
import type { SubscribeSpec } from '../client/subscription-spec'
import type { Connection } from './connection'
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
  private readonly last: number

  constructor(
    surroundings: Surroundings,
    connection: Connection,
    { limit = 100, latestBy, room, last = 0, ...spec }: MessageSpec,
    private readonly handler: (message: unknown) => void,
  ) {
    super(surroundings, connection)
    this.history = new History(limit, latestBy)
    this.room = room
    this.last = last
    this.spec = room === undefined ? spec : { ...spec, where: { ...spec.where, '/room': room } }
  }

  protected attach(client: SomeClient): void {
    const subscription = client.subscribe(this.spec, (given: unknown) => {
      // Batches are arrays; whole messages never are.
      const messages = Array.isArray(given) ? (given as unknown[]) : [given]
      for (const message of messages) this.history.push(message)
      this.changed()
      for (const message of messages) this.handler(message)
    })
    this.finally(() => subscription.unsubscribe())
    if (this.room !== undefined) {
      const lease = enterRoom(client, this.room, this.last)
      this.finally(() => lease.release())
    }
  }
  private clear(): void {
    this.history.clear()
    this.changed()
  }

  protected compose(): Shown {
    const { history } = this
    return { messages: history.list(), latest: history.latest, count: history.count }
  }
  protected initial(): Shown {
    return nothing
  }
}
