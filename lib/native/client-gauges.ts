// The counters of a managed client, in the order in which src/core/client/client_gauges.hpp lays them out. A test
// compares the two files.
import { type EndpointFigures, type EngineMetrics, clientStates } from '../client/engine'

export const gauges = [
  'state',
  'messagesIn',
  'messagesOut',
  'bytesIn',
  'bytesOut',
  'routed',
  'unrouted',
  'untyped',
  'notJson',
  'binary',
  'delivered',
  'conflated',
  'sampledOut',
  'notNumbers',
  'connects',
  'reconnects',
  'failures',
  'queued',
  'queuedHigh',
  'queuedNormal',
  'queuedLow',
  'queuedBytes',
  'inFlight',
  'dropped',
  'expired',
  'acked',
  'retries',
  'requests',
  'requestTimeouts',
  'lateReplies',
  'latencyCount',
  'latencyLast',
  'latencyMin',
  'latencyMax',
  'latencyMean',
  'latencyP50',
  'latencyP90',
  'latencyP99',
  'health',
  'replaced',
  'batches',
] as const

/** An empty list, of a client that has not begun or is gone, reads as zeros. */
export function readGauges(values: Float64Array): EngineMetrics {
  const out = {} as Record<(typeof gauges)[number], number | string>
  for (let i = 0; i < gauges.length; i++) out[gauges[i]] = values.length > i ? values[i] : 0
  out.state = clientStates[Number(out.state)]
  return out as unknown as EngineMetrics
}

/** Behind the counters: four figures of each endpoint. */
export function readLearned(values: Float64Array): EndpointFigures[] {
  const out: EndpointFigures[] = []
  for (let at = gauges.length; at + 3 < values.length; at += 4) {
    const [opened, failed, successRate, latency] = values.subarray(at, at + 4)
    out.push({ opened, failed, successRate, latency })
  }
  return out
}
