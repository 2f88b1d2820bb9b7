// Round trips in log-linear buckets, at most 1.6 % off: src/core/metrics/histogram.hpp in a few lines.

export class Latencies {
  count = 0
  last = 0
  min = 0
  max = 0
  private sum = 0
  private readonly buckets: number[] = []

  /** Milliseconds. */
  record(took: number): void {
    this.last = took
    this.min = this.count === 0 ? took : Math.min(this.min, took)
    this.max = Math.max(this.max, took)
    this.count++
    this.sum += took
    // 32 buckets for each power of two of microseconds.
    const value = Math.max(0, Math.round(took * 1000))
    const shift = value < 64 ? 0 : Math.floor(Math.log2(value)) - 5
    const bucket = shift * 32 + Math.floor(value / 2 ** shift)
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1
  }
  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count
  }
  /** At or below which so many percent lie: the middle of its bucket. */
  percentile(percent: number): number {
    let left = Math.max(1, Math.ceil((this.count * percent) / 100))
    for (let i = 0; i < this.buckets.length; i++) {
      left -= this.buckets[i] ?? 0
      if (left > 0) continue
      const shift = i < 64 ? 0 : Math.floor(i / 32) - 1
      const low = (i - shift * 32) * 2 ** shift
      const middle = (low + (2 ** shift - 1) / 2) / 1000
      return Math.min(this.max, Math.max(this.min, middle))
    }
    return 0
  }
}
