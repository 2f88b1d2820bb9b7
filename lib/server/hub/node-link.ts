// Between a hub and its adapter: what nodes say to each other, as texts.
//
//   | JSON object of `n` node, `c` channel, `s` number on that channel, `k` kind, and what the kind needs | LF | body |
//
// The body of a message is its envelope, which is never parsed on the way.
import type { AdapterMetrics, HubAdapter, HubNode, RoomEntry } from './adapter'
import { Sequences } from './sequences'

/** Channel that all nodes hear. */
export const allNodes = 'a'
/** Channel of the nodes that have members in a room. */
export const roomChannel = (room: string): string => `r:${room}`
/** Channel of one node. */
export const nodeChannel = (node: string): string => `n:${node}`

/** Head of what a node says. */
export interface Said {
  /** Node. */
  n: string
  /** Channel. */
  c: string
  /** Number on the channel. */
  s: number
  /** Kind. */
  k: string
}
export type Hearer = (head: Said & Record<string, unknown>, body: string) => void

export interface LinkEvents {
  /** A node lives. */
  heard(node: string): void
  connected(): void
  disconnected(error: Error): void
  report(error: Error): void
  entries(room: string, entries: readonly RoomEntry[]): void
}

export class NodeLink implements HubNode {
  private readonly hearers = new Map<string, Hearer>()
  private readonly sequences = new Sequences()
  private readonly own: string
  /** Texts of other nodes that did not arrive, as far as later ones tell. */
  missed = 0
  /** Since when the broker is away, a time of `now()`; 0: it is there. */
  awaySince: number
  /** It was reached at least once. */
  reached = false
  private ended = false

  constructor(
    readonly id: string,
    readonly adapter: HubAdapter,
    private readonly events: LinkEvents,
    private readonly now: () => number = Date.now,
  ) {
    this.own = `{"n":"${id}",`
    this.awaySince = now()
  }

  /** Who hears texts of a kind. */
  on(kind: string, hearer: Hearer): void {
    this.hearers.set(kind, hearer)
  }

  start(): void {
    try {
      const started = this.adapter.start(this)
      started?.catch((error: unknown) => this.report(error as Error))
    } catch (error) {
      this.report(error as Error)
    }
    void this.adapter.subscribe(allNodes)
    void this.adapter.subscribe(nodeChannel(this.id))
  }

  say(channel: string, kind: string, what: object, body = ''): void {
    if (this.ended) return
    const head: Said = { n: this.id, c: channel, s: this.sequences.next(channel), k: kind }
    this.adapter.publish(channel, `${JSON.stringify({ ...head, ...what })}\n${body}`)
  }

  subscribe(channel: string): Promise<void> {
    return this.adapter.subscribe(channel)
  }
  unsubscribe(channel: string): void {
    this.sequences.left(channel)
    this.adapter.unsubscribe(channel)
  }

  /** A node is gone for good. */
  forget(node: string): void {
    this.sequences.gone(node)
  }

  // ------------------------------------------------------------------------------------------------ what adapters tell

  receive(text: string): void {
    if (this.ended || text.startsWith(this.own)) return
    try {
      const end = text.indexOf('\n')
      const head = JSON.parse(text.slice(0, end)) as Said & Record<string, unknown>
      this.events.heard(head.n)
      this.missed += this.sequences.missed(head.n, head.c, head.s)
      // Kinds of a later version are left aside.
      this.hearers.get(head.k)?.(head, text.slice(end + 1))
    } catch (error) {
      this.report(error as Error)
    }
  }
  entries(room: string, entries: readonly RoomEntry[]): void {
    if (!this.ended) this.events.entries(room, entries)
  }
  connected(): void {
    if (this.ended || this.awaySince === 0) return
    this.awaySince = 0
    this.reached = true
    this.events.connected()
  }
  disconnected(error: Error): void {
    if (this.ended || this.awaySince !== 0) return
    this.awaySince = this.now()
    this.events.disconnected(error)
  }
  report(error: Error): void {
    if (!this.ended) this.events.report(error)
  }

  metrics(): AdapterMetrics {
    return this.adapter.metrics()
  }

  async close(): Promise<void> {
    this.ended = true
    await this.adapter.close()
  }
}
