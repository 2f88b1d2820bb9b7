// What an adapter counts, and how long texts take.
import type { AdapterMetrics } from '../server/hub/adapter'

export class Tally {
  connected = false
  published = 0
  received = 0
  lost = 0
  reconnects = 0
  private lag = 0
  private before = false

  /** The broker is reached. */
  found(): void {
    this.connected = true
    if (this.before) this.reconnects++
    this.before = true
  }

  /** The broker has taken `count` texts that were handed to it at `since`, a time of `performance.now()`. */
  took(count: number, since: number): void {
    this.published += count
    this.lag = performance.now() - since
  }

  snapshot(queued: number): AdapterMetrics {
    const { connected, published, received, lost, reconnects, lag } = this
    return { connected, published, received, lost, queued, reconnects, lag }
  }
}
