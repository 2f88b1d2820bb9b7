// What becomes of a client's links: they open, are let in, beat, fall silent, end, and others are dialled after them. The
// half of the core that nothing happens to before the first dial has an end, so a page loads it while that is under way.
// src/core/client/client_core_links.cpp in the native engine.
import type { ClientStateName, StateChange } from '../engine'
import type { ClientCore, CoreSettings } from './client-core'
import type { ClientMachine } from './client-machine'
import type { CoreHost } from './core-sending'
import { Heartbeat } from './heartbeat'
import { type Outcome, adapted, judge } from './reconnect-policy'
import { scoreOf } from './score'
import type { Dialing } from './sole-endpoint'

export class CoreKeeping {
  latency = 0
  private openedAt = 0
  private connectedFor = 0
  private readonly heartbeat: Heartbeat

  constructor(
    private readonly settings: CoreSettings,
    private readonly core: ClientCore,
    private readonly host: CoreHost,
    /** The same that the core has. */
    public machine: ClientMachine,
    public endpoints: Dialing,
  ) {
    this.heartbeat = new Heartbeat(settings.heartbeat)
  }

  // ----------------------------------------------------------------------------------------------------------- links

  linkOpened(link: number, protocol: string, now: number): void {
    const { core, host } = this
    core.now = now
    const won = core.dials.get(link)
    if (won === undefined) {
      host.drop(link)
      return
    }
    core.dials.delete(link)
    this.endpoints.onOpened(won.endpoint, now - won.since)
    core.dropRound(false)
    core.link = link
    core.endpoint = won.endpoint
    this.openedAt = now
    core.protocol = protocol
    if (core.firstMessage !== '') host.transmit(link, core.firstMessage, false)
    // A server that knows nothing of our protocol answers a token in words of its own, or not at all.
    if (this.settings.gated || (core.firstMessage !== '' && core.speaksOwnProtocol))
      core.authenticating = true
    else this.acceptLink()
  }

  private acceptLink(): void {
    const { core } = this
    core.authenticating = false
    if (!this.machine.dialOpened(core.now)) {
      // The machine wants no link any more.
      this.dropLink()
      return
    }
    core.ready = true
    core.sending?.carry()
    const { interval, always } = this.settings.heartbeat
    if (interval > 0 && (always || core.speaksOwnProtocol)) this.heartbeat.begin(core.now)
    core.sending?.pump(core.now)
  }

  /** The answer to the token that opened the link. False: none was waited for. */
  onAuth(accepted: boolean, why: string, now: number): boolean {
    const { core } = this
    core.now = now
    if (!core.authenticating) return false
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
    const { core } = this
    const { endpoints, machine } = this
    core.now = now
    if (link === core.link) {
      const opening = core.authenticating
      this.loseLink(machine.state !== 'disconnecting')
      const out = { ...how, alternative: endpoints.otherReady(core.endpoint, now) }
      if (opening) machine.dialFailed(now, out)
      else machine.linkClosed(now, out)
      return
    }
    const lost = core.dials.get(link)
    if (lost === undefined) return
    core.dials.delete(link)
    endpoints.onFailed(lost.endpoint, now, how, (one) => judge(machine.policy, one))
    core.startDials()
    const { outcome } = endpoints
    if (outcome !== undefined) this.roundFailed(outcome)
  }

  private roundFailed(how: Outcome): void {
    const { core } = this
    this.endpoints.end()
    const { policy } = this.settings
    if (policy.adaptive) this.machine.policy = adapted(policy, this.endpoints.experience)
    if (this.settings.tokenInUrl) core.tokens?.suspectToken()
    this.machine.dialFailed(core.now, how)
  }

  closeLink(code: number, reason: string): void {
    const { core } = this
    if (core.link !== 0) this.host.close(core.link, code, reason)
    core.ready = false
  }
  dropLink(): void {
    const { link } = this.core
    if (link === 0) return
    this.host.drop(link)
    this.loseLink(false)
  }
  /**
   * What the link carried waits again; requests that were on it have lost their replies. `lost`: not by our own wish.
   */
  private loseLink(lost: boolean): void {
    const { core } = this
    const uptime = core.now - this.openedAt
    this.endpoints.onClosed(core.endpoint, core.now, uptime, lost)
    this.connectedFor += uptime
    core.link = 0
    core.ready = core.authenticating = false
    this.heartbeat.end()
    core.sending?.lost()
  }

  /** The peer of the open link has been silent for too long: the link is lost. */
  onSilence(detail: string, now: number): void {
    const { link } = this.core
    if (link === 0) return
    this.host.drop(link)
    this.linkEnded(link, { error: 'HEARTBEAT_TIMEOUT', closeCode: 1006, detail }, now)
  }

  /** Of a change of state: what led there, in the words of the client. */
  reasons(state: ClientStateName, { error, detail = '', authRejected, closeCode, reason }: Outcome) {
    const change: Partial<StateChange> = {}
    if (error !== undefined)
      change.error = {
        code: error,
        detail,
        status: authRejected ? 401 : 0,
        recoverable: state !== 'failed',
      }
    if (closeCode !== undefined) change.close = { code: closeCode, reason: reason ?? '' }
    return change
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

  // ---------------------------------------------------------------------------------------------------------- timers

  timer(now: number): void {
    const { core } = this
    const limit = this.settings.dialTimeout
    for (const [link, { since }] of [...core.dials]) {
      if (limit === 0 || now < since + limit) continue
      this.host.drop(link)
      this.linkEnded(link, { error: 'CONNECT_TIMEOUT' }, now)
    }
    if (now >= this.endpoints.deadline) core.startDials()
    this.machine.timer(now)
    this.beat()
  }
  private beat(): void {
    const { core, host } = this
    const due = this.heartbeat.due(core.now)
    if (due === 'lost') this.onSilence('The peer did not answer a heartbeat message in time.', core.now)
    else if (due === 'send')
      host.transmit(core.link, `{"type":"heartbeat","timestamp":${host.wallClock()}}`, false)
  }
  /** The client itself waits for nothing that comes. */
  get calm(): boolean {
    const { core } = this
    return core.ready && core.sending?.busy !== true && this.heartbeat.sent === undefined
  }
  /** The milliseconds that the answer took; undefined: none was waited for. */
  onHeartbeatAck(now: number): number | undefined {
    const { core } = this
    const took = this.heartbeat.answered(now)
    if (took === undefined) return undefined
    this.latency = this.latency === 0 ? took : this.latency * 0.8 + took * 0.2
    this.endpoints.onLatency(core.endpoint, took)
    return took
  }

  get deadline(): number {
    const { core } = this
    const { dialTimeout } = this.settings
    let next = Math.min(this.machine.deadline, this.endpoints.deadline)
    if (dialTimeout > 0)
      for (const { since } of core.dials.values()) next = Math.min(next, since + dialTimeout)
    return core.ready ? Math.min(next, this.heartbeat.deadline) : next
  }

  // --------------------------------------------------------------------------------------------------------- figures

  /** 0 to 100. */
  health(now: number): number {
    const { core } = this
    const { counters, firstConnect } = core
    if (firstConnect === undefined) return 0
    const all = now - firstConnect
    const up = this.connectedFor + (core.ready ? now - this.openedAt : 0)
    const { maxMessages } = this.settings.queue
    const waiting = core.sending?.queue.waiting ?? 0
    const full = maxMessages > 0 ? Math.min(1, waiting / maxMessages) : 0
    const good = this.endpoints.successRate * (all > 0 ? up / all : 1)
    return scoreOf(Math.max(1, this.latency / 100), good, Math.max(0, counters.connects - 1), full)
  }
}
