// What connects the hubs of several processes: a broker, and the adapter that speaks to it. An adapter carries texts; what
// they mean is the hub's. Without one a hub is alone.
//
//   hub A ── publish(channel, text) ──► adapter ═► broker ═► adapter ── receive(text) ──► hub B, if it has subscribed
//         ── log.append(room, texts) ─► adapter ═► log    ═► adapter ── entries(room, …) ─► A and B, if they follow
import type { CheckedBounds } from './transport'

/** What an adapter is given of its hub: whom it tells. */
export interface HubNode {
  /** Different for each node, and for each life of a process. */
  readonly id: string
  /**
   * A text that was published to a channel. Texts of one node come in its order, over all channels. A node's own texts,
   * and those of channels that it has not subscribed, may be handed over as well; the hub leaves them aside.
   */
  receive(text: string): void
  /**
   * Entries of a room that is followed, oldest first. While the broker is reached none is left out; what comes twice or
   * after a gap does no harm, the hub reads what is missing.
   */
  entries(room: string, entries: readonly RoomEntry[]): void
  /** The broker is reached, for the first time or again, and all that was subscribed and followed is in force. */
  connected(): void
  /** It is not reached any more; local delivery goes on. */
  disconnected(error: Error): void
  /** Something failed that the program should hear of. */
  report(error: Error): void
}

/** Carries texts between nodes. */
export interface HubAdapter {
  /**
   * Begins to look for the broker and never stops until `close`, however often it fails.
   * @throws (or rejects) for what trying again does not mend: a package that is missing, options that are wrong
   */
  start(node: HubNode): void | Promise<void>
  /**
   * Hears a channel from now on. Resolves once that is in force; while the broker is away, that is when it is back. Never
   * rejects. `channel`: 1 to 300 characters of any kind, which broker's names may not allow: the adapter translates them.
   */
  subscribe(channel: string): Promise<void>
  unsubscribe(channel: string): void
  /**
   * Carries a text to the nodes that have subscribed the channel. Never throws: while the broker is away, texts wait in a
   * queue with a bound; what was dropped, or was on its way when the broker was lost, counts as `lost`. `text` may have any
   * characters but U+0000 to U+001F other than line feeds.
   */
  publish(channel: string, text: string): void
  /** Where the broker keeps what is appended. */
  readonly log?: RoomLog
  metrics(): AdapterMetrics
  /** What waits goes out first, for a second at most. Leaves no connection and no timer. */
  close(): Promise<void>
}

/** Counters of an adapter. */
export interface AdapterMetrics {
  connected: boolean
  /** Texts that the broker has taken, appended ones included. */
  published: number
  /** Texts and entries that came. */
  received: number
  /** Texts that the broker did not take, or of which nobody knows. */
  lost: number
  /** Texts that wait for the broker now. */
  queued: number
  /** Times the broker was found again. */
  reconnects: number
  /** Milliseconds that the latest text took until the broker had it. */
  lag: number
}

/**
 * A place in a room's log. Offsets of an epoch count up by one, and are above those of the epochs before it in the same log.
 * An epoch never goes on behind something that may be lost: the log begins another one then.
 */
export interface RoomPlace {
  epoch: string
  offset: number
}

export interface RoomEntry extends RoomPlace {
  text: string
}

/** What a log holds of a room. */
export interface RoomPage {
  /** The epoch of what is appended next. */
  epoch: string
  /** Offset of the last entry that was ever appended; 0: none. */
  offset: number
  /** Oldest first, without a gap between them. */
  entries: RoomEntry[]
  /**
   * The place that was asked from is of another log: the broker has lost what it held. The offsets have begun anew, and
   * `entries` begins with the oldest.
   */
  anew: boolean
}

/** Keeps what is said in rooms, in one order for all nodes. */
export interface RoomLog {
  /**
   * Hands over what is appended to a room from now on: `HubNode.entries`. Resolves once that is in force, like `subscribe`.
   * Never rejects.
   */
  follow(room: string, bounds: CheckedBounds): Promise<void>
  unfollow(room: string): void
  /**
   * Appends texts, one behind the other; resolves with the place of the last. `number` differs for each call of
   * this node: one that comes again with its number and texts within a minute, since its fate was unknown, appends nothing
   * that was appended already.
   * Rejects with `BROKER_UNAVAILABLE` when the broker is away, and nobody knows what became of the texts; with anything
   * else when the broker has refused them for good.
   */
  append(room: string, texts: readonly string[], number: number, bounds: CheckedBounds): Promise<RoomPlace>
  /**
   * What comes behind a place, at most `most` of it, oldest first; without a place the newest `most`. A room that was never
   * written to gets its epoch here. Rejects like `append`.
   */
  read(room: string, after: RoomPlace | undefined, most: number, bounds: CheckedBounds): Promise<RoomPage>
  /** Begins another epoch, unless the room's is another than `epoch` already. Rejects like `append`. */
  renew(room: string, epoch: string, bounds: CheckedBounds): Promise<void>
}
