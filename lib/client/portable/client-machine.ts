// The states of a managed client: what the program asks and what happens to dials and links goes in, what to do comes
// out. The machine of src/core/client/client_machine.hpp, with a word more: whether the device is offline. Times, in
// milliseconds of one clock, are passed in.
//
//   idle ──► connecting ──► connected ──► disconnecting ──► disconnected
//                │             ▲   │                             ▲
//       recovers ▼             │   ▼ lost                        │ disconnect()
//             reconnecting: delay, token, dial, delay … ─────────┘
//                │ final, exhausted                  connect() leaves idle, disconnected and failed,
//                ▼                                   reconnect() any state
//             failed ◄── a final end of a first dial or of a link
import type { ClientStateName } from '../engine'
import { never } from './never'
import type * as rules from './reconnect-policy'
import type { Outcome, ReconnectPolicy } from './reconnect-policy'

export type TokenReason = 'connect' | 'refused' | 'expired'

/** Does what the machine decides, at once; it does not call back into the machine. */
export interface MachineHost {
  /** What an end means, and how long to wait. */
  readonly rules: Pick<typeof rules, 'judge' | 'nextDelay' | 'pauseAfter'>
  /** The state has changed; `attempts` has as well. `why` led there; `exhausted`: it was the last attempt. */
  entered(state: ClientStateName, delay: number, why?: Outcome, exhausted?: boolean): void
  tokenWanted(why: TokenReason): void
  beginRound(): void
  /** Drops all dials of the round. `timedOut`: they count as failures of their endpoints. */
  dropRound(timedOut: boolean): void
  /** The end of the link is due. */
  closeLink(code: number, reason: string): void
  /** The link, if there is one, is to go, and nobody waits for it. */
  dropLink(): void
}

export interface MachineSettings {
  policy: ReconnectPolicy
  closeTimeout: number
  /** For a round of dials, all its endpoints together; 0: none. */
  connectTimeout: number
}

type Waiting = 'nothing' | 'delay' | 'token' | 'dial'

export class ClientMachine {
  state: ClientStateName = 'idle'
  attempts = 0
  /** When `timer` has something to do. */
  deadline = never
  policy: ReconnectPolicy
  /** The device says that there is no network: attempts wait as long as they may. */
  offline = false
  protected waiting: Waiting = 'nothing'
  private failures = 0
  protected connectedAt = 0

  constructor(
    private readonly settings: MachineSettings,
    private readonly random: () => number,
    protected readonly host: MachineHost,
  ) {
    this.policy = settings.policy
  }

  // ------------------------------------------------------------------------------------------ what the program asks

  /** No effect while it connects, waits to or is connected. */
  connect(now: number): void {
    if (!['connecting', 'reconnecting', 'connected'].includes(this.state)) this.reconnect(now)
  }

  /** Drops what there is, forgets the attempts and dials at once, in every state. */
  reconnect(now: number): void {
    const { state, attempts } = this
    this.dropAttempt(false)
    this.forget()
    if (state === 'connected' || state === 'disconnecting') this.host.dropLink()
    if (state === 'disconnecting') this.enter('disconnected')
    if (state === 'connected' || (state === 'reconnecting' && attempts > 0)) this.enter('reconnecting')
    else if (state !== 'reconnecting' && state !== 'connecting') this.enter('connecting')
    this.beginAttempt(now)
  }

  disconnect(now: number, code: number, reason: string): void {
    const { state } = this
    if (state === 'connecting' || state === 'reconnecting') {
      this.dropAttempt(false)
      this.enter('disconnected')
    } else if (state === 'connected') {
      this.enter('disconnecting')
      this.host.closeLink(code, reason)
      this.wait('nothing', now, this.settings.closeTimeout)
    }
  }

  // ------------------------------------------------------------------------------------------------- dials and links

