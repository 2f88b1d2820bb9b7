// Options that managed clients have whatever carries them, checked.
import { defaults } from '../core/defaults'
import { HawserRangeError, HawserTypeError } from '../core/error'
import { OptionReader, badOption } from '../core/validate'
import { readProtocols } from '../core/protocols'
import { type CheckedAuth, readAuth } from './auth'
import { type Codec, readCodec } from './codec'
import { type Dialect, readDialect } from './dialect'
import { type Layout, readLayout } from './layout'
import type { LearnedEndpoint } from './learned'
import { MessageRouter } from './message-router'
import type { CheckedHttpFallback } from './portable/fallback'
import { readHttpFallback } from './portable/fallback-options'
import { strategies } from './strategies'

export type { EndpointStrategy } from './strategies'

/** When and how often a client tries again. */
export interface ReconnectOptions {
  /** Milliseconds before the first new attempt. Default 1000. */
  minDelay?: number
  /** No delay is longer. Default 30000. */
  maxDelay?: number
  /** Each delay is so many times the one before. Default 2. */
  factor?: number
  /** The share of a delay that is random, 0 to 1: keeps many clients from coming back at once. Default 0.5. */
  jitter?: number
  /** Attempts that may fail in a row, the first included; then the client gives up. 0: no limit. Default 0. */
  maxAttempts?: number
  /** Milliseconds that a connection has to live to start the count anew. Default 5000. */
  minUptime?: number
  /** Delays and `maxAttempts` follow how often an endpoint opened lately; false: they are as given. Default true. */
  adaptive?: boolean
  /** Close codes after which the client tries again although it would not. */
  recoverableCodes?: readonly number[]
  /** Close codes after which it does not although it would. */
  finalCodes?: readonly number[]
}

export type OverflowPolicy = 'drop-oldest' | 'drop-newest' | 'drop-lowest-priority' | 'reject'

const storeKinds = ['indexedDB', 'localStorage'] as const

export interface StoreOptions {
  /** File of the store, in browsers the name of a database; it is made if it is not there. */
  path: string
  /** Name of the queue inside the file, for several clients. Default 'default'. */
  name?: string
  /** Survive a loss of power too, not only the end of the process; each commit waits for the disk. Default false. */
  fsync?: boolean
  /** In browsers: insist on one of the two. Default: IndexedDB where there is one. */
  kind?: (typeof storeKinds)[number]
}

/** What happens to messages that cannot be sent yet. */
export interface QueueOptions {
  /** Messages that may wait while there is no connection. Default 1000. */
  maxMessages?: number
  /**
   * Bytes that may wait or be on their way. Above it `send` throws while connected; else `overflow` decides. Default 64
   * MiB.
   */
  maxBytes?: number
  /** What gives way at the bound; acked and durable messages never do. Default 'drop-oldest'. */
  overflow?: OverflowPolicy
  /** Milliseconds that a message may wait; 0: for ever. Default 0. */
  ttl?: number
  /** Milliseconds to wait for the ack of a message before it is sent again. Default 10000. */
  ackTimeout?: number
  /** How often a message without ack is sent again. Default 3. */
  retries?: number
  /** Where durable messages are kept: a file, or its options. Without it `durable` is refused. */
  store?: string | StoreOptions
}

/** Which messages travel together. */
export interface SendBatchOptions {
  /** Messages of one priority that make a batch full. Default 10. */
  max?: number
  /** Milliseconds that a message waits for company at most. Default 100. */
  every?: number
  /** To servers too that do not speak `hawser.v1`. Default false. */
  always?: boolean
}

export interface CheckedQueue {
  maxMessages: number
  maxBytes: number
  overflow: number
  ttl: number
  ackTimeout: number
  retries: number
  store: CheckedStore | undefined
}
export interface CheckedStore {
  path: string
  name: string
  fsync: boolean
  /** Of browsers; '': whatever there is. */
  kind: string
}
export interface CheckedReconnect {
  enabled: boolean
  minDelay: number
  maxDelay: number
  factor: number
  jitter: number
  maxAttempts: number
  minUptime: number
  adaptive: boolean
  recoverableCodes: number[]
  finalCodes: number[]
}
/** What a client and its engine know of their options, whichever engine it is. */
export interface SharedOptions {
  targets: readonly { href: string }[]
  protocols: string[]
  highWaterMark: number
  strategy: number
  auth: CheckedAuth | undefined
  reconnect: CheckedReconnect
  /** One for each target, or none at all. */
  learned: LearnedEndpoint[]
  queue: CheckedQueue
  /** `max` 0: none. */
  batch: { max: number; every: number; always: boolean }
  layout: Layout
  router: MessageRouter | undefined
  codec: Codec | undefined
  dialect: Dialect | undefined
  /** The dialect admits each connection. */
  gated: boolean
  acks: number
  requestTimeout: number
  maxRequests: number
  /** Of the portable engine. */
  fallback: CheckedHttpFallback | undefined
}

