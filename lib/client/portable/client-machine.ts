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
import { type Outcome, type ReconnectPolicy, judge, never, nextDelay } from './reconnect-policy'

export type TokenReason = 'connect' | 'refused' | 'expired'

export type Action =
  /** With `ended`, `how` led there. */
  | {
      do: 'state'
      to: ClientStateName
      attempt: number
      delay: number
      exhausted: boolean
      why: Outcome | undefined
    }
  | { do: 'token'; why: TokenReason }
  /** Begin a round of dials under this number. */
  | { do: 'dial'; round: number }
  /** Of the round; `timedOut`: they count as failures of their endpoints. */
  | { do: 'drop-dials'; timedOut: boolean }
  /** The link; its end is due. */
  | { do: 'close'; code: number; reason: string }
  /** The link is to go, and nobody waits for it. */
  | { do: 'drop' }

export interface MachineSettings {
  policy: ReconnectPolicy
  /** There is a source: no dial without a token that is not known to be bad. */
  usesTokens: boolean
  /** Milliseconds; 0: none. */
  tokenTimeout: number
  closeTimeout: number
  /** For a round of dials, all its endpoints together; 0: none. */
  connectTimeout: number
}

type Waiting = 'nothing' | 'delay' | 'token' | 'dial'

/** A token that is refused so soon again waits for its turn like any other failure. Milliseconds. */
const hastyRefusal = 1_000

const noToken: Outcome = {
  error: 'ABORTED',
  closeCode: 0,
  reason: '',
  detail: 'No token could be had.',
  authRejected: true,
}

export class ClientMachine {
  state: ClientStateName = 'idle'
  attempts = 0
  /** The present round of dials, or the one that the link came of. */
  round = 0
  /** When `timer` has something to do. */
  deadline = never
  policy: ReconnectPolicy
  /** The device says that there is no network: attempts wait as long as they may. */
  offline = false
  private waiting: Waiting = 'nothing'
  private failures = 0
  private tokenHeld = false
  private tokenSeen = false
  private tokenRejected = false
  /** The server has rejected a token since the last lasting connection. */
  private refreshed = false
  private connectedAt = 0
  private out: Action[] = []

  constructor(
    private readonly settings: MachineSettings,
    private readonly random: () => number,
  ) {
    this.policy = settings.policy
  }

  private take(): Action[] {
    const { out } = this
    this.out = []
    return out
  }

  // ------------------------------------------------------------------------------------------ what the program asks

  /** No effect while it connects, waits to or is connected. */
  connect(now: number): Action[] {
    const { state } = this
    if (state !== 'connecting' && state !== 'reconnecting' && state !== 'connected') this.start(now)
    return this.take()
  }

  /** Drops what there is, forgets the attempts and dials at once, in every state. */
  reconnect(now: number): Action[] {
    this.start(now)
    return this.take()
  }

  private start(now: number): void {
    this.dropAttempt(false)
    const { state } = this
    const counted = this.attempts !== 0
    this.attempts = 0
    this.failures = 0
    this.refreshed = false
    if (state === 'disconnecting') {
      this.out.push({ do: 'drop' })
      this.enter('disconnected')
      this.enter('connecting')
    } else if (state === 'connected') {
      this.out.push({ do: 'drop' })
      this.enter('reconnecting')
    } else if (state === 'reconnecting') {
      if (counted) this.enter('reconnecting')
    } else if (state !== 'connecting') {
      this.enter('connecting')
    }
    this.beginAttempt(now)
  }

  disconnect(now: number, code: number, reason: string): Action[] {
    const { state } = this
    if (state === 'connecting' || state === 'reconnecting') {
      this.dropAttempt(false)
      this.stop('disconnected')
    } else if (state === 'connected') {
      this.enter('disconnecting')
      this.out.push({ do: 'close', code, reason })
      this.wait('nothing', now, this.settings.closeTimeout)
    }
    return this.take()
  }

  // --------------------------------------------------------------------------------------------------------- tokens

  /** A token, asked for or not. */
  tokenReady(now: number): Action[] {
    this.tokenHeld = true
    this.tokenSeen = true
    this.tokenRejected = false
    if (this.waiting === 'token') this.dial(now)
    return this.take()
  }
  /** The source gave none; `final`: it will not. */
  tokenFailed(now: number, final: boolean): Action[] {
    if (this.waiting === 'token') {
      if (final) this.stop('failed', noToken)
      else this.tokenMissing(now)
    }
    return this.take()
  }
  private tokenMissing(now: number): void {
    this.attemptFailed(now, { ...noToken, error: 'CONNECTION_FAILED', authRejected: false }, true, noToken)
  }
  /** The server, or the program, calls the present token bad; the next dial waits for another. */
  tokenExpired(): void {
    this.tokenHeld = false
  }
  /**
   * The platform does not say whether a dial failed for its token, so a failed dial with a token that the server may have
   * refused asks for another, once until a connection lasts.
   */
  suspectToken(): void {
    if (this.refreshed || !this.settings.usesTokens) return
    this.refreshed = true
    this.rejectToken()
  }

  // ------------------------------------------------------------------------------------------------- dials and links

