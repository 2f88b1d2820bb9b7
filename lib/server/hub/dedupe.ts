// Messages that were seen, by sender and id: a copy that comes again is answered, but not handled again.

/** A message that asked for an ack. */
export interface Seen<Waiter> {
  /** Its answer: undefined while it is being handled; '' stands for a plain ack. */
  answer: string | undefined
  /** Who gets the answer: the connection on which the latest copy came. */
  waiter: Waiter
}

/** A window over the last `most` messages that are not older than `age` milliseconds. Times are passed in. */
export class DedupeWindow<Waiter> {
  private readonly seen = new Map<string, Seen<Waiter> & { at: number }>()

  constructor(
    private readonly most: number,
    private readonly age: number,
  ) {}

  get size(): number {
    return this.seen.size
  }

  /** What is known of a message; undefined when it is new. */
  find(key: string, now: number): Seen<Waiter> | undefined {
    const one = this.seen.get(key)
    return one === undefined || now - one.at > this.age ? undefined : one
  }

  add(key: string, waiter: Waiter, now: number): Seen<Waiter> {
    this.seen.delete(key)
    // The oldest stand first.
    for (const [old, { at }] of this.seen) {
      if (this.seen.size < this.most && now - at <= this.age) break
      this.seen.delete(old)
    }
    const one = { answer: undefined, waiter, at: now }
    this.seen.set(key, one)
    return one
  }
}
