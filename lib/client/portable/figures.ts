// The counters and gauges of a client, as its program reads them.
import type { EngineMetrics } from '../engine'
import type { ClientCore } from './client-core'
import type { CoreSending } from './core-sending'
import type { Inbox } from './inbox'
import type { Latencies } from './latency'

type SentFigures = ReturnType<CoreSending['figures']>

/** Of a client that has sent nothing. */
const nothingSent = Object.fromEntries(
  (
    'messagesOut bytesOut batches queued queuedHigh queuedNormal queuedLow queuedBytes inFlight dropped expired acked ' +
    'retries replaced requests requestTimeouts lateReplies'
  )
    .split(' ')
    .map((name) => [name, 0]),
)

export function figures(core: ClientCore, inbox: Inbox, latencies: Latencies, now: number): EngineMetrics {
  const { connects, failures } = core.counters
  return {
    state: core.machine.state,
    ...inbox.counters,
    ...inbox.routes.counters,
    routed: inbox.routes.routed,
    unrouted: inbox.routes.unrouted,
    connects,
    reconnects: Math.max(0, connects - 1),
    failures,
    ...((core.sending?.figures() ?? nothingSent) as SentFigures),
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
