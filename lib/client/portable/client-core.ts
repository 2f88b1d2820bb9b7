// A client without its network: the machine of its states and its endpoints; once it has dialled, what keeps it connected;
// and once it has something to send, the queue of that, and its requests. What src/core/client/client_core.hpp is to the
// native engine. Pure but for the host it drives; times in milliseconds of one clock are passed in.
//
//   program ─► connect, setToken … ─► ClientCore ──┐
//           ─► send, cancel … ──────► CoreSending ─┼─► dial, transmit, close …    (CoreHost)
//   network ─► opened, ended … ─────► CoreKeeping ─┴─► state, settled, dropped …  (CoreHost)
//           ─► flushed ─────────────► CoreSending
//
// After any call the shell asks `deadline`. The host does not call back into the core.
import type { ClientStateName, EndpointFigures, StateChange } from '../engine'
import type { TokenMachine } from './token-machine'
import type { CoreKeeping } from './core-keeping'
import type { CoreHost, CoreSending, SendingSettings } from './core-sending'
import { ownProtocol } from './own-protocol'
import { part, parts } from './parts'
import { EndpointStart, type Rounds } from './endpoint-start'
import type { EndpointRounds } from './endpoints'
import { type MachineHost, type MachineSettings, MachineStart, type TokenReason } from './machine-start'
import { never } from './never'
import type { Outcome } from './reconnect-policy'

export interface CoreSettings extends MachineSettings, SendingSettings {
  endpoints: number
  /** See `Strategy`. */
  strategy: number
  learned?: readonly EndpointFigures[]
  /** What `leave` waits for; 0: no limit. */
  leaveTimeout: number
  /** For one dial; 0: none. */
  dialTimeout: number
  /** An open link waits to be admitted, with or without a token. */
  gated: boolean
  /** Heartbeat messages; `interval` 0: none. `always`: to servers too that do not speak our protocol. */
  heartbeat: { interval: number; timeout: number; always: boolean }
  /** There is a source of tokens: no dial without one. */
  usesTokens: boolean
  /** The token is part of what a dial shows, so a failed dial may mean it. */
  tokenInUrl: boolean
}

interface Dial {
  endpoint: number
  since: number
}

export class ClientCore implements MachineHost {
  machine: MachineStart
  /** The same, of a client that uses tokens. */
  tokens: TokenMachine | undefined
  /** As soon as there was something to send. */
  sending: CoreSending | undefined
  /** As soon as its part is there. */
  keeping: CoreKeeping | undefined
  readonly counters = { connects: 0, failures: 0 }
  /** The open link, or 0, and its endpoint: of the last one, where there is none. */
  link = 0
  endpoint = 0
  protocol = ''
  /** The link is open and waits to be let in. */
  authenticating = false
  /** The link carries messages. */
  ready = false
  ended = false
  endpoints: Rounds
  /** The same, of a client with several. */
  private several: EndpointRounds | undefined
  readonly dials = new Map<number, Dial>()
  /** The text that opens each link; '': none. */
  firstMessage = ''
  firstConnect: number | undefined
  private nextLink = 1
  private leaving = false
  private leaveUntil = never

  constructor(
    private readonly settings: CoreSettings,
    private readonly host: CoreHost,
    private readonly random: () => number,
    /** The time of what goes on. */
    public now: number,
  ) {
    this.machine = new MachineStart(settings, random, this)
    this.endpoints = new EndpointStart(settings.learned)
    if (settings.endpoints > 1 && parts.endpoints !== undefined) this.useAll()
    if (settings.usesTokens && parts.tokens !== undefined) this.useTokens()
    if (parts.keeping !== undefined) this.keeper()
  }

  /** No dial without a token, now that their part is loaded. */
  useTokens(): void {
    const { keeping, random, settings } = this
    this.machine = this.tokens = new (part('tokens').TokenMachine)(settings, random, this)
    if (keeping !== undefined) keeping.machine = this.tokens
  }

  /** Several endpoints, now that their part is loaded. */
  useAll(): void {
    const { keeping } = this
    const { endpoints, strategy, policy, learned } = this.settings
    const { EndpointRounds } = part('endpoints')
    this.endpoints = this.several = new EndpointRounds(endpoints, strategy, policy.minUptime, learned)
    if (keeping !== undefined) keeping.endpoints = this.several
  }

  get speaksOwnProtocol(): boolean {
    return this.protocol === ownProtocol
  }
  /** The half that sends; its part is loaded. */
  sender(): CoreSending {
    return (this.sending ??= new (part('sending').CoreSending)(this.settings, this, this.host))
  }

