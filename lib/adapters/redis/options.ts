// Options of the Redis adapters, checked.
import { HawserTypeError } from '../../core/error'
import { OptionReader, badOption } from '../../core/validate'

/** What is used of a client of the package `redis`. */
export interface RedisClient {
  readonly isReady: boolean
  readonly options?: { socket?: object } | undefined
  duplicate(options?: object): RedisClient
  connect(): Promise<unknown>
  destroy(): void
  on(event: string, listener: (...args: never[]) => void): unknown
  sendCommand(args: string[]): Promise<unknown>
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>
  unsubscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>
}

/** Options of `redisAdapter` and `redisStreams`. */
export interface RedisOptions {
  /** Where Redis is, such as `redis://user:password@host:6379/0`; `rediss:` for TLS. Default redis://127.0.0.1:6379. */
  url?: string
  /** Instead of `url`: a client of the package `redis` (5 or 6). It is only copied: connections are the adapter's own. */
  client?: { duplicate(options?: never): unknown }
  /** What all names in Redis begin with; hubs of another prefix do not hear these. Default 'hawser'. */
  prefix?: string
  /** Texts that wait while Redis is away or slow; above it the oldest are dropped and counted. Default 10000. */
  maxQueued?: number
  /** Characters of them. Default 16777216. */
  maxQueuedBytes?: number
}

export interface CheckedRedisOptions {
  url: string
  client: RedisClient | undefined
  prefix: string
  maxQueued: number
  maxQueuedBytes: number
}

const names = ['url', 'client', 'prefix', 'maxQueued', 'maxQueuedBytes']

/** Throws INVALID_OPTION. */
export function readRedisOptions(owner: string, options: RedisOptions): CheckedRedisOptions {
  const reader = new OptionReader(`\`${owner}\``, options, names)
  const client = reader.raw('client') as RedisClient | undefined
  if (client !== undefined) {
    if (typeof (client as { duplicate?: unknown } | null)?.duplicate !== 'function') {
      badOption('client', 'a client of the package `redis`', client)
    }
    if (reader.has('url')) throw new HawserTypeError('INVALID_OPTION', 'Give one of `url` and `client`')
  }
  const url = reader.string('url', 'redis://127.0.0.1:6379')
  if (!/^rediss?:\/\//.test(url)) badOption('url', "an address that begins with 'redis://'", url)
  return {
    url,
    client,
    prefix: reader.string('prefix', 'hawser'),
    maxQueued: reader.number('maxQueued'),
    maxQueuedBytes: reader.number('maxQueuedBytes'),
  }
}
