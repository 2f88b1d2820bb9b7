// The counters and gauges of a client, as its program reads them.
import type { EngineMetrics } from '../engine'
import type { ClientCore } from './client-core'
import type { Inbox } from './inbox'
import type { Latencies } from './latency'

export function figures(core: ClientCore, inbox: Inbox, latencies: Latencies, now: number): EngineMetrics {
  const { connects, failures, messagesOut, bytesOut, batches, givenUp } = core.counters
  const { queue, requests, shaper } = core
  const { added = 0, timeouts = 0, late = 0 } = requests?.counters ?? {}
  return {
    state: core.machine.state,
    ...inbox.counters,
    ...inbox.routes.counters,
    routed: inbox.routes.routed,
    unrouted: inbox.routes.unrouted,
    messagesOut,
    bytesOut,
    batches,
    connects,
    reconnects: Math.max(0, connects - 1),
    failures,
    queued: queue.waiting,
    queuedHigh: queue.waitingOf(0),
    queuedNormal: queue.waitingOf(1),
    queuedLow: queue.waitingOf(2),
    queuedBytes: queue.bytes,
    inFlight: queue.inFlight,
    dropped: queue.counters.dropped + givenUp,
    expired: queue.counters.expired,
    acked: queue.counters.acked,
    retries: queue.counters.retried,
    replaced: shaper?.replaced ?? 0,
    requests: added,
    requestTimeouts: timeouts,
    lateReplies: late,
    latencyCount: latencies.count,
    latencyLast: latencies.last,
    latencyMin: latencies.min,
    latencyMax: latencies.max,
    latencyMean: latencies.mean,
    latencyP50: latencies.percentile(50),
    latencyP90: latencies.percentile(90),
    latencyP99: latencies.percentile(99),
    health: core.health(now),
  }
}
