// Messages for tests: the same ones each time.
import type { Envelope } from '../client/protocol-map'

export interface MockMessageOptions extends Partial<Omit<Envelope, 'type' | 'payload'>> {
  /** Milliseconds since the epoch. Default 0. */
  timestamp?: number
}

/** A message as a hub or a client sends it. Its id is `mock-1`, unless `options` say otherwise. */
export function mockMessage<Type extends string, Payload = unknown>(
  type: Type,
  payload: Payload,
  options: MockMessageOptions = {},
): Envelope<Type, Payload> {
  return { id: 'mock-1', timestamp: 0, ...options, type, payload }
}

export interface MockMessagesOptions<Type extends string, Payload> {
  /** Each message has one of these, in turn. Default `['message']`. */
  types?: readonly Type[]
  /** Makes the payload of message 0, 1, 2 …; `random` gives numbers from 0 to 1, the same for each seed. */
  payload?: (index: number, random: () => number) => Payload
  /** Default 1. */
  seed?: number
  /** Time of the first, and milliseconds between two. Default 0 and 1000. */
  start?: number
  every?: number
  room?: string
}

/**
 * So many messages, with ids `mock-1`, `mock-2` …
 *
 * @example
 * const ticks = mockMessages(100, { types: ['tick'], payload: (i, random) => ({ symbol: 'AB'[i % 2], price: random() }) })
 */
export function mockMessages<Type extends string = string, Payload = number>(
  count: number,
  options: MockMessagesOptions<Type, Payload> = {},
): Envelope<Type, Payload>[] {
  const { types = ['message' as Type], payload, seed = 1, start = 0, every = 1000, room } = options
  const random = randomFrom(seed)
  return Array.from({ length: count }, (_, i) =>
    mockMessage(types[i % types.length], payload === undefined ? (i as Payload) : payload(i, random), {
      id: `mock-${i + 1}`,
      timestamp: start + i * every,
      ...(room === undefined ? {} : { room }),
    }),
  )
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
