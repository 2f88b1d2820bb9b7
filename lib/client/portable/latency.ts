// Round trips in buckets that grow by the same share, so that each is at most 1.1 % off: what
// src/core/metrics/histogram.hpp is to the native engine, in a few lines.

/** Buckets for each doubling of microseconds. */
const fineness = 32

export class Latencies {
  count = 0
  last = 0
  min = 0
  max = 0
  private sum = 0
  private readonly buckets: (number | undefined)[] = []

  /** Milliseconds. */
  record(took: number): void {
    this.last = took
    this.min = this.count === 0 ? took : Math.min(this.min, took)
    this.max = Math.max(this.max, took)
    this.count++
    this.sum += took
    const bucket = Math.round(Math.log2(1 + Math.max(0, took * 1000)) * fineness)
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1
  }
  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count
  }
  /** At or below which so many percent lie: the middle of its bucket. */
  percentile(percent: number): number {
    let left = Math.max(1, Math.ceil((this.count * percent) / 100))
    const bucket = this.buckets.findIndex((count = 0) => (left -= count) <= 0)
    return Math.min(this.max, Math.max(this.min, (2 ** (bucket / fineness) - 1) / 1000))
  }

  figures() {
    const { count, last, min, max, mean } = this
    return {
      latencyCount: count,
      latencyLast: last,
      latencyMin: min,
      latencyMax: max,
      latencyMean: mean,
      latencyP50: this.percentile(50),
      latencyP90: this.percentile(90),
      latencyP99: this.percentile(99),
    }
  }
}
