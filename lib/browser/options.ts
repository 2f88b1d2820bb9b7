// Options of clients in browsers: what lib/client/shared-options.ts and lib/client/portable/portable-options.ts read, in
// few bytes. A test compares the two.
import type { CheckedAuth } from '../client/auth'
import type { Codec } from '../client/codec'
import type { Dialect } from '../client/dialect'
import { MessageRouter } from '../client/message-router'
import { ownProtocol } from '../client/portable/own-protocol'
import type { PortableOptions } from '../client/portable/portable-options'
import { type PlatformSocketConstructor, platform } from '../client/portable/platform'
import { HawserError, HawserRangeError } from '../core/error'
import { equipped } from './equip'
import { readLayout } from './layout'
import { readLearned } from './learned'
import {
  type Check,
  type Checks,
  type Read,
  any,
  badOption,
  checkOf,
  choice,
  flag,
  isObject,
  read,
  refuse,
  share,
  shown,
  text,
  whole,
} from './validate'

const MiB = 1024 * 1024
const bytes = <U extends number | undefined = undefined>(usual?: U): Check<number | U> =>
  whole(usual, 1, 1024 * MiB)

/** An object of options, of which all are usual for what is `alike` no object. */
const group =
  <C extends Checks>(grouped: C, ...alike: unknown[]): Check<Read<C>> =>
  (given, name) =>
    read(given === undefined || alike.includes(given) ? {} : given, grouped, `${name}.`)

const ignored = (): undefined => undefined
const defined = checkOf<object | undefined>(
  (value) => equipped.has(value as object),
  'what `defineCodec()` or `defineDialect()` returns',
)
const codes: Check<number[]> = (value = [], name) =>
  Array.isArray(value) && value.every((code) => Number.isInteger(code) && code >= 1000 && code < 5000)
    ? [...(value as number[])]
    : badOption(name, 'an array of close codes, 1000 to 4999', value)

const kinds = ['', 'indexedDB', 'localStorage']
const storing = group({
  path: text('', 1 << 20),
  name: text('default', 200),
  fsync: flag(false),
  kind: checkOf<string>((value) => kinds.includes(value as string), "'indexedDB' or 'localStorage'", ''),
})
const falling = group({ after: whole(2, 1, 1_000), retry: whole(300_000, 0), patience: whole(3_000) }, 'auto')

const checks = {
  url: readTargets,
  WebSocket: checkOf<PlatformSocketConstructor | undefined>(
    (value) => typeof value === 'function',
    'a function',
  ),
  protocols: any,
  hawser: any,
  strategy: choice(['failover', 'race', 'round-robin', 'least-busy', 'latency']),
  auth: readAuth,
  reconnect: group(
    {
      minDelay: whole(1_000),
      maxDelay: whole(),
      factor: share(2, 1, 100),
      jitter: share(0.5, 0, 1),
      maxAttempts: whole(0, 0),
      minUptime: whole(5_000, 0),
      adaptive: flag(true),
      recoverableCodes: codes,
      finalCodes: codes,
    },
    true,
    false,
  ),
  learned: any,
  heartbeat: group({ interval: whole(30_000), timeout: whole(5_000), messages: flag(false) }, true, false),
  queue: group({
    maxMessages: whole(1_000, 0, 10_000_000),
    maxBytes: bytes(64 * MiB),
    overflow: choice(['drop-oldest', 'drop-newest', 'drop-lowest-priority', 'reject']),
    ttl: whole(0, 0),
    ackTimeout: whole(10_000),
    retries: whole(3, 0, 1_000),
    store: (given: unknown, name: string) =>
      given === undefined ? undefined : storing(typeof given === 'string' ? { path: given } : given, name),
  }),
  sendBatch: group(
    { max: whole(10, 2, 1_000), every: whole(100, 1, 60_000), always: flag(false) },
    true,
    false,
  ),
  routing: any,
  codec: (given: unknown, name: string) =>
    (given as Codec | undefined)?.name === 'json' ? undefined : (defined(given, name) as Codec | undefined),
  dialect: defined as Check<Dialect | undefined>,
  fallback: (given: unknown, name: string) =>
    given === undefined || given === 'off' ? undefined : falling(given, name),
  acks: any,
  requestTimeout: whole(10_000),
  maxRequests: whole(100_000, 1, 1_000_000),
  maxPayload: bytes(16 * MiB),
  highWaterMark: bytes(),
  maxBackpressure: bytes(),
  connectTimeout: whole(10_000, 0),
  closeTimeout: whole(10_000, 0),
  // What a platform decides by itself, and nobody's meaning depends on.
  handshakeTimeout: ignored,
  attemptDelay: ignored,
  perMessageDeflate: ignored,
  maxHeaderSize: ignored,
}

