// What is due when: a heap of times, and the one timer that serves it. The event loop is not kept alive by it.

/** A time in the heap; `cancel()` makes it nothing. */
export class Deadline {
  /** @internal */
  constructor(
    readonly at: number,
    /** @internal */
    public run: (() => void) | undefined,
  ) {}
  cancel(): void {
    this.run = undefined
  }
}

/** Longest time that a timer of Node takes. */
const longestTimer = 0x7fffffff

export class Deadlines {
  private readonly heap: Deadline[] = []
  private timer: NodeJS.Timeout | undefined
  private armed = 0

  constructor(private readonly now: () => number = Date.now) {}

  /** Calls `run` at a time in milliseconds since the epoch, or soon after. */
  add(at: number, run: () => void): Deadline {
    const deadline = new Deadline(at, run)
    push(this.heap, deadline)
    if (this.heap[0] === deadline) this.arm()
    return deadline
  }

  close(): void {
    clearTimeout(this.timer)
    this.heap.length = 0
  }

  /** Runs what is due at `now`, oldest first. */
  due(now: number): void {
    for (let first = this.heap[0] as Deadline | undefined; first !== undefined; first = this.heap[0]) {
      if (first.run !== undefined && first.at > now) break
      pop(this.heap)
      first.run?.()
    }
  }

  private arm(): void {
    const first = this.heap[0] as Deadline | undefined
    if (first === undefined) return
    if (this.timer !== undefined) {
      if (this.armed <= first.at) return
      clearTimeout(this.timer)
    }
    this.armed = first.at
    const delay = Math.min(Math.max(first.at - this.now(), 0), longestTimer)
    this.timer = setTimeout(() => {
      this.timer = undefined
      this.due(this.now())
      this.arm()
    }, delay)
    this.timer.unref()
  }
}

function push(heap: Deadline[], deadline: Deadline): void {
  let at = heap.push(deadline) - 1
  while (at > 0) {
    const above = (at - 1) >> 1
    if (heap[above].at <= deadline.at) break
    heap[at] = heap[above]
    at = above
  }
  heap[at] = deadline
}

function pop(heap: Deadline[]): void {
  const last = heap.pop() as Deadline
  const { length } = heap
  if (length === 0) return
  let at = 0
  for (;;) {
    let below = 2 * at + 1
    if (below >= length) break
    if (below + 1 < length && heap[below + 1].at < heap[below].at) below++
    if (heap[below].at >= last.at) break
    heap[at] = heap[below]
    at = below
  }
  heap[at] = last
}
