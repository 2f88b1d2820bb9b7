// What the panel for developers shows of one client.
import type { EngineMetrics } from '../client/engine'
import type { ConnectionInfo } from '../client/client-status'
import { metricsOf } from './status-store'
import { Store, type Surroundings } from './store'
import { type TapEntry, tap } from './tap'
import type { SomeClient } from './use-messages'

interface Shown {
  info: ConnectionInfo | undefined
  metrics: Partial<EngineMetrics>
  rooms: readonly string[]
  entries: readonly TapEntry[]
  paused: boolean
}

const nothing: Shown = { info: undefined, metrics: {}, rooms: [], entries: [], paused: false }
/** Milliseconds between two looks at the figures. */
const every = 1000

export class DevStore extends Store<Shown> {
  readonly actions = {
    pause: (paused: boolean) => {
      this.paused = paused
      this.news()
    },
    clear: () => {
      this.entries = []
      this.news()
    },
  }
  private entries: TapEntry[] = []
  private seq = 0
  private paused = false
  private undo: (() => void) | undefined
  private timer: (() => void) | undefined
  private view: Shown | undefined

  constructor(
    surroundings: Surroundings,
    readonly client: SomeClient | undefined,
    private readonly limit: number,
  ) {
    super(surroundings)
  }

  protected start(): void {
    if (this.client === undefined) return
    this.undo = tap(this.client, (said) => {
      if (this.paused) return
      this.entries.push({ ...said, seq: ++this.seq, at: this.clock.now() })
      if (this.entries.length >= 2 * this.limit) this.entries = this.entries.slice(-this.limit)
      this.news()
    })
    this.look()
  }
  private look(): void {
    this.timer = this.clock.after(every, () => {
      this.news()
      this.look()
    })
  }
  protected stop(): void {
    this.timer?.()
    this.undo?.()
    this.timer = this.undo = undefined
  }

  private news(): void {
    this.view = undefined
    this.changed()
  }
  protected compose(): Shown {
    const { client, limit, paused } = this
    if (client === undefined) return nothing
    return (this.view ??= {
      info: client.getConnectionInfo(),
      metrics: metricsOf(client),
      rooms: [...client.joinedRooms],
      // Newest first: that is what somebody looks for.
      entries: this.entries.slice(-limit).reverse(),
      paused,
    })
  }
  protected initial(): Shown {
    return nothing
  }
}
