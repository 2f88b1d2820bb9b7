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
/** Rates are means over so many milliseconds. */
const window = 1_100

export class History {
  readonly points: Point[] = []
  /** The samples of the last second. */
  private samples: Sample[] = []

  /** @param page messages a second that this page got since the last sample, where that is known */
  add(sample: Sample, page: number | null): void {
    const last = this.samples.at(-1)
    if (last !== undefined && sample.at <= last.at) return
    if (last !== undefined && sample.at - last.at > gap) this.push(broken(last.at + 1))
    const recent = this.samples.filter(({ life, at }) => life === sample.life && sample.at - at <= window)
    this.samples = [...recent, sample]
    const first = recent.at(0)
    const rate = (read: (sample: Sample) => number): number | null =>
      first === undefined ? null : ((read(sample) - read(first)) * 1000) / (sample.at - first.at)
    this.push({
      at: sample.at,
      feed: rate(({ feed }) => feed.messages),
      bytes: rate(({ feed }) => feed.bytes),
      js: rate(({ js }) => js),
      page,
      lag: sample.lag.max,
    })
  }

  /** The latest value that is known. */
  latest(name: 'feed' | 'bytes' | 'js' | 'page'): number {
    return this.points.at(-1)?.[name] ?? 0
  }

  private push(point: Point): void {
    this.points.push(point)
    if (this.points.length > most) this.points.shift()
  }
}

function broken(at: number): Point {
  return { at, feed: null, bytes: null, js: null, page: null, lag: null }
}
