// The states of a managed client as far as the program alone moves it: what it can come to before any dial has an end. The
// rest of the machine, whose picture this is, goes on from there: client-machine.ts.
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
import type { Outcome, ReconnectPolicy } from './reconnect-policy'

export type TokenReason = 'connect' | 'refused' | 'expired'

/** Does what the machine decides, at once; it does not call back into the machine. */
export interface MachineHost {
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

export class MachineStart {
  state: ClientStateName = 'idle'
  attempts = 0
  /** When `timer` has something to do. */
  deadline = never
  policy: ReconnectPolicy
  /** The device says that there is no network: attempts wait as long as they may. */
  offline = false
  protected waiting: Waiting = 'nothing'
  protected failures = 0
  protected connectedAt = 0

  constructor(
    protected readonly settings: MachineSettings,
    protected readonly random: () => number,
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

  protected beginAttempt(now: number): void {
    this.dial(now)
  }
  protected dial(now: number): void {
    this.wait('dial', now, this.settings.connectTimeout)
    this.host.beginRound()
  }

  /** A connection has lasted, or the program begins anew. */
  protected forget(): void {
    this.attempts = this.failures = 0
  }

  protected dropAttempt(timedOut: boolean): void {
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