  /** The half for links that have opened or ended; its part is loaded. */
  keeper(): CoreKeeping {
    if (this.keeping === undefined) {
      const { ClientMachine, CoreKeeping, SoleEndpoint } = part('keeping')
      const { host, random, settings, tokens } = this
      // They go on from where the start has come to.
      const { minUptime } = settings.policy
      const machine = tokens ?? Object.assign(new ClientMachine(settings, random, this), this.machine)
      const endpoints = this.several ?? Object.assign(new SoleEndpoint(minUptime), this.endpoints)
      this.machine = machine
      this.endpoints = endpoints
      this.keeping = new CoreKeeping(settings, this, host, machine, endpoints)
    }
    return this.keeping
  }

  // ----------------------------------------------------------------------------------------------------- the program

  connect(now: number): void {
    this.begin(now)
    this.machine.connect(now)
  }
  reconnect(now: number): void {
    this.begin(now)
    this.machine.reconnect(now)
  }
  private begin(now: number): void {
    this.now = now
    this.firstConnect ??= now
  }
  disconnect(now: number, code: number, reason: string): void {
    this.now = now
    if (this.ready) this.sending?.letOut(now)
    this.machine.disconnect(now, code, reason)
  }
  /** `firstMessage` is the text that opens each link, where the token travels in one. */
  setToken(now: number, firstMessage: string): void {
    this.now = now
    this.firstMessage = firstMessage
    this.tokens?.tokenReady(now)
  }
  failToken(now: number, final: boolean): void {
    this.now = now
    this.tokens?.tokenFailed(now, final)
  }

  /** Gives up everything and settles what waits; no link is left. */
  end(now: number): void {
    if (this.ended) return
    this.now = now
    this.machine.disconnect(now, 1000, '')
    this.dropLink()
    this.ended = true
    this.sending?.giveUp()
  }
  /** Lets out what was sent, without waiting for acks and replies; the shell asks `left` after each turn. */
  leave(now: number): void {
    if (this.ended || this.leaving) return
    this.now = now
    this.leaving = true
    if (this.settings.leaveTimeout > 0) this.leaveUntil = now + this.settings.leaveTimeout
    this.sending?.letOut(now, true)
    this.machine.disconnect(now, 1000, '')
    this.left(now)
  }
  left(now: number): boolean {
    const flows = this.ready && this.sending?.queue.flushedAll === false
    if (this.leaving && !(flows && now < this.leaveUntil)) this.end(now)
    return this.ended
  }

  // --------------------------------------------------------------------------------------------------------- the machine

  entered(state: ClientStateName, delay: number, why?: Outcome, exhausted?: boolean): void {
    if (state === 'connected') this.counters.connects++
    if (state === 'failed') this.counters.failures++
    const change: StateChange = {
      state,
      attempt: this.machine.attempts,
      delay,
      endpoint: this.endpoint,
      protocol: this.protocol,
      link: this.link,
    }
    if (exhausted) change.exhausted = true
    if (why !== undefined) Object.assign(change, this.keeper().reasons(state, why))
    this.host.state(change)
  }
  tokenWanted(why: TokenReason): void {
    this.host.tokenWanted(why)
  }
  beginRound(): void {
    this.endpoints.begin(this.now)
    this.startDials()
  }
  dropRound(failed: boolean): void {
    for (const [link, { endpoint }] of this.dials) {
      this.host.drop(link)
      if (failed) this.keeper().endpoints.onFailed(endpoint, this.now)
      else this.endpoints.onAbandoned(endpoint)
    }
    this.dials.clear()
    this.endpoints.end()
    // A link that waits for its token belongs to the round too.
    if (this.authenticating) this.dropLink()
  }
  closeLink(code: number, reason: string): void {
    // When the client leaves, the link is closed behind what still goes out.
    if (!this.leaving) this.keeping?.closeLink(code, reason)
  }
  dropLink(): void {
    this.keeping?.dropLink()
  }

  startDials(): void {
    for (;;) {
      const endpoint = this.endpoints.next(this.now)
      if (endpoint === undefined) return
      const link = this.nextLink++
      this.dials.set(link, { endpoint, since: this.now })
      this.host.dial(link, endpoint)
    }
  }

  timer(now: number): void {
    this.now = now
    if (this.ended) return
    this.sending?.run(now)
    this.keeping?.timer(now)
    this.sending?.pump(now)
  }
  get deadline(): number {
    if (this.ended) return never
    const { keeping, sending } = this
    const next = Math.min(keeping?.deadline ?? never, sending?.deadline ?? never)
    return this.leaving ? Math.min(next, this.leaveUntil) : next
  }
}
