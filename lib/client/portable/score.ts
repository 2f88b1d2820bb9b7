// What health-score.ts says of figures that are in range.

/** `slow`: how many times the reference the latency is, at least 1; `good` and `full` from 0 to 1. */
export function scoreOf(slow: number, good: number, reconnects: number, full: number): number {
  return 100 * good * (1 - 0.4 * (1 - 1 / slow) - 0.3 * (1 - 3 / (reconnects + 3)) - 0.3 * full)
}