const overflows: readonly OverflowPolicy[] = ['drop-oldest', 'drop-newest', 'drop-lowest-priority', 'reject']
const subprotocol = 'hawser.v1'

/** Options that have nothing to do with sockets. */
export const sharedNames = [
  'url',
  'protocols',
  'hawser',
  'strategy',
  'auth',
  'reconnect',
  'learned',
  'queue',
  'sendBatch',
  'routing',
  'codec',
  'dialect',
  'acks',
  'requestTimeout',
  'maxRequests',
  'fallback',
] as const

/** Reads all of them but `url`. `as`: how a token travels where the program does not say it. */
export function readShared(
  reader: OptionReader,
  as: CheckedAuth['as'],
  heartbeatMessages: boolean,
): Omit<SharedOptions, 'targets' | 'highWaterMark' | 'learned'> {
  const dialect = readDialect(reader.raw('dialect'))
  const codec = readCodec(reader.raw('codec'))
  if (dialect !== undefined) checkCompany(reader, heartbeatMessages)
  const routing = reader.raw('routing')
  const router = routing instanceof MessageRouter ? (routing as MessageRouter) : undefined
  const protocols = readProtocols(reader.raw('protocols') ?? dialect?.protocols)
  if (reader.boolean('hawser', dialect === undefined) && !protocols.includes(subprotocol))
    protocols.unshift(subprotocol)
  return {
    protocols,
    strategy: strategies.indexOf(reader.oneOf('strategy', strategies, 'failover')),
    auth: readAuth(reader.raw('auth'), as),
    reconnect: readReconnect(reader.raw('reconnect')),
    queue: readQueue(reader.raw('queue')),
    batch: readBatch(reader.raw('sendBatch')),
    layout: router?.layout ?? readLayout(routing ?? dialect?.routing),
    router,
    codec,
    dialect,
    gated: dialect?.handshake === true,
    acks: readAcks(reader.raw('acks') ?? dialect?.acks),
    requestTimeout: reader.number('requestTimeout'),
    maxRequests: reader.number('maxRequests'),
    fallback: readHttpFallback(reader.raw('fallback')),
  }
}

/** URLs that one client, or one user of a pool, may choose from. */
export const mostEndpoints = 64

/** What may lie in the queue bounds what a client that was told nothing else accepts, and when it says so. */
export function readMarks(
  reader: OptionReader,
  marks: { maxBackpressure: number; highWaterMark: number },
  maxBytes: number,
): void {
  // Without a connection the queue's own policy decides at `maxBytes`: what is on its way there needs room too.
  if (!reader.has('maxBackpressure')) {
    marks.maxBackpressure = Math.max(defaults.maxBackpressure.value, 2 * maxBytes)
  }
  if (!reader.has('highWaterMark')) marks.highWaterMark = Math.min(marks.highWaterMark, maxBytes)
}

/** The endpoints that `url` names, each read by `parse`. */
export function readTargets<T>(
  value: unknown,
  dialect: Dialect | undefined,
  parse: (url: unknown) => T,
): T[] {
  const list: unknown[] = Array.isArray(value) ? (value as unknown[]) : [value]
  if (list.length === 0 || list.length > mostEndpoints) {
    badOption('url', `a URL, or 1 to ${mostEndpoints} of them`, value)
  }
  return list.map((given) => {
    const target = parse(given)
    if (dialect?.url === undefined) return target
    const url = new URL(given as string | URL)
    dialect.url(url)
    return parse(url)
  })
}

/** The number of the core: by protocol, always, never. */
function readAcks(value: unknown): number {
  if (value === undefined || value === 'auto') return 0
  if (typeof value !== 'boolean') badOption('acks', "'auto', true or false", value)
  return value ? 1 : 2
}

