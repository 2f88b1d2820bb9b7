// The page's model: takes in what the client hears, and has a snapshot for React, a new one each frame at most.
import type { Envelope, WebSocketClient } from 'hawser'
import { pageFrames, type FrameSource } from 'hawser/react'
import { Continuity } from '../../demo/live/continuity.mjs'
import type { DashboardProtocol, Sample } from '../protocol/dashboard'
import { type Departure, Departures } from './departures'
import { duration, plural } from './format'
import { History } from './history'
import { type Entry, Journal } from './journal'
import { Trips } from './trips'

/** A message of a room that keeps its messages says its place. */
type Placed = Envelope & { epoch?: string; offset?: number }

export type DashboardClient = WebSocketClient<DashboardProtocol>

export interface Snapshot {
  sample: Sample | undefined
  /** Of the last second: messages and bytes of the feed, flights that reached JavaScript and this page. */
  rates: { feed: number; bytes: number; js: number; page: number; messages: number; renders: number }
  people: { count: number; names: readonly string[] }
  departures: readonly Departure[]
  entries: readonly Entry[]
  /** Messages of rooms that keep them. */
  kept: { taken: number; missed: number; repeated: number; board: number; chat: number }
  reconnects: number
  /** The last heartbeat of this connection. */
  trip: { ms: number | undefined; total: number }
}

const rows = 11
/** Milliseconds between two looks at the client. */
const look = 250
/** Milliseconds that a message may take; what takes longer was kept for us. */
const fresh = 500
/** Milliseconds over which rates are means. */
const second = 1_100
/** Milliseconds after a reconnect until what was missed has come. */
const settling = 1_000

export class Live {
  readonly history = new History()
  readonly trips = new Trips()
  private readonly departures = new Departures()
  private readonly journal = new Journal()
  private readonly continuity = new Continuity()
  private readonly listeners = new Set<() => void>()
  private sample: Sample | undefined
  private people: Snapshot['people'] = { count: 0, names: [] }
  private snapshot: Snapshot
  private asked = false
  /** The clock of the service against ours: the least that a message seemed to take. */
  private skew = Infinity
  private flights = 0
  /** What this page had received, over the last second. */
  private received: { flights: number; messages: number; at: number }[] = []
  private messages = 0
  private renders = { total: 0, counted: 0, at: 0, rate: 0 }
  private lost: { at: number; queued: number; missed: number } | undefined
  private replayed = 0
  private connectedAt = 0

  constructor(
    private readonly client: DashboardClient,
    private readonly me: string,
    private readonly frames: FrameSource = pageFrames,
  ) {
    for (const type of ['sample', 'incident', 'chat.*'] as const)
      client.on(type, (message) => this.keep(message))
    client.on('sample', ({ payload }) => this.onSample(payload))
    client.on('incident', ({ payload }) => this.onIncident(payload))
    client.on('people', ({ payload }) => {
      this.people = payload
      this.changed()
    })
    client.on('flights', ({ payload }) => {
      for (const [origin, destination, delay] of payload) this.departures.add({ origin, destination, delay })
      this.flights += payload.length
      this.changed()
    })
    client.on('resume_failed', ({ room, missed }) => {
      this.note('trouble', `The room ${room} could not be resumed: ${missed ?? 'unknown'} messages are lost.`)
    })
    client.onStateChange((state, { error }) => this.onState(state, error?.code))
    setInterval(() => this.onLook(), look)
    this.snapshot = this.take()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }
  readonly getSnapshot = (): Snapshot => this.snapshot

  /** React has rendered the page. */
  rendered(): void {
    this.renders.total++
  }

  /** So many messages of the visitor wait to be sent. */
  waits(messages: number): void {
    if (this.lost !== undefined && this.client.state !== 'connected') this.lost.queued = messages
  }

  note(tone: Entry['tone'], text: string): void {
    this.journal.add(tone, text, Date.now())
    this.changed()
  }

  private changed(): void {
    if (this.asked) return
    this.asked = true
    this.frames.request(() => {
      this.asked = false
      this.snapshot = this.take()
      for (const listener of this.listeners) listener()
    })
  }