/** Throws INVALID_OPTION, INVALID_URL, INVALID_ARGUMENT. */
export function readOptions(options: unknown): PortableOptions {
  const own = (
    typeof options === 'string' || options instanceof URL || Array.isArray(options)
      ? { url: options }
      : options
  ) as Record<string, unknown>
  const {
    url: targets,
    WebSocket: portable = platform.WebSocket,
    protocols,
    hawser,
    reconnect,
    learned,
    heartbeat: { messages: always, ...beats },
    sendBatch,
    routing,
    dialect,
    acks,
    ...rest
  } = read(own, checks)
  const { maxBytes } = rest.queue
  if (portable === undefined)
    throw new HawserError('INVALID_STATE', 'There is no global WebSocket. Give one as the option `WebSocket`')
  if (dialect !== undefined && (own.codec !== undefined || always))
    badOption('dialect', 'left out beside `codec` or `heartbeat.messages`', dialect)
  for (const url of targets) dialect?.url?.(url)

  // What is usual gives way to what was given.
  const { minDelay, maxDelay = Math.max(30_000, minDelay) } = reconnect
  if (maxDelay < minDelay)
    badOption('reconnect.maxDelay', 'at least `reconnect.minDelay`', maxDelay, HawserRangeError)
  // What may lie in the queue bounds what a client that was told nothing else accepts, and when it says so.
  const {
    maxBackpressure = Math.max(64 * MiB, 2 * maxBytes),
    highWaterMark = Math.min(MiB, maxBackpressure, maxBytes),
  } = rest
  if (maxBackpressure < highWaterMark)
    badOption('maxBackpressure', 'at least `highWaterMark`', maxBackpressure, HawserRangeError)

  const none = { interval: 0, timeout: 0 }
  const router = routing instanceof MessageRouter ? (routing as MessageRouter) : undefined
  return {
    ...rest,
    portable,
    targets,
    protocols: readProtocols(protocols ?? dialect?.protocols, hawser, dialect),
    reconnect: { ...reconnect, maxDelay, enabled: own.reconnect !== false },
    learned: readLearned(
      learned,
      targets.map(({ href }) => href),
    ),
    heartbeat: { ...(own.heartbeat === false ? none : beats), always },
    highWaterMark,
    maxBackpressure,
    batch: own.sendBatch ? sendBatch : { ...sendBatch, max: 0, every: 0 },
    layout: router?.layout ?? readLayout(routing ?? dialect?.routing),
    router,
    dialect,
    gated: dialect?.handshake === true,
    // The number of the core: by protocol, always, never.
    acks: choice(['auto', true, false])(acks ?? dialect?.acks, 'acks'),
  }
}

function readProtocols(given: unknown = [], hawser: unknown, dialect: Dialect | undefined): string[] {
  const list = [given].flat() as string[]
  list.forEach((one, i) => {
    if (typeof one !== 'string' || !/^[!#-'*+.^_`|~\w-]+$/.test(one) || list.indexOf(one) < i)
      refuse('INVALID_ARGUMENT', `${shown(one)} is no subprotocol: each once, letters, digits and -._ only`)
  })
  if (flag(dialect === undefined)(hawser, 'hawser') && !list.includes(ownProtocol)) list.unshift(ownProtocol)
  return list
}

/** What is in it is read by the part that it loads. */
function readAuth(given: unknown): CheckedAuth | undefined {
  if (given === undefined) return undefined
  if (typeof given !== 'function' && !isObject(given))
    badOption('auth', 'a function that returns a token, or an object with `token`', given)
  const { as = 'message' } = given as { as?: CheckedAuth['as'] }
  if (as === 'header') badOption('auth.as', "'message' or 'query' in a browser", as)
  return { as, name: '', source: given } as unknown as CheckedAuth
}

function readTargets(given: unknown): URL[] {
  const list = [given].flat()
  if (list.length === 0 || list.length > 64) badOption('url', 'a URL, or 1 to 64 of them', given)
  return list.map(readUrl)
}
/** Of a page it may be relative. */
function readUrl(given: unknown): URL {
  try {
    if (typeof given === 'string' || given instanceof URL) {
      const url = new URL(given, platform.location?.href)
      url.protocol = url.protocol.replace(/^http/, 'ws')
      // Nobody (@) before the host, and no fragment.
      if (/^wss?:\/\/[^/@]+\/[^#]*$/.test(url.href)) return url
    }
  } catch {
    // It is none.
  }
  return refuse(
    'INVALID_URL',
    `${shown(given)} is no URL of a WebSocket such as 'wss://example.com/path', without a fragment (#), user and password`,
  )
}
