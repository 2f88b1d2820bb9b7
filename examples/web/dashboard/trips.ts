// Round trips of this connection's heartbeats, over the last minutes. Pure, and bounded.

export interface Trip {
  /** Milliseconds since the epoch. */
  at: number
  ms: number | null
}

const most = 300
/** Milliseconds without one beyond which a line breaks. */
const gap = 3_000

export class Trips {
  readonly list: Trip[] = []
  /** How many there were in all. */
  total = 0
  latest: number | undefined
  private counted = 0

  /** What the client's counters say now: how many trips there were, and how long the last was. */
  look(count: number, last: number, now: number): void {
    if (count === this.counted) return
    this.total += Math.max(0, count - this.counted)
    this.counted = count
    this.latest = last
    const before = this.list.at(-1)
    if (before !== undefined && now - before.at > gap) this.push({ at: before.at + 1, ms: null })
    this.push({ at: now, ms: last })
  }

  /** Those since a moment. */
  since(at: number): { count: number; slowest: number } {
    const times = this.list.flatMap((trip) => (trip.at >= at && trip.ms !== null ? trip.ms : []))
    return { count: times.length, slowest: Math.max(0, ...times) }
  }

  private push(trip: Trip): void {
    this.list.push(trip)
    if (this.list.length > most) this.list.shift()
  }
}
