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
import { readLayout } from './layout'
import { readLearned } from './learned'
import {
  type Check,
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
const bytes = (usual: number): Check<number> => whole(usual, 1, 1024 * MiB)

const object = checkOf<object | undefined>(isObject, 'an object')
const codes: Check<number[]> = (value, name) => [
  ...checkOf<number[]>(
    (list) =>
      Array.isArray(list) && list.every((code) => Number.isInteger(code) && code >= 1000 && code < 5000),
    'an array of close codes, 1000 to 4999',
    [],
  )(value, name),
]

const checks = {
  url: any,
  WebSocket: checkOf<PlatformSocketConstructor | undefined>(
    (value) => typeof value === 'function',
    'a function',
  ),
  protocols: any,
  hawser: any,
  strategy: choice(['failover', 'race', 'round-robin', 'least-busy', 'latency']),
  auth: checkOf<object | undefined>(
    (value) => typeof value === 'function' || isObject(value),
    'a function that returns a token, or an object with `token`',
  ),
  reconnect: any,
  learned: any,
  heartbeat: any,
  queue: any,
  sendBatch: any,
  routing: any,
  codec: object,
  dialect: object,
  fallback: any,
  acks: any,
  requestTimeout: whole(10_000),
  maxRequests: whole(100_000, 1, 1_000_000),
  maxPayload: bytes(16 * MiB),
  highWaterMark: bytes(MiB),
  maxBackpressure: bytes(64 * MiB),
  connectTimeout: whole(10_000, 0),
  closeTimeout: whole(10_000, 0),
  // What a platform decides by itself, and nobody's meaning depends on.
  handshakeTimeout: any,
  attemptDelay: any,
  perMessageDeflate: any,
  maxHeaderSize: any,
}
const reconnecting = {
  minDelay: whole(1_000),
  maxDelay: whole(30_000),
  factor: share(2, 1, 100),
  jitter: share(0.5, 0, 1),
  maxAttempts: whole(0, 0),
  minUptime: whole(5_000, 0),
  adaptive: flag(true),
  recoverableCodes: codes,
  finalCodes: codes,
}
const beating = { interval: whole(30_000), timeout: whole(5_000), messages: flag(false) }
const queueing = {
  maxMessages: whole(1_000, 0, 10_000_000),
  maxBytes: bytes(64 * MiB),
  overflow: choice(['drop-oldest', 'drop-newest', 'drop-lowest-priority', 'reject']),
  ttl: whole(0, 0),
  ackTimeout: whole(10_000),
  retries: whole(3, 0, 1_000),
  store: any,
}
const kinds = ['', 'indexedDB', 'localStorage']
const storing = {
  path: text('', 1 << 20),
  name: text('default', 200),
  fsync: flag(false),
  kind: checkOf<string>((value) => kinds.includes(value as string), "'indexedDB' or 'localStorage'", ''),
}
const batching = { max: whole(10, 2, 1_000), every: whole(100, 1, 60_000), always: flag(false) }
const falling = { after: whole(2, 1, 1_000), retry: whole(300_000, 0), patience: whole(3_000) }

/** An object of options, or true or false. */
const group = <C extends Record<string, Check>>(
  given: unknown,
  grouped: C,
  name: string,
): ReturnType<typeof read<C>> =>
  given === undefined || typeof given === 'boolean'
    ? read({}, grouped)
    : isObject(given)
      ? read(given, grouped, `${name}.`)
      : badOption(name, 'true, false or an object', given)

/** Throws INVALID_OPTION, INVALID_URL, INVALID_ARGUMENT. */
export function readOptions(options: unknown): PortableOptions {
  const own = (
    typeof options === 'string' || options instanceof URL || Array.isArray(options)
      ? { url: options }
      : options
  ) as Record<string, unknown>
  const given = read(own, checks)
  const { heartbeat, sendBatch, requestTimeout, maxRequests, strategy, maxPayload, connectTimeout } = given
  const portable = given.WebSocket ?? platform.WebSocket
  if (portable === undefined)
    throw new HawserError('INVALID_STATE', 'There is no global WebSocket. Give one as the option `WebSocket`')

  const dialect = given.dialect as Dialect | undefined
  const codec = given.codec as Codec | undefined
  const { interval, timeout, messages } = group(heartbeat, beating, 'heartbeat')
  const none = { interval: 0, timeout: 0 }
  const beats = heartbeat === false ? none : { interval, timeout }
  if (dialect !== undefined && (codec !== undefined || messages))
    badOption('dialect', 'left out beside `codec` or `heartbeat.messages`', dialect)

  const reconnect = group(given.reconnect, reconnecting, 'reconnect')
  const { minDelay } = reconnect
  // What is usual gives way to what was given.
  if ((given.reconnect as { maxDelay?: number } | undefined)?.maxDelay === undefined)
    reconnect.maxDelay = Math.max(reconnect.maxDelay, minDelay)
  if (reconnect.maxDelay < minDelay)
    badOption('reconnect.maxDelay', 'at least `reconnect.minDelay`', reconnect.maxDelay, HawserRangeError)

  const { store, ...queue } = read(given.queue ?? {}, queueing, 'queue.')
  const {
    path = '',
    name = '',
    fsync = false,
    kind = '',
  } = store === undefined
    ? {}
    : read(typeof store === 'string' ? { path: store } : store, storing, 'queue.store.')

  // What may lie in the queue bounds what a client that was told nothing else accepts, and when it says so.
  let { maxBackpressure, highWaterMark } = given
  if (own.maxBackpressure === undefined) maxBackpressure = Math.max(maxBackpressure, 2 * queue.maxBytes)
  if (own.highWaterMark === undefined)
    highWaterMark = Math.min(highWaterMark, maxBackpressure, queue.maxBytes)
  if (maxBackpressure < highWaterMark)
    badOption('maxBackpressure', 'at least `highWaterMark`', maxBackpressure, HawserRangeError)

  const batch = group(sendBatch, batching, 'sendBatch')
  const router = given.routing instanceof MessageRouter ? (given.routing as MessageRouter) : undefined
  const targets = readTargets(given.url, dialect)
  return {
    portable,
    targets,
    protocols: readProtocols(given.protocols ?? dialect?.protocols, given.hawser, dialect),
    strategy,
    auth: readAuth(given.auth),
    reconnect: { enabled: given.reconnect !== false, ...reconnect },
    learned: readLearned(
      given.learned,
      targets.map(({ href }) => href),
    ),
    socket: {
      connectTimeout,
      socket: {
        maxPayload,
        highWaterMark,
        maxBackpressure,
        closeTimeout: given.closeTimeout,
        heartbeatInterval: beats.interval,
        heartbeatTimeout: beats.timeout,
      },
    },
    heartbeatMessages: messages ? beats : none,
    queue: { ...queue, store: path, line: name, fsync, kind },
    batch: sendBatch ? batch : { ...batch, max: 0, every: 0 },
    layout: router?.layout ?? readLayout(given.routing ?? dialect?.routing),
    router,
    codec: codec?.name === 'json' ? undefined : codec,
    dialect,
    gated: dialect?.handshake === true,
    fallback: readFallback(given.fallback),
    // The number of the core: by protocol, always, never.
    acks: choice(['auto', true, false])(given.acks ?? dialect?.acks, 'acks'),
    requestTimeout,
    maxRequests,
  }
}

function readFallback(given: unknown): PortableOptions['fallback'] {
  if (given === undefined || given === 'off') return undefined
  return read(given === 'auto' ? {} : given, falling, 'fallback.')
}

function readProtocols(given: unknown = [], hawser: unknown, dialect: Dialect | undefined): string[] {
  const list = [given].flat() as string[]
  list.forEach((one, i) => {
    if (typeof one !== 'string' || !/^[!#-'*+.^_`|~\w-]+$/.test(one) || list.indexOf(one) < i)
      refuse('INVALID_ARGUMENT', `${shown(one)} is no subprotocol: each once, letters, digits and -._ only`)
  })
  const own = flag(dialect === undefined)(hawser, 'hawser') && !list.includes(ownProtocol)
  return own ? [ownProtocol, ...list] : [...list]
}

/** What is in it is read by the part that it loads. */
function readAuth(given: object | undefined): CheckedAuth | undefined {
  if (given === undefined) return undefined
  const { as = 'message' } = given as { as?: CheckedAuth['as'] }
  if (as === 'header') badOption('auth.as', "'message' or 'query' in a browser", as)
  return { as, name: '', source: given } as unknown as CheckedAuth
}

function readTargets(given: unknown, dialect: Dialect | undefined): URL[] {
  const list = Array.isArray(given) ? (given as unknown[]) : [given]
  if (list.length === 0 || list.length > 64) badOption('url', 'a URL, or 1 to 64 of them', given)
  return list.map((one) => {
    const url = readUrl(one)
    dialect?.url?.(url)
    return url
  })
}
/** Of a page it may be relative. */
function readUrl(given: unknown): URL {
  try {
    if (typeof given === 'string' || given instanceof URL) {
      const url = new URL(given, platform.location?.href)
      url.protocol = url.protocol.replace(/^http/, 'ws')
      if (/^wss?:$/.test(url.protocol) && !url.href.includes('#') && url.username + url.password === '')
        return url
    }
  } catch {
    // It is none.
  }
  return refuse(
    'INVALID_URL',
    `${shown(given)} is no URL of a WebSocket such as 'wss://example.com/path', without a fragment (#), user and password`,
  )
}
