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
import type { TokenReason } from './machine-start'
import { EngineSending } from './engine-sending'
import { figures } from './figures'
import { type LinkEvents, Links } from './links'
import { Loading } from './loading'
import { type PartName, part, parts } from './parts'
import type { PlatformSocketConstructor } from './platform'
import type { PortableOptions } from './portable-options'
import type { Reading, ReadingHost } from './reading'
import type { Outcome } from './reconnect-policy'
import { isPlain } from './route-set'
import { sizeOf } from './size'

const overBudget: Outcome = {
  error: 'OUT_OF_BUDGET',
  closeCode: 1006,
  detail: 'More has come than may wait until what reads it is loaded.',
}

/** What only a codec or a dialect asks for is in wire-engine.ts. */
type PlainEngine = Omit<ClientEngine, 'answered' | 'say' | 'admit' | 'pause' | 'resume'>

export class PortableEngine extends EngineSending implements PlainEngine, CoreHost, ReadingHost {
  private tokens = 0
  private tokenName = ''
  private tokenValue = ''
  /** The program has asked for a pause. */
  protected paused = false
  wants = { untyped: false, binary: false, asking: false }
  /** What links have told that still waits: what they tell now comes behind it. */
  private early = 0

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
    const told: LinkEvents = {
      opened: (link, protocol) => this.whenRead((reading) => reading.opened(link, protocol)),
      message: (link, event) => {
        if (this.reading !== undefined && this.early === 0) {
          this.reading.message(link, event)
          return
        }
        const bytes = sizeOf(event.data)
        if (this.loading.bytes + bytes > options.maxBackpressure) {
          this.drop(link)
          told.ended(link, overBudget)
        } else this.whenRead((reading) => reading.message(link, event), bytes)
      },
      ended: (link, how) => this.whenRead((reading) => reading.ended(link, how)),
      closed: (link, clean) => this.departures?.closed(link, clean),
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
    this.loading = new Loading(turn, () => this.reading?.release(), failed)
    this.sendLine = new Loading(turn, () => this.core.sending?.pump(this.now()), failed)
    this.alarm = new Alarm(
      () =>
        this.turn(() => {
          this.core.timer(this.now())
          this.routes.run(this.now())
        }),
      () => this.rests,
    )
    if (parts.keeping !== undefined) this.keep()
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
      this.reading?.look()
      this.core.connect(this.now())
    }
    // What is sent before may wait; the connection need not.
    if (this.turned) this.inTurn(step)
    else this.call(step)
    this.prepare()
  }
  disconnect(code: number, reason: string): void {
    this.inTurn(() => this.core.disconnect(this.now(), code, reason))
  }
  reconnect(): void {
    this.inTurn(() => {
      this.reading?.look()
      this.core.reconnect(this.now())
    })
    this.prepare()
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
  /** What the links tell waits until their part is there: it is on its way while the first of them opens. */
  private prepare(): void {
    if (this.reading === undefined) this.ahead('keeping', () => this.keep())
  }
  private keep(): void {
    const { options } = this
    this.reading ??= new (part('keeping').Reading)(options, this.core, this)
    if (!this.rests) this.reading.look()
  }
  private whenRead(step: (reading: Reading) => void, bytes?: number): void {
    if (this.reading !== undefined && this.early === 0) {
      step(this.reading)
      return
    }
    this.early++
    const run = (): void => {
      this.early--
      step(this.reading as Reading)
    }
    this.call(run, this.loading, { bytes })
  }
  private get rests(): boolean {
    return ['idle', 'disconnected', 'failed'].includes(this.core.machine.state)
  }
  get blocked(): boolean {
    return this.paused || this.loading.waits
  }
  ahead(name: PartName, step: () => void): void {
    this.loading.need(name)
    this.call(step)
  }
  addRoute(route: number, spec: RouteSpec): void {
    if (!isPlain(spec)) this.loading.need('routes')
    this.call(() => {
      try {
        this.routes.add(route, spec)
      } catch (error) {
        this.outbox.push((told) => told.routeRefused((error as Error).message))
      }
    })
  }
  removeRoute(route: number): void {
    this.call(() => this.routes.remove(route))
  }
  interest(untyped: boolean, binary: boolean, asking: boolean): void {
    this.reading?.read()
    this.wants = { untyped, binary, asking }
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
    this.reading?.clear()
    this.links.drop(link)
  }
  room(link: number): number {
    return this.links.room(link)
  }
  transmit(link: number, data: string | Uint8Array, counted: boolean): void {
    if (!this.links.send(link, data) || !counted) return
    this.departures ??= new (part('sending').Departures)(
      () => this.links,
      (link, frames) => this.core.sending?.linkFlushed(link, frames, this.now()),
    )
    this.departures.sent(link)
  }
  state(change: StateChange): void {
    const { state } = change
    if (state === 'connected') this.reading?.connected()
    this.outbox.push((told) => told.state(change))
    if (state === 'reconnecting' || state === 'disconnected') this.routes.run(this.now())
    if (state === 'disconnected' || state === 'failed') this.reading?.lookAway()
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

  // ---------------------------------------------------------------------------------------------------------- figures

  learned(): EndpointFigures[] {
    return this.core.endpoints.figures()
  }
  metrics(): EngineMetrics {
    const all = figures(this.core, this.routes, this.reading, this.now())
    const { messages, timeouts } = this.sendLine
    all.delivered = this.delivered
    all.queued += messages
    all.queuedNormal += messages
    all.requests += timeouts
    all.requestTimeouts += timeouts
    return all
  }
}
