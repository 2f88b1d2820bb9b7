// Reads all that the meter shows: rates from counters, the event loop, the process.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

/** Rates are those of the last second: samples come four times a second. */
const window = 4
const kept = 400
const resolution = 10

/** A counter's totals over the last second, and its rates since the beginning. */
class Rate {
  /** Rate a second of each sample, oldest first. */
  history = []
  now = 0
  total = 0
  #samples = []

  sample(total, elapsed) {
    const last = this.#samples.at(-1) ?? { total: 0, elapsed: 0 }
    if (elapsed > last.elapsed) {
      this.history.push(Math.max(0, (total - last.total) / (elapsed - last.elapsed)))
      if (this.history.length > kept) this.history.shift()
    }
    this.#samples.push({ total, elapsed })
    if (this.#samples.length > window + 1) this.#samples.shift()
    const first = this.#samples[0]
    this.now = elapsed > first.elapsed ? (total - first.total) / (elapsed - first.elapsed) : 0
    this.total = total
  }
}

/** Rates by name. */
export class Rates {
  #rates = new Map()

  /** @param {string} name @param {number} total of its counter @param {number} elapsed seconds */
  sample(name, total, elapsed) {
    if (!this.#rates.has(name)) this.#rates.set(name, new Rate())
    const rate = this.#rates.get(name)
    rate.sample(total, elapsed)
    return rate
  }
  /** What the meter shows of a stream. */
  flow(name, messages, bytes, elapsed) {
    const rate = this.sample(name, messages, elapsed)
    return {
      rate: rate.now,
      mean: elapsed > 0 ? rate.total / elapsed : 0,
      total: rate.total,
      bytes: this.sample(`${name} bytes`, bytes, elapsed).now,
      history: rate.history,
    }
  }
}

/** Delay of the event loop; the histogram holds intervals of a timer, which are `resolution` without any delay. */
export class Lag {
  #histogram = monitorEventLoopDelay({ resolution })

  start() {
    this.#histogram.enable()
  }
  stop() {
    this.#histogram.disable()
  }
  /** Milliseconds, of what was measured since the last `reset`; `passed`: what that is, where it was no whole interval. */
  read(passed = 0) {
    const delay = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolution)
    const { max, count } = this.#histogram
    if (count === 0) {
      const least = Math.max(0, passed - resolution)
      return { p50: least, p99: least, max: least }
    }
    const [p50, p99] = [50, 99].map((each) => delay(this.#histogram.percentile(each)))
    return { p50, p99, max: delay(max) }
  }
  reset() {
    this.#histogram.reset()
  }
}

export class Gauges {
  #begun = performance.now()
  #rates = new Rates()
  #recent = new Lag()
  #whole = new Lag()
  #lag = { p50: 0, p99: 0, max: 0 }
  #samples = 0
  #loops = []
  #loopAtBegin = performance.eventLoopUtilization()
  #cpuAtBegin = cpuSeconds()
  #peak = 0

  start() {
    this.#begun = performance.now()
    this.#loopAtBegin = performance.eventLoopUtilization()
    this.#loops = [this.#loopAtBegin]
    this.#cpuAtBegin = cpuSeconds()
    this.#recent.start()
    this.#whole.start()
  }
  stop() {
    this.#recent.stop()
    this.#whole.stop()
  }

  /** Seconds since `start`. */
  get elapsed() {
    return (performance.now() - this.#begun) / 1000
  }

  /**
   * What the meter shows now; to be called four times a second.
   * @param {import('./service.mjs').Service} service
   * @param {import('./subscribers.mjs').Subscribers} subscribers
   * @param {import('./ledger.mjs').Ledger} ledger
   * @param {number} restarts of the feeder
   */
  sample(service, subscribers, ledger, restarts) {
    const elapsed = this.elapsed
    const { received, bytes } = subscribers.totals
    const { messagesIn, bytesIn, reconnects } = service.intake
    if (this.#samples++ % window === 0) {
      this.#lag = this.#recent.read()
      this.#recent.reset()
    }
    const loop = performance.eventLoopUtilization()
    const { utilization: utilisation } = performance.eventLoopUtilization(loop, this.#loops[0])
    this.#loops.push(loop)
    if (this.#loops.length > window) this.#loops.shift()
    const { now: cpu } = this.#rates.sample('cpu', cpuSeconds() - this.#cpuAtBegin, elapsed)
    const { now: held } = this.#rates.sample('held', service.held, elapsed)
    const memory = process.memoryUsage()
    this.#peak = Math.max(this.#peak, memory.rss)
    const flow = (name, messages, octets) => this.#rates.flow(name, messages, octets, elapsed)
    return {
      elapsed,
      in: flow('in', messagesIn, bytesIn),
      js: flow('js', service.records, service.bytes),
      out: flow('out', received, bytes),
      loop: { utilisation, ...this.#lag },
      process: { cpu, rss: memory.rss, heap: memory.heapUsed },
      connections: { subscribers: service.subscribers, feed: service.hasFeed, restarts, reconnects },
      ledger: { sent: ledger.sent, acked: ledger.acked, lost: ledger.lost, repeated: ledger.repeated },
      flow: {
        held: Math.min(1, held / 1000),
        holding: service.holding,
        behind: service.behind,
        dropped: service.dropped,
      },
      subscribers: subscribers.list.map((each, index) => ({
        name: each.name,
        state: each.state,
        slow: each.slow,
        rate: this.#rates.sample(`subscriber ${index}`, each.counts.received, elapsed).now,
        bytes: this.#rates.sample(`subscriber ${index} bytes`, each.counts.bytes, elapsed).now,
        total: each.counts.received,
        missing: each.counts.missing,
        wrong: each.counts.wrong,
      })),
    }
  }

  /** Of the whole run, for the summary. */
  whole() {
    const elapsed = this.elapsed
    return {
      elapsed,
      cpu: elapsed > 0 ? (cpuSeconds() - this.#cpuAtBegin) / elapsed : 0,
      utilisation: performance.eventLoopUtilization(performance.eventLoopUtilization(), this.#loopAtBegin)
        .utilization,
      lag: this.#whole.read(),
      peak: Math.max(this.#peak, process.memoryUsage().rss),
    }
  }
}

/** Processor seconds of this process, all its threads. */
function cpuSeconds() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
