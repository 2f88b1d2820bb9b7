// The two forms that feeds of exchanges have: streams joined on one connection, and channels. Both are routed by the
// core; only what is sent has a form of its own. Subscriptions are sent again after each reconnect.
import { HawserTypeError } from '../../core/error'
import { OptionReader, badOption, shown } from '../../core/validate'
import type { Dialect, DialectLink, DialectSession, OutgoingMessage } from '../dialect'
import { checkPointer } from '../check-pointer'

export interface CombinedStreamsOptions {
  /** Names of the streams to subscribe to from the first connection on. */
  streams?: readonly string[]
  /** Method that subscribes. Default 'SUBSCRIBE'. */
  subscribe?: string
  /** Method that ends it. Default 'UNSUBSCRIBE'. */
  unsubscribe?: string
}

/** What handlers get of combined streams. */
export interface CombinedStream<Stream extends string = string, Data = unknown> {
  stream: Stream
  data: Data
}

/** Streams that a client remembers. */
const mostSubscriptions = 100_000

/**
 * Feeds of the form `{ "stream": …, "data": … }`, commanded by `{ "method": …, "params": …, "id": … }`. The name of the
 * stream is the type; `client.request('SUBSCRIBE', ['btcusdt@trade'])` subscribes, now and after each reconnect.
 * @throws TypeError `INVALID_OPTION`
 */
export function combinedStreams(options?: CombinedStreamsOptions): Dialect {
  const reader = new OptionReader('combinedStreams', options, ['streams', 'subscribe', 'unsubscribe'])
  const streams = reader.strings('streams')
  const subscribe = reader.string('subscribe', 'SUBSCRIBE')
  const unsubscribe = reader.string('unsubscribe', 'UNSUBSCRIBE')
  return {
    name: 'combined streams',
    routing: {
      type: '/stream',
      payload: '/data',
      correlationId: '/id',
      id: false,
      timestamp: false,
      reply: false,
    },
    session: (link) => new CombinedSession(link, new Set(streams), subscribe, unsubscribe),
  }
}

class CombinedSession implements DialectSession {
  private last = 0
  /** What of `streams` the server has been told, or will be by what waits in the queue. */
  constructor(
    private readonly link: DialectLink,
    private readonly streams: Set<string>,
    private readonly subscribe: string,
    private readonly unsubscribe: string,
  ) {}

  nextId(): string {
    return String(++this.last)
  }

  connected(): void {
    if (this.streams.size > 0) this.link.say(this.command(this.subscribe, [...this.streams], this.nextId()))
  }

  send({ type, payload, id }: OutgoingMessage): string {
    const names = Array.isArray(payload)
      ? (payload as unknown[]).filter((name) => typeof name === 'string')
      : []
    if (type === this.subscribe) for (const name of names) this.remember(name)
    else if (type === this.unsubscribe) for (const name of names) this.streams.delete(name)
    return this.command(type, payload, id)
  }

  readReply(message: unknown): { payload: unknown; error: unknown } {
    const { result, error, code, msg } = message as Record<string, unknown>
    // Some say what went wrong beside the id.
    const beside = typeof code === 'number' && typeof msg === 'string' ? { code, msg } : undefined
    const failed: unknown = error ?? beside
    const words: unknown = isRecord(failed) ? failed['msg'] : undefined
    return {
      payload: result,
      error: typeof words === 'string' ? { message: words, ...(failed as object) } : failed,
    }
  }

  receive(): void {
    // Replies to what was sent again after a reconnect, and what has no stream.
  }

  private command(method: string, params: unknown, id: string): string {
    return JSON.stringify({ method, params, id: Number(id) })
  }
  private remember(name: string): void {
    if (this.streams.size >= mostSubscriptions) tooMany()
    this.streams.add(name)
  }
}

export interface ChannelFeedOptions {
  /** Messages that subscribe, without the field that says so. */
  subscribe?: readonly Record<string, unknown>[]
  /** Where messages name their channel. Default '/channel'. */
  channel?: string
  /** Where their content is. Default '/events'. */
  payload?: string
  /** The field that says what a message of the client wants. Default 'type'. */
  verb?: string
}

/**
 * Feeds of the form `{ "channel": …, "events": … }`, or `data` instead of `events`, commanded by
 * `{ "type": "subscribe", "channel": …, … }`. The channel is the type; `client.send('subscribe', { channel: 'ticker' })`
 * subscribes, now and after each reconnect, until the same is sent as `unsubscribe`.
 * @throws TypeError `INVALID_OPTION`
 */
export function channelFeed(options?: ChannelFeedOptions): Dialect {
  const reader = new OptionReader('channelFeed', options, ['subscribe', 'channel', 'payload', 'verb'])
  const channel = checkPointer('channel', reader.raw('channel') ?? '/channel')
  const payload = checkPointer('payload', reader.raw('payload') ?? '/events')
  const verb = reader.string('verb', 'type')
  if (verb === '') badOption('verb', 'the name of a field', verb)
  const first = reader.raw('subscribe') ?? []
  if (!Array.isArray(first) || first.some((each) => !isRecord(each))) {
    badOption('subscribe', 'an array of objects', first)
  }
  return {
    name: 'channel feed',
    // Nothing of such feeds is a reply; the place is one that no message has.
    routing: { type: channel, payload, correlationId: '/$correlationId', id: false, timestamp: false },
    session: (link) => new ChannelSession(link, first as Record<string, unknown>[], verb),
  }
}

class ChannelSession implements DialectSession {
  private readonly subscriptions = new Map<string, Record<string, unknown>>()

  constructor(
    private readonly link: DialectLink,
    first: readonly Record<string, unknown>[],
    private readonly verb: string,
  ) {
    for (const each of first) this.remember(each)
  }

  connected(): void {
    for (const each of this.subscriptions.values()) this.link.say(this.frame('subscribe', each))
  }

  send({ type, payload, kind }: OutgoingMessage): string {
    if (kind === 'request') {
      throw new HawserTypeError('INVALID_ARGUMENT', 'Channel feeds answer no requests: use `send`')
    }
    if (payload !== undefined && !isRecord(payload)) {
      throw new HawserTypeError(
        'INVALID_ARGUMENT',
        `The payload of '${type}' must be an object, not ${shown(payload)}`,
      )
    }
    const fields = payload ?? {}
    if (type === 'subscribe') this.remember(fields)
    else if (type === 'unsubscribe') this.subscriptions.delete(nameOf(fields))
    return this.frame(type, fields)
  }

  receive(): void {
    // What names no channel: the answers to what was sent.
  }

  private frame(type: string, fields: Record<string, unknown>): string {
    return JSON.stringify({ [this.verb]: type, ...fields })
  }
  private remember(fields: Record<string, unknown>): void {
    if (this.subscriptions.size >= mostSubscriptions) tooMany()
    this.subscriptions.set(nameOf(fields), fields)
  }
}

function tooMany(): never {
  throw new HawserTypeError(
    'INVALID_ARGUMENT',
    `A feed remembers ${mostSubscriptions} subscriptions; end some`,
  )
}

/** The same fields have the same name, in whatever order they stand. */
function nameOf(fields: Record<string, unknown>): string {
  return JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