  /** False: nobody wants the link any more. */
  dialOpened(now: number): boolean {
    if (this.waiting !== 'dial') return false
    this.wait('nothing')
    this.connectedAt = now
    this.enter('connected')
    return true
  }
  /** All dials of the round failed. */
  dialFailed(now: number, how: Outcome): void {
    if (this.waiting === 'dial') this.attemptFailed(now, how, true)
  }
  linkClosed(now: number, how: Outcome): void {
    if (this.state === 'disconnecting') this.stop('disconnected', how)
    if (this.state !== 'connected') return
    const lasted = now - this.connectedAt >= this.policy.minUptime
    if (lasted) this.forget()
    this.attemptFailed(now, how, !lasted)
  }

  timer(now: number): void {
    if (now < this.deadline) return
    if (this.waiting === 'delay') this.beginAttempt(now)
    else if (this.waiting === 'dial') {
      this.dropAttempt(true)
      this.tryLater(now, timedOut)
    } else {
      // The close of a link that is being disconnected.
      this.host.dropLink()
      this.stop('disconnected', { ...timedOut, error: 'CLOSE_TIMEOUT' })
    }
  }

  /** The device has a network again, or the page is looked at: a delay that runs ends now, a little apart from others. */
  wake(now: number): void {
    if (this.waiting !== 'delay' || this.offline) return
    this.deadline = Math.min(this.deadline, now + this.random() * Math.min(this.policy.minDelay, 1_000))
  }

  protected beginAttempt(now: number): void {
    this.dial(now)
  }
  protected dial(now: number): void {
    this.wait('dial', now, this.settings.connectTimeout)
    this.host.beginRound()
  }

  // ------------------------------------------------------------------------------------------------ after a failure

  /** `counts`: it is a failure in a row; the loss of a link that had lasted is none. */
  private attemptFailed(now: number, how: Outcome, counts: boolean): void {
    const verdict = this.host.rules.judge(this.policy, how)
    if (verdict === 'recover') this.tryLater(now, how, counts)
    else if (verdict === 'final') {
      // A peer that says goodbye to an open link is no failure.
      const goodbye = this.state === 'connected' && how.error === undefined && how.closeCode === 1000
      this.stop(goodbye ? 'disconnected' : 'failed', how)
    } else this.refused(now, how)
  }
  protected tryLater(now: number, how: Outcome, counts = true): void {
    const { policy } = this
    const { nextDelay, pauseAfter } = this.host.rules
    if (counts && policy.enabled) this.failures++
    const exhausted = policy.maxAttempts > 0 && this.failures >= policy.maxAttempts
    if (!policy.enabled || exhausted) {
      this.stop('failed', how, policy.enabled)
      return
    }
    this.attempts++
    const least = this.offline ? Math.max(pauseAfter(how), policy.maxDelay) : pauseAfter(how)
    const delay = nextDelay(policy, this.attempts, this.random(), least)
    this.enter('reconnecting', delay, how)
    this.waiting = 'delay'
    this.deadline = now + delay
  }

  /** The server does not accept the client. */
  protected refused(_now: number, how: Outcome): void {
    this.stop('failed', how)
  }
  /** A connection has lasted, or the program begins anew. */
  protected forget(): void {
    this.attempts = this.failures = 0
  }

  protected stop(state: ClientStateName, how: Outcome, exhausted = false): void {
    this.wait('nothing')
    this.enter(state, 0, how, exhausted)
  }
  private dropAttempt(timedOut: boolean): void {
    if (this.waiting === 'dial') this.host.dropRound(timedOut)
    this.wait('nothing')
  }
  protected enter(state: ClientStateName, delay = 0, why?: Outcome, exhausted = false): void {
    this.state = state
    this.host.entered(state, delay, why, exhausted)
  }
  /** A span of 0 sets no deadline. */
  protected wait(what: Waiting, now = 0, span = 0): void {
    this.waiting = what
    this.deadline = span > 0 ? now + span : never
  }
}

const timedOut: Outcome = {
  error: 'CONNECT_TIMEOUT',
  detail: 'No endpoint opened in time.',
}
