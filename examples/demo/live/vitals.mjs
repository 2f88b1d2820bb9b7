// What the service measures of itself, four times a second.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

/** Milliseconds between samples. */
export const period = 250
const resolution = 10
const delay = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolution)
const hundredth = (value) => Math.round(value * 100) / 100

export class Vitals {
  // Holds intervals of a timer, which are `resolution` without any delay.
  #histogram = monitorEventLoopDelay({ resolution })
  #loop = performance.eventLoopUtilization()
  #cpu = process.cpuUsage()
  #at = performance.now()
  #next = 1

  constructor() {
    this.#histogram.enable()
  }

  /**
   * Counters are totals of this life of the process, delays are milliseconds since the last sample, shares are 0 to 1.
   * @param {import('./intake.mjs').Intake} intake
   * @param {import('hawser').Hub} hub
   * @param {{ life: number, people: number }} more
   */
  sample(intake, hub, { life, people }) {
    const now = performance.now()
    const loop = performance.eventLoopUtilization()
    const cpu = process.cpuUsage(this.#cpu)
    const { count, max } = this.#histogram
    // Without an interval between two samples all that is known is that it was longer.
    const read = (nanoseconds) => hundredth(count > 0 ? delay(nanoseconds) : delay((now - this.#at) * 1e6))
    const [p50, p99] = [50, 99].map((each) => read(this.#histogram.percentile(each)))
    const { messagesIn, bytesIn } = intake.metrics
    const { messagesOut, bytesOut, server } = hub.metrics()
    const { rss, heapUsed } = process.memoryUsage()
    const sample = {
      id: `${life}.${this.#next++}`,
      at: Date.now(),
      life,
      pid: process.pid,
      feed: { connected: intake.connected, messages: messagesIn, bytes: bytesIn },
      js: intake.records,
      hub: { people, messages: messagesOut, bytes: bytesOut, heartbeats: server.heartbeats },
      lag: { p50, p99, max: read(max) },
      busy: hundredth(performance.eventLoopUtilization(loop, this.#loop).utilization),
      cpu: hundredth((cpu.user + cpu.system) / 1e3 / Math.max(1, now - this.#at)),
      memory: { rss, heap: heapUsed },
    }
    this.#histogram.reset()
    this.#loop = loop
    this.#cpu = process.cpuUsage()
    this.#at = now
    return sample
  }

  stop() {
    this.#histogram.disable()
  }
}
