// What the service measures of itself, four times a second.
import { performance } from 'node:perf_hooks'
import { Lag } from '../gauges.mjs'

/** Milliseconds between samples. */
export const period = 250
const hundredth = (value) => Math.round(value * 100) / 100

export class Vitals {
  #lag = new Lag()
  #loop = performance.eventLoopUtilization()
  #cpu = process.cpuUsage()
  #at = performance.now()
  #next = 1

  constructor() {
    this.#lag.start()
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
    // Without an interval between two samples all that is known is that it was longer.
    const { p50, p99, max } = this.#lag.read(now - this.#at)
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
      lag: { p50: hundredth(p50), p99: hundredth(p99), max: hundredth(max) },
      busy: hundredth(performance.eventLoopUtilization(loop, this.#loop).utilization),
      cpu: hundredth((cpu.user + cpu.system) / 1e3 / Math.max(1, now - this.#at)),
      memory: { rss, heap: heapUsed },
    }
    this.#lag.reset()
    this.#loop = loop
    this.#cpu = process.cpuUsage()
    this.#at = now
    return sample
  }

  stop() {
    this.#lag.stop()
  }
}