/** What a dialect does not go with. */
function checkCompany(reader: OptionReader, heartbeatMessages: boolean): void {
  const refuse = (what: string, why: string): never => {
    throw new HawserTypeError('INVALID_OPTION', `Option \`${what}\` does not go with \`dialect\`: ${why}`)
  }
  if (reader.has('codec')) refuse('codec', 'a dialect has a format of its own')
  if (heartbeatMessages) refuse('heartbeat.messages', 'the server does not know them')
}

const reconnectNames: readonly (keyof ReconnectOptions)[] = [
  'minDelay',
  'maxDelay',
  'factor',
  'jitter',
  'maxAttempts',
  'minUptime',
  'adaptive',
  'recoverableCodes',
  'finalCodes',
]

function readReconnect(value: unknown): CheckedReconnect {
  if (value !== undefined && typeof value !== 'boolean' && (value === null || typeof value !== 'object')) {
    badOption('reconnect', 'true, false or an object', value)
  }
  const given = typeof value === 'object' ? value : undefined
  const reader = new OptionReader('`reconnect`', given, reconnectNames, 'reconnect.')
  const minDelay = reader.number('minDelay')
  const maxDelay = reader.has('maxDelay') ? reader.number('maxDelay') : Math.max(30_000, minDelay)
  if (maxDelay < minDelay) {
    throw new HawserRangeError(
      'INVALID_OPTION',
      `Option \`reconnect.maxDelay\` (${maxDelay}) must not be below \`reconnect.minDelay\` (${minDelay})`,
    )
  }
  return {
    enabled: value !== false,
    minDelay,
    maxDelay,
    factor: reader.fraction('factor', 2, 1, 100),
    jitter: reader.fraction('jitter', 0.5, 0, 1),
    maxAttempts: reader.number('maxAttempts'),
    minUptime: reader.number('minUptime'),
    adaptive: reader.boolean('adaptive', true),
    recoverableCodes: readCodes('reconnect.recoverableCodes', reader.raw('recoverableCodes')),
    finalCodes: readCodes('reconnect.finalCodes', reader.raw('finalCodes')),
  }
}

function readCodes(name: string, value: unknown): number[] {
  if (value === undefined) return []
  const list = Array.isArray(value) ? (value as unknown[]) : badOption(name, 'an array of close codes', value)
  for (const code of list) {
    if (typeof code !== 'number' || !Number.isInteger(code) || code < 1000 || code > 4999) {
      badOption(name, 'an array of close codes, 1000 to 4999', code)
    }
  }
  return [...(list as number[])]
}

const queueNames: readonly (keyof QueueOptions)[] = [
  'maxMessages',
  'maxBytes',
  'overflow',
  'ttl',
  'ackTimeout',
  'retries',
  'store',
]

function readQueue(value: unknown): CheckedQueue {
  const reader = new OptionReader('`queue`', value, queueNames, 'queue.')
  return {
    maxMessages: reader.number('maxMessages'),
    maxBytes: reader.number('maxBytes'),
    overflow: overflows.indexOf(reader.oneOf('overflow', overflows, 'drop-oldest')),
    ttl: reader.number('ttl'),
    ackTimeout: reader.number('ackTimeout'),
    retries: reader.number('retries'),
    store: readStore(reader.raw('store')),
  }
}

function readBatch(value: unknown): SharedOptions['batch'] {
  if (value === undefined || value === false) return { max: 0, every: 0, always: false }
  if (value !== true && (value === null || typeof value !== 'object')) {
    badOption('sendBatch', 'true, false or an object', value)
  }
  const given = value === true ? {} : value
  const reader = new OptionReader('`sendBatch`', given, ['max', 'every', 'always'], 'sendBatch.')
  return {
    max: reader.number('max'),
    every: reader.number('every'),
    always: reader.boolean('always', false),
  }
}

function readStore(value: unknown): CheckedStore | undefined {
  if (value === undefined) return undefined
  const given = typeof value === 'string' ? { path: value } : value
  const reader = new OptionReader('`queue.store`', given, ['path', 'name', 'fsync', 'kind'], 'queue.store.')
  const path = reader.string('path')
  if (path === '' || path.includes('\0')) badOption('queue.store.path', 'the path of a file', path)
  const name = reader.string('name', 'default')
  if (name === '' || name.length > 200) badOption('queue.store.name', 'a name of 1 to 200 characters', name)
  const kind = reader.oneOf<string>('kind', ['', ...storeKinds], '')
  return { path, name, fsync: reader.boolean('fsync', false), kind }
}
