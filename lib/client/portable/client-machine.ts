// The states of a managed client: what the program asks and what happens to dials and links goes in, what to do comes
// out. The machine of src/core/client/client_machine.hpp, with a word more: whether the device is offline. Times, in
// milliseconds of one clock, are passed in.
//
// It goes on from what the program has brought it to: machine-start.ts, with a picture of the states.
import type { ClientStateName } from '../engine'
import { MachineStart } from './machine-start'
import { type Outcome, judge, nextDelay, pauseAfter } from './reconnect-policy'

export class ClientMachine extends MachineStart {
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

  // ------------------------------------------------------------------------------------------------ after a failure

  /** `counts`: it is a failure in a row; the loss of a link that had lasted is none. */
  private attemptFailed(now: number, how: Outcome, counts: boolean): void {
    const verdict = judge(this.policy, how)
    if (verdict === 'recover') this.tryLater(now, how, counts)
    else if (verdict === 'final') {
      // A peer that says goodbye to an open link is no failure.
      const goodbye = this.state === 'connected' && how.error === undefined && how.closeCode === 1000
      this.stop(goodbye ? 'disconnected' : 'failed', how)
    } else this.refused(now, how)
  }
  protected tryLater(now: number, how: Outcome, counts = true): void {
    const { policy } = this
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
  protected stop(state: ClientStateName, how: Outcome, exhausted = false): void {
    this.wait('nothing')
    this.enter(state, 0, how, exhausted)
  }
}

const timedOut: Outcome = {
  error: 'CONNECT_TIMEOUT',
  detail: 'No endpoint opened in time.',
}
