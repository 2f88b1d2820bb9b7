// Options of clients in browsers: what lib/client/shared-options.ts and lib/client/portable/portable-options.ts read, in
// few bytes. A test compares the two.
import type { CheckedAuth } from '../client/auth'
import type { Codec } from '../client/codec'
import type { Dialect } from '../client/dialect'
import { MessageRouter } from '../client/message-router'
import { ownProtocol } from '../client/portable/own-protocol'
import type { PortableOptions } from '../client/portable/portable-options'
import { type PlatformSocketConstructor, platform } from '../client/portable/platform'
import { HawserError, HawserRangeError, HawserTypeError } from '../core/error'
import { readLayout } from './layout'
import { readLearned } from './learned'
import { type Check, any, badOption, choice, flag, isObject, read, row, share, shown, text } from './validate'

function refuse(code: 'INVALID_OPTION' | 'INVALID_ARGUMENT' | 'INVALID_URL', message: string): never {
  throw new HawserTypeError(code, message)
}

/** True, false or an object; of true and nothing the object is empty. */
const group =
  (name: string) =>
  (value: unknown = {}): object =>
    typeof value === 'boolean'
      ? {}
      : isObject(value)
        ? value
        : badOption(name, 'true, false or an object', value)

const codes = (value: unknown = [], name: string): number[] => {
  const fits = (code: unknown): boolean =>
    Number.isInteger(code) && (code as number) >= 1000 && (code as number) < 5000
  return Array.isArray(value) && value.every(fits)
    ? [...(value as number[])]
    : badOption(name, 'an array of close codes, 1000 to 4999', value)
}
const func: Check = (value, name) =>
  value === undefined || typeof value === 'function' ? value : badOption(name, 'a function', value)
const object: Check = (value, name) =>
  value === undefined || isObject(value) ? value : badOption(name, 'an object', value)

const checks = {
  url: any,
  WebSocket: func,
  protocols: any,
  hawser: any,
  strategy: choice(['failover', 'race', 'round-robin', 'least-busy', 'latency']),
  auth: any,
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
  requestTimeout: row,
  maxRequests: row,
  maxPayload: row,
  highWaterMark: row,
  maxBackpressure: row,
  connectTimeout: row,
  closeTimeout: row,
  // What a platform decides by itself, and nobody's meaning depends on.
  handshakeTimeout: any,
  attemptDelay: any,
  perMessageDeflate: any,
  maxHeaderSize: any,
}
const reconnecting = {
  minDelay: row,
  maxDelay: row,
  factor: share(2, 1, 100),
  jitter: share(0.5, 0, 1),
  maxAttempts: row,
  minUptime: row,
  adaptive: flag(true),
  recoverableCodes: codes,
  finalCodes: codes,
}
const queueing = {
  maxMessages: row,
  maxBytes: row,
  overflow: choice(['drop-oldest', 'drop-newest', 'drop-lowest-priority', 'reject']),
  ttl: row,
  ackTimeout: row,
  retries: row,
  store: any,
}
const kinds = ['', 'indexedDB', 'localStorage']
const storing = {
  path: text('', 1 << 20),
  name: text('default', 200),
  fsync: flag(false),
  kind: choice(kinds),
}

