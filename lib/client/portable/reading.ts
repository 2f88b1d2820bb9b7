// What comes over the links of the portable engine: it is read when the engine is about to do something, not when it comes;
// it waits for the program where that has to be; and the end of a link stands behind what came before.
//
//   socket ─► unread ─► held ─► inbox ─► replies, routes …
import type { EngineEvents } from '../engine'
import type { Layout } from '../layout'
import type { ClientCore } from './client-core'
import type { CoreKeeping } from './core-keeping'
import { Held } from './held'
import { Inbox, type InboxHost } from './inbox'
import { Latencies } from './latency'
import type { LinkEvents } from './links'
import type { PlatformMessage } from './platform'
import type { Outcome } from './reconnect-policy'
import { sizeOf } from './size'
import { watch } from './surroundings'

/** Bytes that may lie unread until the page's next frame, as far as can be guessed, and what an event counts beside. */
const mostUnread = 1 << 20
const perEvent = 2048

export interface ReadingHost extends Omit<InboxHost, 'mayTake' | 'later'> {
  readonly events: EngineEvents
  /** Nothing is to be read: something is on its way, or the program has asked for a pause. */
  readonly blocked: boolean
  /** Something happened outside: what follows is told, and the timer planned. */
  turn(step: () => void): void
  /** The same, of a message and no more. */
  settle(): void
  /** The link is given up. */
  drop(link: number): void
}

export interface ReadingSettings {
  layout: Layout
  maxPayload: number
  /** Bytes that may wait for the program. */
  maxBackpressure: number
  /** An open link waits to be admitted. */
  gated: boolean
}

export class Reading implements Pick<LinkEvents, 'opened' | 'message' | 'ended'> {
  private readonly keeping: CoreKeeping
  private readonly inbox: Inbox
  private readonly held: Held
  private readonly latencies = new Latencies()
  /** A platform makes a message's data when it is asked for them, and many at once cost less than each by itself. */
  private unread: PlatformMessage[] = []
  /** Bytes of the largest message of late: how large one is shows only when it is read. */
  private largest = 0
  private unwatch: (() => void) | undefined

  constructor(
    private readonly settings: ReadingSettings,
    private readonly core: ClientCore,
    private readonly host: ReadingHost,
  ) {
    this.keeping = core.keeper()
    this.held = new Held(
      () => core.machine.state === 'connected',
      () => host.blocked,
      (data, bytes) => this.inbox.take(data, bytes),
    )
    this.inbox = new Inbox(settings.layout, core, host, this.held, (took) => this.latencies.record(took))
  }

  opened(link: number, protocol: string): void {
    const { core, host } = this
    host.turn(() => {
      this.keeping.linkOpened(link, protocol, host.time())
      if (this.settings.gated && core.link === link) host.tell((told) => told.opened?.(link))
    })
  }
  message(link: number, event: PlatformMessage): void {
    if (link !== this.core.link) return
    const count = this.unread.push(event)
    if (count > 1 ? count * (this.largest + perEvent) < mostUnread : this.canWait()) return
    this.read()
    this.host.settle()
  }
  ended(link: number, how: Outcome): void {
    const { core, host } = this
    host.turn(() => {
      const end = (): void => this.keeping.linkEnded(link, how, host.time())
      // What came before the end is read before it.
      if (link === core.link) this.held.offerEnd(end)
      else end()
    })
  }

  /** Nothing but frames waits for the next message: those who want it are told that there is one. */
  private canWait(): boolean {
    const { held, host, keeping } = this
    const { routes, wants } = host
    if (wants.untyped || wants.binary || !keeping.calm || !held.mayTake) return false
    const all = [...routes.routes.values()]
    if (all.length === 0 || all.some(({ frames }) => !frames)) return false
    host.events.message(
      all.map(({ id }) => id),
      () => host.turn(() => undefined),
    )
    return true
  }
  /** Takes in what waits unread. */
  read(): void {
    const { unread } = this
    const { link } = this.core
    this.unread = []
    for (const { data } of unread)
      if (link === this.core.link) this.take(typeof data === 'string' ? data : new Uint8Array(data))
  }
  private take(data: string | Uint8Array): void {
    const { held } = this
    const { maxPayload, maxBackpressure } = this.settings
    const bytes = sizeOf(data)
    this.largest = Math.max(bytes, this.largest * 0.9)
    if (bytes > maxPayload) {
      this.lose('MESSAGE_TOO_BIG', `${bytes} bytes`)
      return
    }
    held.offer(data, bytes)
    // A platform's WebSocket cannot be told to read no more.
    if (held.bytes > maxBackpressure) this.lose('OUT_OF_BUDGET', 'The program does not take what comes.')
  }
  private lose(error: 'MESSAGE_TOO_BIG' | 'OUT_OF_BUDGET', detail: string): void {
    const { link } = this.core
    this.host.drop(link)
    this.keeping.linkEnded(link, { error, closeCode: 1006, detail }, this.host.time())
  }

  /** The client is about to be told that it is connected. */
  connected(): void {
    const { held, host } = this
    host.positions?.tell()
    if (held.started) return
    // Handlers that are set in answer to the first `connected` miss nothing: reading begins a turn later.
    setTimeout(() => {
      held.started = true
      host.turn(() => held.release())
    })
  }
  /** Hears of the network and of the page from now on, or does not. */
  look(): void {
    const { host, keeping } = this
    this.unwatch ??= watch({
      offline: (offline) => host.turn(() => keeping.setOffline(offline, host.time())),
      awake: () => host.turn(() => keeping.wake(host.time())),
    })
  }
  lookAway(): void {
    this.unwatch?.()
    this.unwatch = undefined
  }

  /** What was held back may be taken. */
  release(): void {
    this.held.release()
  }
  /** Nobody wants to hear of the link any more. */
  clear(): void {
    this.held.clear()
  }

  figures() {
    const { inbox, latencies } = this
    return { ...inbox.counters, ...latencies.figures() }
  }
}
