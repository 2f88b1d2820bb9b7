// Time that a test decides.

/** What the doubles need of time. */
export interface TestClock {
  /** Milliseconds. */
  now(): number
  /** Calls `task` so many milliseconds later; returns the function that prevents it. */
  after(ms: number, task: () => void): () => void
}

interface Timer {
  readonly at: number
  readonly task: () => void
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements TestClock {
  private time = 0
  private timers: Timer[] = []

  now(): number {
    return this.time
  }
  after(ms: number, task: () => void): () => void {
    const timer = { at: this.time + Math.max(0, ms), task }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
  }

  /** How many tasks wait. */
  get pending(): number {
    return this.timers.length
  }

  /** Goes on by so many milliseconds, and calls what is due on the way, each at its time. */
  advance(ms: number): void {
    const end = this.time + ms
    for (let timer = this.next(end); timer !== undefined; timer = this.next(end)) {
      const due = timer
      this.timers = this.timers.filter((other) => other !== due)
      this.time = Math.max(this.time, due.at)
      due.task()
    }
    this.time = end
  }

  /** The earliest timer that is due by then; of those of one time the oldest. */
  private next(end: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.timers) if (timer.at <= end && timer.at < (first?.at ?? Infinity)) first = timer
    return first
  }
}

/** What is needed of a scheduler of RxJS. */
export interface SchedulerLike {
  now(): number
  schedule(work: () => void, delay: number): { unsubscribe(): void }
}

/**
 * The time of a scheduler of RxJS, such as a TestScheduler: doubles with this clock take part in marble tests.
 *
 * @example
 * scheduler.run(({ cold, expectObservable }) => {
 *   const client = new MockWebSocketClient({ clock: schedulerClock(scheduler) })
 *   cold('a-b', messages).subscribe((message) => client.simulateMessage(message))
 * })
 */
export function schedulerClock(scheduler: SchedulerLike): TestClock {
  return {
    now: () => scheduler.now(),
    after: (ms, task) => {
      const action = scheduler.schedule(task, ms)
      return () => action.unsubscribe()
    },
  }
}