/** Throws INVALID_OPTION, INVALID_URL, INVALID_ARGUMENT. */
export function readOptions(options: unknown): PortableOptions {
  const given = read(
    typeof options === 'string' || options instanceof URL || Array.isArray(options)
      ? { url: options }
      : options,
    checks,
  )
  const own = options as Record<string, unknown>
  const { sendBatch, heartbeat, requestTimeout, maxRequests, strategy } = given
  const { maxPayload, connectTimeout, closeTimeout } = given
  const portable = (given.WebSocket as PlatformSocketConstructor | undefined) ?? platform.WebSocket
  if (portable === undefined)
    throw new HawserError('INVALID_STATE', 'There is no global WebSocket. Give one as the option `WebSocket`')

  const dialect = given.dialect as Dialect | undefined
  const codec = given.codec as Codec | undefined
  const beats = read(
    group('heartbeat')(heartbeat),
    { interval: row, timeout: row, messages: flag(false) },
    'heartbeat.',
  )
  if (dialect !== undefined && (codec !== undefined || beats.messages))
    refuse('INVALID_OPTION', 'Options `codec` and `heartbeat.messages` do not go with `dialect`')

  const reconnect = read(group('reconnect')(given.reconnect), reconnecting, 'reconnect.')
  const { minDelay } = reconnect
  // What is usual gives way to what was given.
  if ((given.reconnect as { maxDelay?: number } | undefined)?.maxDelay === undefined)
    reconnect.maxDelay = Math.max(reconnect.maxDelay, minDelay)
  if (reconnect.maxDelay < minDelay) bounds('reconnect.maxDelay', 'reconnect.minDelay')

  const { store, ...queue } = read(given.queue ?? {}, queueing, 'queue.')
  const { path, name, fsync, kind } =
    store === undefined
      ? { path: '', name: '', fsync: false, kind: 0 }
      : read(typeof store === 'string' ? { path: store } : store, storing, 'queue.store.')

  // What may lie in the queue bounds what a client that was told nothing else accepts, and when it says so.
  const maxBackpressure =
    isObject(options) && own.maxBackpressure !== undefined
      ? given.maxBackpressure
      : Math.max(given.maxBackpressure, 2 * queue.maxBytes)
  const highWaterMark =
    isObject(options) && own.highWaterMark !== undefined
      ? given.highWaterMark
      : Math.min(given.highWaterMark, maxBackpressure, queue.maxBytes)
  if (highWaterMark > maxBackpressure) bounds('maxBackpressure', 'highWaterMark')

  const router = given.routing instanceof MessageRouter ? (given.routing as MessageRouter) : undefined
  const targets = readTargets(given.url, dialect)
  const { interval, timeout } = heartbeat === false ? { interval: 0, timeout: 0 } : beats
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
        closeTimeout,
        heartbeatInterval: interval,
        heartbeatTimeout: timeout,
      },
    },
    heartbeatMessages: beats.messages ? { interval, timeout } : { interval: 0, timeout: 0 },
    queue: { ...queue, store: path, line: name, fsync, kind: kinds[kind] },
    batch:
      sendBatch === undefined || sendBatch === false
        ? { max: 0, every: 0, always: false }
        : read(group('sendBatch')(sendBatch), { max: row, every: row, always: flag(false) }, 'sendBatch.'),
    layout: router?.layout ?? readLayout(given.routing ?? dialect?.routing),
    router,
    codec: codec?.name === 'json' ? undefined : codec,
    dialect,
    gated: dialect?.handshake === true,
    fallback: readFallback(given.fallback),
    acks: readAcks(given.acks ?? dialect?.acks ?? 'auto'),
    requestTimeout,
    maxRequests,
  }
}

function bounds(upper: string, lower: string): never {
  throw new HawserRangeError('INVALID_OPTION', `Option \`${upper}\` must not be below \`${lower}\``)
}

function readFallback(given: unknown): PortableOptions['fallback'] {
  if (given === undefined || given === 'off') return undefined
  return read(given === 'auto' ? {} : given, { after: row, retry: row, patience: row }, 'fallback.')
}

/** The number of the core: by protocol, always, never. */
function readAcks(value: unknown): number {
  const place = ['auto', true, false].indexOf(value as boolean)
  return place < 0 ? badOption('acks', "'auto', true or false", value) : place
}

function readProtocols(given: unknown = [], hawser: unknown, dialect: Dialect | undefined): string[] {
  const list = [given].flat() as string[]
  const fits = (one: unknown, i: number): boolean =>
    typeof one === 'string' && /^[!#-'*+.^_`|~\w-]+$/.test(one) && list.indexOf(one) === i
  if (!list.every(fits))
    refuse(
      'INVALID_ARGUMENT',
      `${shown(list.find((one, i) => !fits(one, i)))} is no subprotocol: each once, letters, digits and -._ only`,
    )
  if (flag(dialect === undefined)(hawser, 'hawser') && !list.includes(ownProtocol))
    return [ownProtocol, ...list]
  return [...list]
}

/** What is in it is read by the part that it loads. */
function readAuth(given: unknown): CheckedAuth | undefined {
  if (given === undefined) return undefined
  if (typeof given !== 'function' && !isObject(given))
    badOption('auth', 'a function that returns a token, or an object with `token`', given)
  const { as = 'message' } = given as { as?: CheckedAuth['as'] }
  if (as === 'header')
    refuse('INVALID_OPTION', "Option `auth.as` cannot be 'header' in a browser: take 'message' or 'query'")
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
