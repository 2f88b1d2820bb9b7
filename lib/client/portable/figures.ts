// The counters and gauges of a client, as its program reads them.
import type { EngineMetrics } from '../engine'
import type { ClientCore } from './client-core'
import type { CoreSending } from './core-sending'
import type { Reading } from './reading'
import type { RouteSet } from './route-set'

type Figures = ReturnType<CoreSending['figures']> & ReturnType<Reading['figures']> & { delivered: number }

/** Of a client that has sent and read nothing. */
const nothing = Object.fromEntries(
  (
    'messagesOut bytesOut batches queued queuedHigh queuedNormal queuedLow queuedBytes inFlight dropped expired acked ' +
    'retries replaced requests requestTimeouts lateReplies messagesIn bytesIn untyped notJson binary latencyCount ' +
    'latencyLast latencyMin latencyMax latencyMean latencyP50 latencyP90 latencyP99 delivered'
  )
    .split(' ')
    .map((name) => [name, 0]),
) as Figures

export function figures(
  core: ClientCore,
  routes: RouteSet,
  reading: Reading | undefined,
  now: number,
): EngineMetrics {
  const { connects, failures } = core.counters
  return {
    state: core.machine.state,
    ...nothing,
    ...reading?.figures(),
    ...routes.counters,
    routed: routes.routed,
    unrouted: routes.unrouted,
    connects,
    reconnects: Math.max(0, connects - 1),
    failures,
    ...core.sending?.figures(),
    health: core.keeping?.health(now) ?? 0,
  }
}
