// The latest late flight of each airport, and how often that changes. Pure, and bounded by the number of airports.
import type { Flight } from '../protocol/dashboard'

export interface Departure extends Flight {
  /** Updates a second. */
  rate: number
}

/** Airports that are remembered. */
const most = 500
/** Milliseconds over which updates are counted. */
const span = 1_000

interface Row extends Departure {
  total: number
  counted: number
}

export class Departures {
  private readonly rows = new Map<string, Row>()
  private order: string[] = []
  private since = 0

  add({ origin, destination, delay }: Flight): void {
    const row = this.rows.get(origin)
    if (row !== undefined) {
      row.destination = destination
      row.delay = delay
      row.total++
    } else if (this.rows.size < most) {
      this.rows.set(origin, { origin, destination, delay, rate: 0, total: 1, counted: 0 })
    }
  }

  /** The busiest airports; their order changes once a second at most. */
  top(rows: number, now: number): Departure[] {
    if (this.order.length === 0 || now - this.since >= span) {
      const seconds = this.since === 0 ? 0 : (now - this.since) / 1000
      for (const row of this.rows.values()) {
        row.rate = seconds > 0 ? (row.total - row.counted) / seconds : 0
        row.counted = row.total
      }
      this.since = now
      this.order = [...this.rows.values()]
        .sort((a, b) => b.total - a.total || (a.origin < b.origin ? -1 : 1))
        .map(({ origin }) => origin)
    }
    return this.order.slice(0, rows).map((origin) => {
      const { destination, delay, rate } = this.rows.get(origin)!
      return { origin, destination, delay, rate }
    })
  }
}
