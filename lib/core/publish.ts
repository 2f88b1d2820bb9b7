// Publishing to a topic: what sockets and servers have in common.
import type { Channel } from '../native/channel'
import { OutFlag } from '../native/records'
import { HawserError, HawserRangeError, HawserTypeError } from './error'
import { type SendData, type SendOptions, bytesOf } from './socket-send'
import { shown } from './validate'

/** What can be published: everything that can be sent but a Blob. */
export type PublishData = Exclude<SendData, Blob>

/** How it is published. */
export type PublishOptions = Omit<SendOptions, 'fin'>

/** A record has sixteen bits for the length of a topic. */
const longestTopic = 0xffff
/** Names that are kept in encoded form. */
const keptTopics = 1024
const encoded = new Map<string, Uint8Array>()

/** UTF-8 of a topic's name. Throws INVALID_ARGUMENT. */
export function topicBytes(name: unknown): Uint8Array {
  const known = encoded.get(name as string)
  if (known !== undefined) return known
  if (typeof name !== 'string' || name === '') {
    throw new HawserTypeError(
      'INVALID_ARGUMENT',
      `\`topic\` must be a string that is not empty, not ${shown(name)}`,
    )
  }
  const bytes = Buffer.from(name)
  if (bytes.length > longestTopic) {
    throw new HawserRangeError(
      'INVALID_ARGUMENT',
      `\`topic\` must be at most ${longestTopic} bytes, not ${bytes.length}`,
    )
  }
  if (encoded.size >= keptTopics) encoded.clear()
  encoded.set(name, bytes)
  return bytes
}

/**
 * True: accepted. False: accepted, but the ring to the I/O thread is full or, as `crowded` tells, a subscriber is above
 * the high-water mark. Throws BACKPRESSURE_EXCEEDED.
 */
export function publish(
  channel: Channel,
  server: number,
  topic: Uint8Array,
  data: unknown,
  options: PublishOptions | undefined,
  except: number,
  crowded: () => boolean,
): boolean {
  const isText = typeof data === 'string'
  const payload = isText ? data : bytesOf(data)
  if (payload === undefined) {
    throw new HawserTypeError('INVALID_ARGUMENT', `\`data\` must be a string or bytes, not ${shown(data)}`)
  }
  const binary = options?.binary ?? !isText
  const flags = (binary ? OutFlag.binary : 0) | (options?.compress === false ? 0 : OutFlag.compress)
  if (!channel.publish(server, topic, payload, flags, except)) {
    throw new HawserError(
      'BACKPRESSURE_EXCEEDED',
      'Nothing was published: too much waits for the I/O thread. Publish less, or wait after `publish` returned false',
    )
  }
  return !channel.congested && !crowded()
}