  private take(): Snapshot {
    const { history, continuity } = this
    const { taken, missed, repeated } = continuity
    const before = this.snapshot as Snapshot | undefined
    return {
      sample: this.sample,
      rates: unlessSame(before?.rates, {
        feed: history.latest('feed'),
        bytes: history.latest('bytes'),
        js: history.latest('js'),
        page: history.latest('page'),
        messages: this.messages,
        renders: this.renders.rate,
      }),
      people: this.people,
      departures: this.departures.top(rows, performance.now()),
      entries: this.journal.entries,
      kept: unlessSame(before?.kept, {
        ...{ taken, missed, repeated },
        board: continuity.place('board')?.offset ?? 0,
        chat: continuity.place('chat')?.offset ?? 0,
      }),
      reconnects: this.client.getPerformanceMetrics().reconnects,
      trip: unlessSame(before?.trip, { ms: this.trips.latest, total: this.trips.total }),
    }
  }

  private keep(message: Placed): void {
    if (message.offset === undefined) return
    const took = Date.now() - (message.timestamp ?? 0)
    this.skew = Math.min(this.skew, took)
    if (this.lost !== undefined && took - this.skew > fresh) this.replayed++
    this.continuity.take(message)
  }

  private onSample(sample: Sample): void {
    this.sample = sample
    const now = performance.now()
    const live = Date.now() - sample.at - this.skew < fresh
    let page: number | null = null
    if (live) {
      const { flights } = this
      const { messagesIn: messages } = this.client.getPerformanceMetrics()
      this.received = this.received.filter(({ at }) => now - at <= second)
      const first = this.received.at(0)
      // Samples that come together say nothing about a second.
      if (first !== undefined && now - first.at > look / 2) {
        const a = 1000 / (now - first.at)
        page = (flights - first.flights) * a
        this.messages = (messages - first.messages) * a
      }
      this.received.push({ flights, messages, at: now })
    }
    this.history.add(sample, page)
    this.changed()
  }

  private onIncident(incident: DashboardProtocol['receive']['incident']): void {
    this.journal.incident(incident, this.me)
    // What happened before this connection began is told to it as well.
    const here = this.client.state === 'connected' && performance.now() - this.connectedAt > incident.ms
    if (incident.kind === 'blocked' && here) {
      const { count, slowest } = this.trips.since(Date.now() - incident.ms)
      const beats = ` ${plural(count, 'heartbeat')} came back meanwhile, the slowest in ${duration(slowest)}.`
      this.note('good', `This connection stayed.${count > 0 ? beats : ''}`)
    }
    this.changed()
  }

  private onState(state: string, code: string | undefined): void {
    const { missed } = this.continuity
    if (state === 'connected') this.connectedAt = performance.now()
    if (state === 'reconnecting' && this.lost === undefined) {
      this.lost = { at: Date.now(), queued: 0, missed }
      this.replayed = 0
      this.note(
        'trouble',
        `The connection is lost${code === undefined ? '' : ` (${code})`}. What you write waits.`,
      )
    } else if (state === 'connected' && this.lost !== undefined) {
      const { lost } = this
      const away = Date.now() - lost.at
      setTimeout(() => this.cameBack(lost, away), settling)
    }
    this.changed()
  }

  private cameBack(lost: NonNullable<Live['lost']>, away: number): void {
    // It may have gone again.
    if (this.lost !== lost || this.client.state !== 'connected') return
    this.lost = undefined
    const missed = this.continuity.missed - lost.missed
    const sent = lost.queued > 0 ? ` ${plural(lost.queued, 'waiting message')} went out.` : ''
    this.note(
      missed === 0 ? 'good' : 'trouble',
      `Back after ${duration(away)}. ${plural(this.replayed, 'message')} that came meanwhile followed, ${missed} missed.${sent}`,
    )
  }

  private onLook(): void {
    const { latencyCount, latencyLast } = this.client.getPerformanceMetrics()
    this.trips.look(latencyCount, latencyLast, Date.now())
    const now = performance.now()
    const { total, counted, at } = this.renders
    if (now - at >= 1_000) {
      this.renders = {
        total,
        counted: total,
        at: now,
        rate: at > 0 ? ((total - counted) * 1000) / (now - at) : 0,
      }
    }
    this.changed()
  }
}

/** The part as it was where nothing of it has changed, so that what shows it does not render. */
function unlessSame<Part extends object>(before: Part | undefined, now: Part): Part {
  const names = Object.keys(now) as (keyof Part)[]
  return before !== undefined && names.every((name) => before[name] === now[name]) ? before : now
}
