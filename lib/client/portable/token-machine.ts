// The states of a client that shows the server a token: no dial without one that is not known to be bad, and another when
// the server refuses it, once until a connection lasts.
import { ClientMachine } from './client-machine'
import type { TokenReason } from './machine-start'
import { type Outcome, judge } from './reconnect-policy'

/** Milliseconds that the program may take for a token. */
const patience = 10_000
/** A token that is refused so soon again waits for its turn like any other failure. Milliseconds. */
const hastyRefusal = 1_000

const noToken: Outcome = { error: 'ABORTED', detail: 'No token could be had.', authRejected: true }

export class TokenMachine extends ClientMachine {
  private held = false
  private seen = false
  private rejected = false
  /** The server has rejected a token since the last lasting connection. */
  private refreshed = false

  /** A token, asked for or not. */
  tokenReady(now: number): void {
    this.held = this.seen = true
    this.rejected = false
    if (this.waiting === 'token') this.dial(now)
  }
  /** The source gave none; `final`: it will not. */
  tokenFailed(now: number, final: boolean): void {
    if (this.waiting !== 'token') return
    if (final) this.stop('failed', noToken)
    else this.tryLater(now, noToken)
  }
  /** The server, or the program, calls the present token bad; the next dial waits for another. */
  tokenExpired(): void {
    this.held = false
  }
  /**
   * The platform does not say whether a dial failed for its token, so a failed dial with a token that the server may have
   * refused asks for another.
   */
  suspectToken(): void {
    if (this.refreshed) return
    this.refreshed = true
    this.reject()
  }

  override linkClosed(now: number, how: Outcome): void {
    const { policy } = this
    const uptime = now - this.connectedAt
    // However little the program calls lasting: a server that refuses each new token at once is not asked without a pause.
    const hasty = this.state === 'connected' && this.refreshed && uptime < hastyRefusal
    if (hasty && uptime >= policy.minUptime && judge(policy, how) === 'refresh') {
      this.reject()
      this.tryLater(now, how)
    } else super.linkClosed(now, how)
  }
  override timer(now: number): void {
    if (this.waiting === 'token' && now >= this.deadline) this.tryLater(now, noToken)
    else super.timer(now)
  }

  protected override beginAttempt(now: number): void {
    if (this.held) super.beginAttempt(now)
    else this.ask(now, this.rejected ? 'refused' : this.seen ? 'expired' : 'connect')
  }
  protected override refused(now: number, how: Outcome): void {
    const connected = this.state === 'connected'
    const again = !this.refreshed && (!connected || this.policy.enabled)
    this.reject()
    this.refreshed = true
    if (!again) super.refused(now, how)
    else {
      if (connected) this.enter('reconnecting', 0, how)
      this.ask(now, 'refused')
    }
  }
  protected override forget(): void {
    super.forget()
    this.refreshed = false
  }

  private ask(now: number, why: TokenReason): void {
    this.host.tokenWanted(why)
    this.wait('token', now, patience)
  }
  private reject(): void {
    this.held = false
    this.rejected = true
  }
}
