// Records about topics beyond subscribe and publish: what a topic keeps, and messages to several topics.
import { HawserRangeError } from '../core/error'

/** Bounds of what a topic keeps. */
export interface KeptBounds {
  /** Messages. */
  count: number
  /** Bytes, with their names and frames. */
  bytes: number
  /** Milliseconds; 0: no bound. */
  age: number
}

/** What a topic keeps, as the I/O thread saw it last. */
export interface Kept {
  /** Everything above this offset that was published is kept. */
  lost: number
  /** The highest offset. */
  last: number
  count: number
  bytes: number
}

/** Texts that go before what is replayed: everything above the offset was kept, or not. */
export interface ReplayTexts {
  whole?: string
  partial?: string
}

/** Names of topics in one record, so that the data still fits. */
const mostNames = 192 * 1024
const longestText = 0xffff
const noPart = 0xffffffff

/** Head of a `publish_to` record: src/bridge/records.hpp. Throws INVALID_ARGUMENT. */
export function publishHead(topics: readonly Uint8Array[], offset: number, exceptPart = noPart): Buffer {
  let size = 16
  for (const topic of topics) size += 2 + topic.length
  if (size > mostNames) {
    throw new HawserRangeError(
      'INVALID_ARGUMENT',
      `The names of \`topics\` are longer than ${mostNames} bytes together. Publish to fewer at once`,
    )
  }
  const head = Buffer.allocUnsafe(size)
  head.writeDoubleLE(offset, 0)
  head.writeUInt32LE(size, 8)
  head.writeUInt32LE(exceptPart, 12)
  let at = 16
  for (const topic of topics) {
    head.writeUInt16LE(topic.length, at)
    head.set(topic, at + 2)
    at += 2 + topic.length
  }
  return head
}

/** Payload of a `keep` record. */
export function keepRecord(topic: Uint8Array, bounds: KeptBounds, head: number): Buffer {
  const record = Buffer.allocUnsafe(32 + topic.length)
  record.writeDoubleLE(head, 0)
  record.writeDoubleLE(bounds.count, 8)
  record.writeDoubleLE(bounds.bytes, 16)
  record.writeDoubleLE(bounds.age, 24)
  record.set(topic, 32)
  return record
}

/**
 * Payload of a `subscribe_from` record. `above` below 0: all that is kept; `head` below 0: not known. Throws
 * INVALID_ARGUMENT.
 */
export function replayRecord(
  topic: Uint8Array,
  above: number,
  most: number,
  texts: ReplayTexts,
  head: number,
): Buffer {
  const whole = Buffer.from(texts.whole ?? '')
  const partial = Buffer.from(texts.partial ?? '')
  if (whole.length > longestText || partial.length > longestText) {
    throw new HawserRangeError('INVALID_ARGUMENT', `A text before a replay may have ${longestText} bytes`)
  }
  const start = Buffer.allocUnsafe(24)
  start.writeDoubleLE(above, 0)
  start.writeDoubleLE(head, 8)
  start.writeUInt32LE(Math.min(most, 0xffffffff), 16)
  start.writeUInt16LE(topic.length, 20)
  start.writeUInt16LE(whole.length, 22)
  return Buffer.concat([start, topic, whole, partial])
}
