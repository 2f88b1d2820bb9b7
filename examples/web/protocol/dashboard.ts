// What the page of the dashboard and its service (examples/demo/live) say to each other.
import type { ChatProtocol } from 'hawser/react'

/** What the service measures of itself. Counters are totals of one life of the process; bytes, milliseconds, shares of 1. */
export interface Sample {
  id: string
  at: number
  life: number
  pid: number
  feed: { connected: boolean; messages: number; bytes: number }
  js: number
  hub: { people: number; messages: number; bytes: number; heartbeats: number }
  lag: { p50: number; p99: number; max: number }
  busy: number
  cpu: number
  memory: { rss: number; heap: number }
}

/** Trouble that somebody made; `ms` is how long it was. */
export type Incident = { id: string; at: number; by: string; ms: number } & (
  | { kind: 'cut' }
  | { kind: 'restarted'; life: number }
  /** What the I/O thread did meanwhile: messages of the feed, heartbeats answered. */
  | { kind: 'blocked'; messages: number; heartbeats: number }
)

export interface Flight {
  origin: string
  destination: string
  /** Minutes. */
  delay: number
}

export interface DashboardProtocol {
  receive: ChatProtocol['receive'] & {
    sample: Sample
    incident: Incident
    /** From, to, minutes late. */
    flights: [string, string, number][]
    people: { count: number; names: string[] }
  }
  send: ChatProtocol['send']
  /** They answer how many milliseconds it takes, about. */
  requests: {
    'demo.cut': { request: object; reply: { ms: number } }
    'demo.restart': { request: object; reply: { ms: number } }
    'demo.block': { request: object; reply: { ms: number } }
  }
}
