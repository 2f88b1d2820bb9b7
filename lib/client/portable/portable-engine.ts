// The portable engine: what the native one does on its I/O thread, done here over a platform's own WebSocket. Decisions
// are the core's and the inbox's; this is the shell with the sockets, the clock and the timer.
//
//   program ─► call ──┐                                ┌─► sockets
//   socket  ─► event ─┼─► core, inbox ─► what to tell ─┤
//   timer ────────────┘                                └─► client, when the engine's own work is done
import type {
  ClientEngine,
  EndpointFigures,
  EngineEvents,
  EngineMetrics,
  RouteSpec,
  Settlement,
  StateChange,
} from '../engine'
import { Alarm } from './alarm'
import { ClientCore } from './client-core'
import type { CoreHost } from './core-sending'
import type { TokenReason } from './client-machine'
import { EngineSending } from './engine-sending'
import { figures } from './figures'
import { Held } from './held'
import { Inbox } from './inbox'
import { Latencies } from './latency'
import { type LinkEvents, Links } from './links'
import { Loading } from './loading'
import { type PartName, part, parts } from './parts'
import type { PortableOptions } from './portable-options'
import type { PlatformMessage, PlatformSocketConstructor } from './platform'
import { isPlain } from './route-set'
import { sizeOf } from './size'

/** Bytes that may lie unread until the page's next frame, as far as can be guessed, and what an event counts beside. */
const mostUnread = 1 << 20
const perEvent = 2048

/** What only a codec or a dialect asks for is in wire-engine.ts. */
type PlainEngine = Omit<ClientEngine, 'answered' | 'say' | 'admit' | 'pause' | 'resume'>

export class PortableEngine extends EngineSending implements PlainEngine, CoreHost {
  private readonly latencies = new Latencies()
  private tokens = 0
  private tokenName = ''
  private tokenValue = ''
  protected readonly held: Held
  /** A platform makes a message's data when it is asked for them, and many at once cost less than each by itself. */
  private unread: PlatformMessage[] = []
  /** Bytes of the largest message of late: how large one is shows only when it is read. */
  private largest = 0

  constructor(options: PortableOptions, socket: PlatformSocketConstructor, events: EngineEvents) {
    super(options, events)
    const { auth, batch, closeTimeout, fallback, queue, reconnect } = options
    const dialTimeout = options.connectTimeout
    this.core = new ClientCore(
      {
        ...options,
        policy: reconnect,
        usesTokens: auth !== undefined,
        closeTimeout: closeTimeout === 0 ? 0 : closeTimeout + 5_000,
        // Each dial has a limit of its own; this one is for the round as a whole.
        connectTimeout: dialTimeout * 2 * options.targets.length,
        endpoints: options.targets.length,
        leaveTimeout: closeTimeout,
        dialTimeout,
        tokenInUrl: auth?.as === 'query',
      },
      this,
      Math.random,
      this.now(),
    )
    this.inbox = new Inbox(
      options.layout,
      this.core,
      {
        tell: (event) => this.outbox.push(event),
        say: (text) => this.links.send(this.core.link, text, false),
        mayTake: () => this.held.mayTake,
        later: (text) => this.held.before(text),
        now: () => {
          this.stirred = true
          return this.now()
        },
      },
      (took) => this.latencies.record(took),
    )
    this.held = new Held(
      () => this.core.machine.state === 'connected',
      () => this.loading.waits,
      (data, bytes) => this.inbox.take(data, bytes),
    )
    const told: LinkEvents = {
      opened: (link, protocol) =>
        this.turn(() => {
          this.core.linkOpened(link, protocol, this.now())
          if (options.gated && this.core.link === link) this.outbox.push((told) => told.opened?.(link))
        }),
      message: (link, event) => {
        if (link !== this.core.link) return
        const count = this.unread.push(event)
        if (count > 1 ? count * (this.largest + perEvent) < mostUnread : this.canWait()) return
        this.read()
        this.settle()
      },
      ended: (link, how) =>
        this.turn(() => {
          const end = (): void => this.core.linkEnded(link, how, this.now())
          // What came before the end is read before it.
          if (link === this.core.link) this.held.offerEnd(end)
          else end()
        }),
      flushed: (link, frames) => this.core.sending?.linkFlushed(link, frames, this.now()),
      gone: () => this.turn(() => undefined),
    }
    this.links = new Links(socket, options.protocols, told)
    const turn = (step: () => void): void => this.turn(step)
    const failed = (detail: string): boolean => {
      this.turn(() => {
        if (!this.disposed) this.outbox.push((told) => told.loadFailed?.(detail))
      })
      return !this.disposed
    }
    this.loading = new Loading(turn, () => this.held.release(), failed)
    this.sendLine = new Loading(turn, () => this.core.sending?.pump(this.now()), failed)
    this.alarm = new Alarm(
      () =>
        this.turn(() => {
          this.core.timer(this.now())
          this.inbox.routes.run(this.now())
        }),
      () => ['idle', 'disconnected', 'failed'].includes(this.core.machine.state),
    )
    if (batch.max > 1) this.later('shaping')
    if (options.targets.length > 1 && parts.endpoints === undefined)
      this.ahead('endpoints', () => this.core.useAll())
    if (auth !== undefined && parts.tokens === undefined) this.ahead('tokens', () => this.core.useTokens())
    if (queue.store !== undefined) this.later('store', () => this.openStore())
    if (fallback !== undefined)
      this.ahead('detour', () => {
        const { DetourLinks } = part('detour')
        const around = { ...fallback, connectTimeout: dialTimeout }
        this.links = new DetourLinks(socket, options.protocols, told, around)
      })
  }

  wallClock(): number {
    return Date.now()
  }

