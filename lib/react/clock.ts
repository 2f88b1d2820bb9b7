// Time, as stores use it. A clock of hawser/testing is one.

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `run` after so many milliseconds; the returned function takes that back. */
  after(ms: number, run: () => void): () => void
}

/** What a timer of browsers and Node takes; beyond it they fire at once. */
const longest = 2_147_483_647

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, ms), longest))
    return () => clearTimeout(timer)
  },
}
