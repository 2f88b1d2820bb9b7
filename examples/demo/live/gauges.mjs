// What the terminal shows of the dashboard's service: its samples as rates, over all its lives.
import { performance } from 'node:perf_hooks'
import { Rates } from '../gauges.mjs'

const none = { in: 0, inBytes: 0, js: 0, out: 0, outBytes: 0, heartbeats: 0 }
const read = ({ feed, js, hub }) => ({
  ...{ in: feed.messages, inBytes: feed.bytes },
  ...{ js, out: hub.messages, outBytes: hub.bytes, heartbeats: hub.heartbeats },
})
const each = (combine) => (a, b) =>
  Object.fromEntries(Object.keys(none).map((name) => [name, combine(a[name], b[name])]))
const add = each((a, b) => a + b)
const subtract = each((a, b) => a - b)

export class LiveGauges {
  /** Of the whole run: the longest delay of the event loop (ms), the most memory. */
  worst = 0
  peak = 0
  #begun = performance.now()
  #rates = new Rates()
  /** Counts of the lives before, and of this one. */
  #before = none
  #now = none
  #life = 0

  get elapsed() {
    return (performance.now() - this.#begun) / 1000
  }
  get totals() {
    return add(this.#before, this.#now)
  }

  /**
   * To be called four times a second.
   * @param {import('./supervisor.mjs').Supervisor} supervisor
   * @param {import('./watcher.mjs').Watcher} watcher
   */
  sample({ sample, restarts, crashes, book }, watcher) {
    if (sample !== undefined) {
      const now = read(sample)
      // The first life began before the run did.
      if (this.#life === 0) this.#before = subtract(none, now)
      else if (sample.life !== this.#life) this.#before = this.totals
      this.#life = sample.life
      this.#now = now
      this.worst = Math.max(this.worst, sample.lag.max)
      this.peak = Math.max(this.peak, sample.memory.rss)
    }
    const { elapsed, totals } = this
    const flow = (name, bytes) => this.#rates.flow(name, totals[name], bytes, elapsed)
    const { continuity, sent, acked, reconnects } = watcher
    return {
      elapsed,
      in: flow('in', totals.inBytes),
      js: flow('js', 0),
      out: flow('out', totals.outBytes),
      service: {
        ...{ pid: sample?.pid ?? 0, restarts, crashes },
        ...{ feed: sample?.feed.connected === true, people: sample?.hub.people ?? 0 },
        ...{ busy: sample?.busy ?? 0, cpu: sample?.cpu ?? 0, lag: sample?.lag ?? { p50: 0, p99: 0, max: 0 } },
        ...{ rss: sample?.memory.rss ?? 0, heap: sample?.memory.heap ?? 0, heartbeats: totals.heartbeats },
      },
      watcher: {
        ...{ taken: continuity.taken, missed: continuity.missed, reconnects },
        ...{ sent, acked, repeated: book.repeated },
      },
    }
  }
}
