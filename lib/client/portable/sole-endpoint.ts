// The endpoint of a client that has one: what is known of it, and its rounds of one dial. The rules of endpoints.ts, of
// which little is left where there is nothing to choose. Times in milliseconds.
import type { EndpointFigures } from '../engine'
import { never } from './never'
import type { Outcome, Verdict } from './reconnect-policy'

/** The endpoints of a client and its rounds of dials; endpoints go by their index. */
export interface Dialing {
  /** A round of dials begins. */
  begin(now: number): void
  /** An endpoint to dial now; to be asked until there is none. */
  next(now: number): number | undefined
  /** When to ask. */
  readonly deadline: number
  /** All dials of the round failed, and nothing is left to try: the outcome that gives the most hope. */
  readonly outcome: Outcome | undefined
  /** The round has a winner, or is given up. */
  end(): void
  onOpened(index: number, latency: number): void
  /** Without an outcome: the round is given up with it. */
  onFailed(index: number, now: number, how?: Outcome, verdictOn?: (how: Outcome) => Verdict): void
  /** We dropped the dial. */
  onAbandoned(index: number): void
  /** A link has ended; `lost`: not by our own wish. */
  onClosed(index: number, now: number, uptime: number, lost: boolean): void
  onLatency(index: number, latency: number): void
  /** Whether an endpoint other than this may be dialled now. */
  otherReady(index: number, now: number): boolean
  figures(): EndpointFigures[]
  /** Of the first of the round. */
  readonly experience: EndpointFigures
  /** The share of all dials that opened and held. */
  readonly successRate: number
}

/** So many failures in a row take an endpoint out of rotation. */
export const deadAfter = 3

export function smooth(one: EndpointFigures, fresh: number): void {
  const value = Math.max(1, fresh)
  one.latency += one.latency === 0 ? value : 0.3 * (value - one.latency)
}
export function count(one: EndpointFigures, success: boolean): void {
  if (success) one.opened++
  else one.failed++
  const weight = Math.max(1 / (one.opened + one.failed), 0.1)
  one.successRate += weight * (Number(success) - one.successRate)
}

export class SoleEndpoint implements Dialing {
  deadline = never
  outcome: Outcome | undefined
  readonly experience: EndpointFigures
  private inRow = 0
  private before = 0

  constructor(
    private readonly minUptime: number,
    /** What an earlier client has learned. */
    private readonly known: readonly EndpointFigures[] = [],
  ) {
    this.experience = { ...unknown, ...known.at(0) }
  }

  begin(now: number): void {
    this.deadline = now
    this.outcome = undefined
  }
  next(now: number): number | undefined {
    if (now < this.deadline) return undefined
    this.end()
    return 0
  }
  end(): void {
    this.deadline = never
  }
  onOpened(_index: number, latency: number): void {
    this.before = Math.max(this.before, this.inRow)
    this.inRow = 0
    count(this.experience, true)
    smooth(this.experience, latency)
  }
  onFailed(_index: number, _now: number, how?: Outcome): void {
    this.outcome = how
    this.inRow++
    this.fail()
  }
  private fail(): void {
    count(this.experience, false)
    if (this.inRow >= deadAfter) this.experience.latency = 0
  }
  onAbandoned(): void {
    // There is no other that it made place for.
  }
  onClosed(_index: number, _now: number, uptime: number, lost: boolean): void {
    if (uptime >= this.minUptime) this.before = 0
    else if (lost) {
      // It opens and breaks at once: the opening did not prove that it is well.
      this.inRow = Math.max(this.inRow, this.before) + 1
      this.fail()
    }
  }
  onLatency(_index: number, latency: number): void {
    smooth(this.experience, latency)
  }
  otherReady(): boolean {
    return false
  }
  figures(): EndpointFigures[] {
    // Of a client with several it stands for all until their part is loaded.
    return [{ ...this.experience }, ...this.known.slice(1)]
  }
  get successRate(): number {
    const { opened, failed } = this.experience
    return opened + failed === 0 ? 1 : opened / (opened + failed)
  }
}

const unknown: EndpointFigures = { opened: 0, failed: 0, successRate: 1, latency: 0 }
