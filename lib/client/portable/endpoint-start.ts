// The endpoint of a client that has one, as far as it is dialled: what is known of it, and its rounds of one dial. What becomes
// of a dial, sole-endpoint.ts learns. Times in milliseconds.
import type { EndpointFigures } from '../engine'
import { never } from './never'

/** The rounds of dials of a client; endpoints go by their index. */
export interface Rounds {
  /** A round of dials begins. */
  begin(now: number): void
  /** An endpoint to dial now; to be asked until there is none. */
  next(now: number): number | undefined
  /** When to ask. */
  readonly deadline: number
  /** The round has a winner, or is given up. */
  end(): void
  /** We dropped the dial. */
  onAbandoned(index: number): void
  figures(): EndpointFigures[]
}

export class EndpointStart implements Rounds {
  deadline = never
  readonly experience: EndpointFigures

  constructor(
    /** What an earlier client has learned. */
    private readonly known: readonly EndpointFigures[] = [],
  ) {
    this.experience = { opened: 0, failed: 0, successRate: 1, latency: 0, ...known.at(0) }
  }

  begin(now: number): void {
    this.deadline = now
  }
  next(now: number): number | undefined {
    if (now < this.deadline) return undefined
    this.end()
    return 0
  }
  end(): void {
    this.deadline = never
  }
  onAbandoned(): void {
    // There is no other that it made place for.
  }
  figures(): EndpointFigures[] {
    // Of a client with several it stands for all until their part is loaded.
    return [{ ...this.experience }, ...this.known.slice(1)]
  }
}
