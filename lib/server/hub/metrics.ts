// Counters of a hub.
import type { ServerGauges } from '../../native/server-gauges'

import type { AdapterMetrics } from './adapter'

/** Upper bounds of the classes of handling times, in milliseconds; what is longer counts in the last, without bound. */
export const latencyBounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000] as const

export interface HubMetrics {
  /** Connections now, and since the hub was made. */
  connections: number
  connectionsTotal: number
  /** Connections with a user. */
  authenticated: number
  rooms: number
  memberships: number
  /** Members of the largest room. */
  largestRoom: number
  messagesIn: number
  bytesIn: number
  /** Messages handed to the I/O thread: one to a room counts once. */
  messagesOut: number
  bytesOut: number
  requests: number
  acks: number
  duplicates: number
  joins: number
  leaves: number
  resumed: number
  resumeFailed: number
  /** What the I/O threads count. */
  server: ServerGauges
  /** Nodes that live, this one included. */
  nodes: number
  /** Texts of other nodes that did not arrive, as far as later ones tell. */
  missed: number
  /** Messages to rooms with a log that only members on this node got, since the broker was away. */
  uncarried: number
  /** Characters that wait for the log. */
  logQueue: number
  /** What the adapter counts; undefined without one. */
  adapter?: AdapterMetrics
  /** Errors told to peers, by code; those of rates are among what the I/O threads count. */
  errors: Readonly<Record<string, number>>
  /** Times from a message to the end of its handlers; `counts` has one class more than `bounds`. */
  latency: { bounds: readonly number[]; counts: readonly number[]; sum: number; count: number }
}

/** Codes that are counted one by one; a program's further ones count as `other`. */
const mostCodes = 64

export class Counters {
  connectionsTotal = 0
  messagesIn = 0
  bytesIn = 0
  messagesOut = 0
  bytesOut = 0
  requests = 0
  acks = 0
  duplicates = 0
  joins = 0
  leaves = 0
  resumed = 0
  resumeFailed = 0
  private readonly codes = new Map<string, number>()
  private readonly classes: number[] = Array.from({ length: latencyBounds.length + 1 }, () => 0)
  private time = 0
  private times = 0

  failed(code: string): void {
    const name = this.codes.has(code) || this.codes.size < mostCodes ? code : 'other'
    this.codes.set(name, (this.codes.get(name) ?? 0) + 1)
  }

  took(milliseconds: number): void {
    let i = 0
    while (i < latencyBounds.length && milliseconds > latencyBounds[i]) i++
    this.classes[i]++
    this.time += milliseconds
    this.times++
  }

  snapshot(now: Omit<HubMetrics, keyof Counters | 'errors' | 'latency'>): HubMetrics {
    const { connectionsTotal, messagesIn, bytesIn, messagesOut, bytesOut } = this
    const { requests, acks, duplicates, joins, leaves, resumed, resumeFailed } = this
    return {
      ...now,
      ...{ connectionsTotal, messagesIn, bytesIn, messagesOut, bytesOut, requests, acks, duplicates },
      ...{ joins, leaves, resumed, resumeFailed },
      errors: Object.fromEntries(this.codes),
      latency: { bounds: latencyBounds, counts: [...this.classes], sum: this.time, count: this.times },
    }
  }
}
