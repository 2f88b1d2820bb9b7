// The messages of one priority that wait to be sent, in the order in which they will be.
import type { EngineSend } from '../engine'

/** A message of the send queue. */
export interface Message {
  readonly what: EngineSend
  readonly bytes: number
  readonly queuedAt: number
  /** Infinity: never. */
  readonly expiresAt: number
  /** Its place among all; restored ones are below 0. */
  readonly order: number
  /** The key in the durable store, or 0. */
  readonly storeKey: number
  attempts: number
  timeouts: number
  ackDeadline: number
  /** Given up, or done ahead of time, while the link or a line holds it still. */
  gone: boolean
  place: 'line' | 'flight' | 'unacked'
}

/** One priority's messages, in order. Those that are gone stay until they come to the front, or are many. */
export class Line {
  size = 0
  private list: Message[] = []
  private head = 0
  private dead = 0

  add(message: Message): void {
    const last = this.list.at(-1)
    if (last !== undefined && last.order > message.order) {
      this.putBack([message])
      return
    }
    this.list.push(message)
    this.size++
  }
  get front(): Message | undefined {
    for (; this.head < this.list.length; this.head++) {
      const message = this.list[this.head]
      if (!message.gone) return message
      this.dead--
    }
    this.list = []
    this.head = this.dead = 0
    return undefined
  }
  shift(): void {
    this.head++
    this.size--
    if (this.head > 1024 && this.head * 2 > this.list.length) this.compact()
  }
  /** It was marked as gone. */
  removed(): void {
    this.size--
    if (++this.dead > 64 && this.dead > this.size) this.compact()
  }
  /** Messages that were on a link go back to their places. */
  putBack(messages: Message[]): void {
    this.compact(messages)
    this.list.sort((a, b) => a.order - b.order)
    this.size = this.list.length
  }
  *[Symbol.iterator](): Generator<Message> {
    for (let i = this.head; i < this.list.length; i++) if (!this.list[i].gone) yield this.list[i]
  }
  private compact(more: Message[] = []): void {
    this.list = [...this, ...more]
    this.head = 0
    this.dead = 0
  }
}

/** It is never given up for another. */
export function isKept({ acked, durable }: EngineSend): boolean {
  return acked || durable
}
/** Those that may be. */
export function* plain(line: Line): Generator<Message> {
  for (const message of line) if (!isKept(message.what)) yield message
}
