// What the charts show: rates made of samples, over the last minute. Pure, and bounded.
import type { Sample } from '../protocol/dashboard'

/** Values of one moment; null breaks a line. */
export interface Point {
  /** Milliseconds since the epoch. */
  at: number
  feed: number | null
  bytes: number | null
  js: number | null
  page: number | null
  lag: number | null
}

const most = 300
/** Milliseconds between samples beyond which nothing is known. */
const gap = 1_000

export class History {
  readonly points: Point[] = []
  private last: Sample | undefined

  /** @param page messages a second that this page got since the last sample, where that is known */
  add(sample: Sample, page: number | null): void {
    const before = this.last
    this.last = sample
    if (before !== undefined && sample.at <= before.at) return
    if (before !== undefined && sample.at - before.at > gap) this.push(broken(before.at + 1))
    const same = before !== undefined && before.life === sample.life
    const rate = (read: (sample: Sample) => number): number | null =>
      same ? ((read(sample) - read(before)) * 1000) / (sample.at - before.at) : null
    this.push({
      at: sample.at,
      feed: rate(({ feed }) => feed.messages),
      bytes: rate(({ feed }) => feed.bytes),
      js: rate(({ js }) => js),
      page,
      lag: sample.lag.max,
    })
  }

  /** The mean over the last second or so. */
  recent(name: 'feed' | 'bytes' | 'js' | 'page'): number {
    const values = this.points.slice(-4).flatMap((point) => point[name] ?? [])
    return values.length > 0 ? values.reduce((sum, each) => sum + each, 0) / values.length : 0
  }

  private push(point: Point): void {
    this.points.push(point)
    if (this.points.length > most) this.points.shift()
  }
}

function broken(at: number): Point {
  return { at, feed: null, bytes: null, js: null, page: null, lag: null }
}