  // ------------------------------------------------------------------------------------------------------ the program

  connect(): void {
    const step = (): void => {
      this.look()
      this.core.connect(this.now())
    }
    // What is sent before may wait; the connection need not.
    if (this.turned) this.inTurn(step)
    else this.call(step)
  }
  disconnect(code: number, reason: string): void {
    this.inTurn(() => this.core.disconnect(this.now(), code, reason))
  }
  reconnect(): void {
    this.inTurn(() => {
      this.look()
      this.core.reconnect(this.now())
    })
  }
  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    this.inTurn(() => this.core.leave(this.now()))
    for (const line of [this.loading, this.sendLine]) {
      const over = (): void => void (line.failing = true)
      line.run(() => undefined, { within: this.lastWait, over })
    }
  }
  setToken(how: 'query' | 'header' | 'message' | 'none', name: string, value: string): void {
    this.tokens++
    this.tokenName = how === 'query' ? name : ''
    this.tokenValue = value
    this.call(() => this.core.setToken(this.now(), how === 'message' ? value : ''))
  }
  failToken(final: boolean): void {
    this.call(() => this.core.failToken(this.now(), final))
  }
  ahead(name: PartName, step: () => void): void {
    this.loading.need(name)
    this.call(step)
  }
  addRoute(route: number, spec: RouteSpec): void {
    if (!isPlain(spec)) this.loading.need('routes')
    this.call(() => {
      try {
        this.inbox.routes.add(route, spec)
      } catch (error) {
        this.outbox.push((told) => told.routeRefused((error as Error).message))
      }
    })
  }
  removeRoute(route: number): void {
    this.call(() => this.inbox.routes.remove(route))
  }
  interest(untyped: boolean, binary: boolean, asking: boolean): void {
    this.read()
    this.inbox.wants = { untyped, binary, asking }
  }
  ref(): void {
    this.alarm.hold(true)
  }
  unref(): void {
    this.alarm.hold(false)
  }

  // ---------------------------------------------------------------------------------------------- what the core does

  dial(link: number, endpoint: number): void {
    const url = new URL(this.options.targets[endpoint].href)
    if (this.tokenName !== '') url.searchParams.set(this.tokenName, this.tokenValue)
    this.links.dial(link, url.href, endpoint)
  }
  close(link: number, code: number, reason: string): void {
    this.links.close(link, code, reason)
  }
  drop(link: number): void {
    this.held.clear()
    this.links.drop(link)
  }
  room(link: number): number {
    return this.links.room(link)
  }
  transmit(link: number, data: string | Uint8Array, counted: boolean): void {
    this.links.send(link, data, counted)
  }
  state(change: StateChange): void {
    const { state } = change
    if (state === 'connected') {
      this.inbox.tellPositions()
      if (!this.held.started) {
        // Handlers that are set in answer to the first `connected` miss nothing: reading begins a turn later.
        setTimeout(() => {
          this.held.started = true
          this.turn(() => this.held.release())
        })
      }
    }
    this.outbox.push((told) => told.state(change))
    if (state === 'reconnecting' || state === 'disconnected') this.inbox.routes.run(this.now())
    if (state === 'disconnected' || state === 'failed') this.lookAway()
  }
  tokenWanted(why: TokenReason): void {
    const { tokens } = this
    this.outbox.push((told) => {
      // One that was set since is the answer.
      if (tokens === this.tokens) told.tokenWanted(why)
    })
  }
  settled(token: number, how: Settlement): void {
    this.outbox.push((told) => told.settled(token, how))
  }
  dropped(why: Settlement): void {
    this.dropped_.set(why, (this.dropped_.get(why) ?? 0) + 1)
  }
  storedDone(key: number): void {
    this.durable?.remove(key)
  }

  // --------------------------------------------------------------------------------------------------- what comes in

  /** Nothing but frames waits for the next message: those who want it are told that there is one. */
  private canWait(): boolean {
    const { wants, routes } = this.inbox
    const { core, held } = this
    if (wants.untyped || wants.binary || !core.calm || !held.mayTake) return false
    const ids = routes.forFrames()
    if (ids.length > 0) this.events.message(ids, () => this.turn(() => undefined))
    return ids.length > 0
  }
  /** Takes in what waits unread. */
  protected read(): void {
    const { unread } = this
    const { link } = this.core
    this.unread = []
    for (const { data } of unread)
      if (link === this.core.link) this.onMessage(typeof data === 'string' ? data : new Uint8Array(data))
  }
  private onMessage(data: string | Uint8Array): void {
    const bytes = sizeOf(data)
    this.largest = Math.max(bytes, this.largest * 0.9)
    if (bytes > this.options.maxPayload) {
      this.lose('MESSAGE_TOO_BIG', `${bytes} bytes`)
      return
    }
    this.held.offer(data, bytes)
    // A platform's WebSocket cannot be told to read no more.
    if (this.held.bytes > this.options.maxBackpressure)
      this.lose('OUT_OF_BUDGET', 'The program does not take what comes.')
  }
  private lose(error: 'MESSAGE_TOO_BIG' | 'OUT_OF_BUDGET', detail: string): void {
    const { link } = this.core
    this.stirred = true
    this.drop(link)
    this.core.linkEnded(link, { error, closeCode: 1006, detail }, this.now())
  }

  // ---------------------------------------------------------------------------------------------------------- figures

  learned(): EndpointFigures[] {
    return this.core.endpoints.figures()
  }
  metrics(): EngineMetrics {
    const all = figures(this.core, this.inbox, this.latencies, this.now())
    const { messages } = this.sendLine
    all.queued += messages
    all.queuedNormal += messages
    return all
  }
}
