// How well a connection does, as one number: `getPerformanceMetrics().health`, and for figures of a program's own. The same
// as src/core/metrics/health_score.hpp.
import { scoreOf } from './score'

export interface HealthInput {
  /** Round trip in milliseconds; 0: not known, which counts as good. Default 0. */
  latency?: number
  /** Up to here latency is good; 0: it does not count. Default 100. */
  reference?: number
  /** 0 to 1: sends, requests or pings that worked. Default 1. */
  successRate?: number
  /** 0 to 1: the share of the time in which there was a connection. Default 1. */
  uptime?: number
  /** Reconnects in the time that is looked at. Default 0. */
  reconnects?: number
  /** Messages that wait. Default 0. */
  queued?: number
  /** How many may wait; 0: the queue does not count. Default 0. */
  capacity?: number
}

/**
 * 0 to 100: 100 · successRate · uptime · (1 − 0.4 · slow − 0.3 · unstable − 0.3 · full), where `slow` is half at twice the
 * reference, `unstable` half at three reconnects, and `full` the share of the queue. Values out of range count as the nearer
 * end, NaN as the bad one, and of latency as not known.
 */
export function healthScore(input: HealthInput): number {
  const { latency = 0, reference = 100, successRate = 1, uptime = 1 } = input
  const { reconnects = 0, queued = 0, capacity = 0 } = input
  const slow = reference > 0 && latency > reference ? latency / reference : 1
  const often = Number.isNaN(reconnects) ? Infinity : Math.max(0, reconnects)
  const full = capacity > 0 ? share(queued / capacity, 1) : 0
  return scoreOf(slow, share(successRate, 0) * share(uptime, 0), often, full)
}

function share(value: number, bad: number): number {
  return Number.isNaN(value) ? bad : Math.min(1, Math.max(0, value))
}
