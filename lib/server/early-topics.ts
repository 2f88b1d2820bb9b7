// Topics that are to keep messages while their server has not started: nobody hears what is published then, and those who
// come later are to find it.
import type { Kept, KeptBounds } from './topic-records'

/** What was published, with its offset in the first of the topics. */
export interface EarlyMessage {
  topics: readonly string[]
  data: string | Uint8Array
  offset: number
}

interface EarlyTopic {
  bounds: KeptBounds
  /** The offset before the first of `messages`. */
  head: number
  messages: EarlyMessage[]
  bytes: number
}

/** Bytes that all of them hold: what is handed to the I/O thread at the start fits what may wait for it, several times. */
const mostBytes = 64 * 1024 * 1024

const sizeOf = ({ data }: EarlyMessage): number => (typeof data === 'string' ? data.length * 3 : data.length)

export class EarlyTopics {
  private readonly topics = new Map<string, EarlyTopic>()
  private bytes = 0

  keep(topic: string, bounds: KeptBounds, head: number): void {
    this.forget(topic)
    this.topics.set(topic, { bounds, head, messages: [], bytes: 0 })
  }
  forget(topic: string): void {
    this.bytes -= this.topics.get(topic)?.bytes ?? 0
    this.topics.delete(topic)
  }

  kept(topic: string): Kept | undefined {
    const early = this.topics.get(topic)
    if (early === undefined) return undefined
    const { head, messages, bytes } = early
    return { lost: head, last: messages.at(-1)?.offset ?? head, count: messages.length, bytes }
  }

  /** False: the first of the topics does not keep. Of more than its bounds the oldest go. */
  publish(message: EarlyMessage): boolean {
    const early = this.topics.get(message.topics[0])
    if (early === undefined) return false
    // The program may change its bytes as soon as this returns.
    const data = typeof message.data === 'string' ? message.data : Uint8Array.from(message.data)
    early.messages.push({ ...message, data })
    this.grow(early, sizeOf(message))
    const { count, bytes } = early.bounds
    while (early.messages.length > count || early.bytes > bytes || this.bytes > mostBytes) {
      const oldest = early.messages.shift()
      if (oldest === undefined) break
      early.head = oldest.offset
      this.grow(early, -sizeOf(oldest))
    }
    return true
  }
  private grow(early: EarlyTopic, bytes: number): void {
    early.bytes += bytes
    this.bytes += bytes
  }

  /** The topics as they are to be kept, and then what is to be published to them. */
  *[Symbol.iterator](): Generator<
    [topic: string, bounds: KeptBounds, head: number, messages: EarlyMessage[]]
  > {
    for (const [topic, { bounds, head, messages }] of this.topics) yield [topic, bounds, head, messages]
  }
}