  /** False: it came too late, nobody wants the link. */
  dialOpened(now: number, round: number): Action[] | undefined {
    if (this.waiting !== 'dial' || round !== this.round) return undefined
    this.wait('nothing', now, 0)
    this.connectedAt = now
    this.enter('connected')
    return this.take()
  }
  /** All dials of the round failed. */
  dialFailed(now: number, round: number, how: Outcome): Action[] {
    if (this.waiting === 'dial' && round === this.round) this.attemptFailed(now, how, true)
    return this.take()
  }
  linkClosed(now: number, round: number, how: Outcome): Action[] {
    if (round !== this.round) return []
    if (this.state === 'disconnecting') {
      this.stop('disconnected', how)
    } else if (this.state === 'connected') {
      const uptime = now - this.connectedAt
      const lasted = uptime >= this.policy.minUptime
      // However little the program calls lasting: a server that refuses each new token at once is not asked without a
      // pause.
      const hasty = uptime < hastyRefusal && this.refreshed && this.settings.usesTokens
      if (lasted && hasty && judge(this.policy, how).verdict === 'refresh') {
        this.rejectToken()
        this.tryLater(now, how, 0, true)
        return this.take()
      }
      if (lasted) {
        this.attempts = 0
        this.failures = 0
        this.refreshed = false
      }
      this.attemptFailed(now, how, !lasted)
    }
    return this.take()
  }

  timer(now: number): Action[] {
    if (now < this.deadline) return []
    switch (this.waiting) {
      case 'delay':
        this.beginAttempt(now)
        break
      case 'token':
        this.tokenMissing(now)
        break
      case 'dial':
        this.dropAttempt(true)
        this.attemptFailed(now, timedOut, true)
        break
      case 'nothing':
        // The close of a link that is being disconnected.
        this.out.push({ do: 'drop' })
        this.stop('disconnected', { ...timedOut, error: 'CLOSE_TIMEOUT' })
    }
    return this.take()
  }

  /** The device has a network again, or the page is looked at: a delay that runs ends now, a little apart from others. */
  wake(now: number): void {
    if (this.waiting !== 'delay' || this.offline) return
    this.deadline = Math.min(this.deadline, now + this.random() * Math.min(this.policy.minDelay, 1_000))
  }

  private beginAttempt(now: number): void {
    if (!this.settings.usesTokens || this.tokenHeld) this.dial(now)
    else this.askToken(now, this.tokenRejected ? 'refused' : this.tokenSeen ? 'expired' : 'connect')
  }
  private askToken(now: number, why: TokenReason): void {
    this.out.push({ do: 'token', why })
    this.wait('token', now, this.settings.tokenTimeout)
  }
  private dial(now: number): void {
    this.out.push({ do: 'dial', round: ++this.round })
    this.wait('dial', now, this.settings.connectTimeout)
  }

  // ------------------------------------------------------------------------------------------------ after a failure

  /** `counts`: it is a failure in a row; the loss of a link that had lasted is none. */
  private attemptFailed(now: number, how: Outcome, counts: boolean, said = how): void {
    const { policy } = this
    const { verdict, notBefore } = judge(policy, how)
    if (verdict === 'refresh') {
      if (!this.refreshToken(now, said)) this.stop('failed', said)
      return
    }
    if (verdict === 'final') {
      // A peer that says goodbye to an open link is no failure.
      const goodbye = this.state === 'connected' && how.error === undefined && how.closeCode === 1000
      this.stop(goodbye ? 'disconnected' : 'failed', said)
      return
    }
    this.tryLater(now, said, notBefore, counts)
  }
  private tryLater(now: number, said: Outcome, notBefore: number, counts: boolean): void {
    const { policy } = this
    if (!policy.enabled) {
      this.stop('failed', said)
      return
    }
    if (counts) this.failures++
    if (policy.maxAttempts !== 0 && this.failures >= policy.maxAttempts) {
      this.stop('failed', said, true)
      return
    }
    this.attempts++
    const least = this.offline ? Math.max(notBefore, policy.maxDelay) : notBefore
    const delay = nextDelay(policy, this.attempts, this.random(), least)
    this.enter('reconnecting', said, delay)
    this.waiting = 'delay'
    this.deadline = now + delay
  }

  private refreshToken(now: number, how: Outcome): boolean {
    this.rejectToken()
    if (!this.settings.usesTokens || this.refreshed) return false
    this.refreshed = true
    if (this.state === 'connected') {
      if (!this.policy.enabled) return false
      this.enter('reconnecting', how)
    }
    this.askToken(now, 'refused')
    return true
  }

  private rejectToken(): void {
    this.tokenHeld = false
    this.tokenRejected = true
  }

  private stop(to: ClientStateName, how?: Outcome, exhausted = false): void {
    this.wait('nothing', 0, 0)
    this.enter(to, how, 0, exhausted)
  }
  private dropAttempt(timedOut: boolean): void {
    if (this.waiting === 'dial') this.out.push({ do: 'drop-dials', timedOut })
    this.wait('nothing', 0, 0)
  }
  private enter(to: ClientStateName, why?: Outcome, delay = 0, exhausted = false): void {
    this.out.push({ do: 'state', to, attempt: this.attempts, delay, exhausted, why })
    this.state = to
  }
  /** A span of 0 sets no deadline. */
  private wait(what: Waiting, now: number, span: number): void {
    this.waiting = what
    this.deadline = span > 0 ? now + span : never
  }
}

const timedOut: Outcome = {
  error: 'CONNECT_TIMEOUT',
  closeCode: 0,
  reason: '',
  detail: 'No endpoint opened in time.',
}
