// A client without its network: the machine of its states, its endpoints and heartbeats; and once it has something to send,
// the queue of that, and its requests. What src/core/client/client_core.hpp is to the native engine. Pure but for the host
// it drives; times in milliseconds of one clock are passed in.
//
//   program ─► connect, send, cancel … ──┐                     ┌─► dial, send, close …        (CoreHost)
//                                        ├─► ClientCore ───────┤
//   network ─► opened, ended, flushed … ─┘                     └─► state, settled, dropped …  (CoreHost)
//
// After any call the shell asks `deadline`. The host does not call back into the core.
import type { ClientStateName, EndpointFigures, StateChange } from '../engine'
import { ClientMachine, type MachineHost, type MachineSettings, type TokenReason } from './client-machine'
import { Heartbeat } from './heartbeat'
import type { TokenMachine } from './token-machine'
import type { CoreHost, CoreSending, SendingSettings } from './core-sending'
import { ownProtocol } from './own-protocol'
import { part, parts } from './parts'
import { type Outcome, adapted, never } from './reconnect-policy'
import { scoreOf } from './score'
import { type Dialing, SoleEndpoint } from './sole-endpoint'

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
  machine: ClientMachine
  /** The same, of a client that uses tokens. */
  tokens: TokenMachine | undefined
  /** As soon as there was something to send. */
  sending: CoreSending | undefined
  readonly counters = { connects: 0, failures: 0 }
  /** The open link, or 0. */
  link = 0
  /** The link carries messages. */
  ready = false
  ended = false
  protocol = ''
  latency = 0
  endpoints: Dialing
  private readonly dials = new Map<number, Dial>()
  private nextLink = 1
  private endpoint = 0
  private authenticating = false
  private firstMessage = ''
  private leaving = false
  private leaveUntil = never
  private openedAt = 0
  private connectedFor = 0
  private firstConnect: number | undefined
  private readonly heartbeat: Heartbeat

  constructor(
    private readonly settings: CoreSettings,
    private readonly host: CoreHost,
    private readonly random: () => number,
    private now: number,
  ) {
    this.heartbeat = new Heartbeat(settings.heartbeat)
    this.machine = new ClientMachine(settings, random, this)
    this.endpoints = new SoleEndpoint(settings.policy.minUptime, settings.learned)
    if (settings.endpoints > 1 && parts.endpoints !== undefined) this.useAll()
    if (settings.usesTokens && parts.tokens !== undefined) this.useTokens()
  }

  /** No dial without a token, now that their part is loaded. */
  useTokens(): void {
    this.machine = this.tokens = new (part('tokens').TokenMachine)(this.settings, this.random, this)
  }

  /** Several endpoints, now that their part is loaded. */
  useAll(): void {
    const { endpoints, strategy, policy, learned } = this.settings
    this.endpoints = new (part('endpoints').EndpointRounds)(endpoints, strategy, policy.minUptime, learned)
  }

  get speaksOwnProtocol(): boolean {
    return this.protocol === ownProtocol
  }
  /** The half that sends; its part is loaded. */
  sender(): CoreSending {
    return (this.sending ??= new (part('sending').CoreSending)(this.settings, this, this.host))
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

  /** The device has a network, or not. */
  setOffline(offline: boolean, now: number): void {
    this.machine.offline = offline
    if (offline) this.heartbeat.probe(now)
    else this.wake(now)
  }
  /** Something has changed that makes another try worth it: the network, or the page is looked at again. */
  wake(now: number): void {
    this.machine.wake(now)
    this.heartbeat.probe(now)
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
    if (why?.error !== undefined) {
      const { error, detail = '', authRejected } = why
      change.error = {
        code: error,
        detail,
        status: authRejected ? 401 : 0,
        recoverable: state !== 'failed',
      }
    }
    if (why?.closeCode !== undefined) change.close = { code: why.closeCode, reason: why.reason ?? '' }
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
      if (failed) this.endpoints.onFailed(endpoint, this.now)
      else this.endpoints.onAbandoned(endpoint)
    }
    this.dials.clear()
    this.endpoints.end()
    // A link that waits for its token belongs to the round too.
    if (this.authenticating) this.dropLink()
  }
  closeLink(code: number, reason: string): void {
    // When the client leaves, the link is closed behind what still goes out.
    if (this.leaving) return
    if (this.link !== 0) this.host.close(this.link, code, reason)
    this.ready = false
  }
  dropLink(): void {
    if (this.link === 0) return
    this.host.drop(this.link)
    this.endpoints.onClosed(this.endpoint, this.now, this.now - this.openedAt, false)
    this.loseLink()
  }

  // ----------------------------------------------------------------------------------------------------------- links

  private startDials(): void {
    for (;;) {
      const endpoint = this.endpoints.next(this.now)
      if (endpoint === undefined) return
      const link = this.nextLink++
      this.dials.set(link, { endpoint, since: this.now })
      this.host.dial(link, endpoint)
    }
  }

  linkOpened(link: number, protocol: string, now: number): void {
    this.now = now
    const won = this.dials.get(link)
    if (won === undefined) {
      this.host.drop(link)
      return
    }
    this.dials.delete(link)
    this.endpoints.onOpened(won.endpoint, now - won.since)
    this.dropRound(false)
    this.link = link
    this.endpoint = won.endpoint
    this.openedAt = now
    this.protocol = protocol
    if (this.firstMessage !== '') this.host.transmit(link, this.firstMessage, false)
    // A server that knows nothing of our protocol answers a token in words of its own, or not at all.
    if (this.settings.gated || (this.firstMessage !== '' && this.speaksOwnProtocol))
      this.authenticating = true
    else this.acceptLink()
  }

  private acceptLink(): void {
    this.authenticating = false
    if (!this.machine.dialOpened(this.now)) {
      // The machine wants no link any more.
      this.dropLink()
      return
    }
    this.ready = true
    this.sending?.carry()
    const { interval, always } = this.settings.heartbeat
    if (interval > 0 && (always || this.speaksOwnProtocol)) this.heartbeat.begin(this.now)
    this.sending?.pump(this.now)
  }

  /** The answer to the token that opened the link. False: none was waited for. */
  onAuth(accepted: boolean, why: string, now: number): boolean {
    this.now = now
    if (!this.authenticating) return false
    if (accepted) {
      this.acceptLink()
      return true
    }
    this.dropLink()
    this.machine.dialFailed(now, {
      error: 'POLICY_VIOLATION',
      detail: why,
      authRejected: true,
    })
    return true
  }

  linkEnded(link: number, how: Outcome, now: number): void {
    this.now = now
    if (link === this.link) {
      const uptime = now - this.openedAt
      const opening = this.authenticating
      this.endpoints.onClosed(this.endpoint, now, uptime, this.machine.state !== 'disconnecting')
      this.loseLink()
      const out = { ...how, alternative: this.endpoints.otherReady(this.endpoint, now) }
      if (opening) this.machine.dialFailed(now, out)
      else this.machine.linkClosed(now, out)
      return
    }
    const lost = this.dials.get(link)
    if (lost === undefined) return
    this.dials.delete(link)
    this.endpoints.onFailed(lost.endpoint, now, how, this.machine.policy)
    this.startDials()
    const { outcome } = this.endpoints
    if (outcome !== undefined) this.roundFailed(outcome)
  }

  private roundFailed(how: Outcome): void {
    this.endpoints.end()
    const { policy } = this.settings
    if (policy.adaptive) this.machine.policy = adapted(policy, this.endpoints.experience)
    if (this.settings.tokenInUrl) this.tokens?.suspectToken()
    this.machine.dialFailed(this.now, how)
  }

  /** What the link carried waits again; requests that were on it have lost their replies. */
  private loseLink(): void {
    this.connectedFor += this.now - this.openedAt
    this.link = 0
    this.ready = this.authenticating = false
    this.heartbeat.end()
    this.sending?.lost()
  }

  /** The peer of the open link has been silent for too long: the link is lost. */
  onSilence(detail: string, now: number): void {
    const { link } = this
    if (link === 0) return
    this.host.drop(link)
    this.linkEnded(link, { error: 'HEARTBEAT_TIMEOUT', closeCode: 1006, detail }, now)
  }

  // ---------------------------------------------------------------------------------------------------------- timers

  timer(now: number): void {
    this.now = now
    if (this.ended) return
    this.sending?.run(now)
    const limit = this.settings.dialTimeout
    for (const [link, { since }] of [...this.dials]) {
      if (limit === 0 || now < since + limit) continue
      this.host.drop(link)
      this.linkEnded(link, { error: 'CONNECT_TIMEOUT' }, now)
    }
    if (now >= this.endpoints.deadline) this.startDials()
    this.machine.timer(now)
    this.beat()
    this.sending?.pump(now)
  }

  private beat(): void {
    const due = this.heartbeat.due(this.now)
    if (due === 'lost') this.onSilence('The peer did not answer a heartbeat message in time.', this.now)
    else if (due === 'send')
      this.host.transmit(this.link, `{"type":"heartbeat","timestamp":${this.host.wallClock()}}`, false)
  }
  /** The client itself waits for nothing that comes. */
  get calm(): boolean {
    return this.ready && this.sending?.busy !== true && this.heartbeat.sent === undefined
  }
  /** The milliseconds that the answer took; undefined: none was waited for. */
  onHeartbeatAck(now: number): number | undefined {
    const took = this.heartbeat.answered(now)
    if (took === undefined) return undefined
    this.latency = this.latency === 0 ? took : this.latency * 0.8 + took * 0.2
    this.endpoints.onLatency(this.endpoint, took)
    return took
  }

  get deadline(): number {
    if (this.ended) return never
    const { settings } = this
    let next = Math.min(this.machine.deadline, this.endpoints.deadline, this.sending?.deadline ?? never)
    if (this.leaving) next = Math.min(next, this.leaveUntil)
    if (settings.dialTimeout > 0)
      for (const { since } of this.dials.values()) next = Math.min(next, since + settings.dialTimeout)
    if (this.ready) next = Math.min(next, this.heartbeat.deadline)
    return next
  }

  // --------------------------------------------------------------------------------------------------------- figures

  /** 0 to 100. */
  health(now: number): number {
    if (this.firstConnect === undefined) return 0
    const all = now - this.firstConnect
    const up = this.connectedFor + (this.ready ? now - this.openedAt : 0)
    const { maxMessages } = this.settings.queue
    const waiting = this.sending?.queue.waiting ?? 0
    const full = maxMessages > 0 ? Math.min(1, waiting / maxMessages) : 0
    const good = this.endpoints.successRate * (all > 0 ? up / all : 1)
    return scoreOf(Math.max(1, this.latency / 100), good, Math.max(0, this.counters.connects - 1), full)
  }
}
