// What waits for a connection: messages, and the first words of multiplexed streams, in the order in which they came.

/** A multiplexed stream: says its first words on every connection that it lives on. */
export interface Channel {
  /** What it says first. May throw. */
  greeting(): unknown
  /** `greeting` threw on a later connection. */
  failed(error: unknown): void
  /** The socket that heard the greeting last. */
  on: object | undefined
}

export interface Entry<T> {
  value: T
  /** Set for a greeting: it is not counted, and goes with its stream. */
  channel?: Channel
}

/** How a program ended it: `complete()`, or `error(error)`. */
export type Ending = { readonly error: unknown } | 'complete'

export class Outbox<T> {
  /** The end that the program has set behind what waits. */
  ending: Ending | undefined
  private readonly entries = new Set<Entry<T>>()
  private messages = 0

  /** `dropped` is told of each message that gives way. */
  constructor(
    private readonly bound: { maxMessages: number; overflow: 'drop-oldest' | 'drop-newest' },
    private readonly dropped: (value: T) => void,
  ) {}

  get size(): number {
    return this.entries.size
  }

  push(entry: Entry<T>): void {
    if (this.ending !== undefined) {
      this.lose(entry)
      return
    }
    this.entries.add(entry)
    if (entry.channel !== undefined || ++this.messages <= this.bound.maxMessages) return
    this.lose(this.bound.overflow === 'drop-newest' ? entry : this.oldest())
  }

  shift(): Entry<T> | undefined {
    for (const entry of this.entries) {
      this.take(entry)
      return entry
    }
    return undefined
  }

  /** The stream is gone before it said anything. */
  forget(channel: Channel): void {
    for (const entry of this.entries) if (entry.channel === channel) this.entries.delete(entry)
  }

  /** Leaves messages only: a stream that is subscribed to again greets anew. */
  forgetChannels(): void {
    for (const entry of this.entries) if (entry.channel !== undefined) this.entries.delete(entry)
  }

  /** None of it will be sent. */
  drop(): void {
    for (const entry of [...this.entries]) this.lose(entry)
    this.ending = undefined
  }

  private oldest(): Entry<T> | undefined {
    for (const entry of this.entries) if (entry.channel === undefined) return entry
    return undefined
  }

  private take(entry: Entry<T>): void {
    if (this.entries.delete(entry) && entry.channel === undefined) this.messages--
  }

  private lose(entry: Entry<T> | undefined): void {
    if (entry === undefined) return
    this.take(entry)
    if (entry.channel === undefined) this.dropped(entry.value)
  }
}
