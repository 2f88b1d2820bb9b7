// Options of managed clients, checked: those of the client itself, and those of its sockets.
import {
  type ClientOptions,
  type WebSocketOptions,
  clientOptionNames,
  readClientOptions,
} from '../core/client-options'
import { type Target, parseTarget } from '../core/client-url'
import { defaults } from '../core/defaults'
import { HawserRangeError, HawserTypeError } from '../core/error'
import type { CheckedSocketOptions, HeartbeatOptions } from '../core/socket-options'
import { OptionReader, badOption } from '../core/validate'
import { readProtocols } from '../core/client-options'
import { type AuthOptions, type CheckedAuth, type TokenFunction, readAuth } from './auth'
import { type Layout, type RoutingOptions, readLayout } from './envelope'
import { type LearnedEndpoint, readLearned } from './learned'
import { MessageRouter } from './message-router'
import { type Codec, readCodec } from './codec'
import { type Dialect, readDialect } from './dialect'

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

export interface StoreOptions {
  /** File of the store; it is made if it is not there. */
  path: string
  /** Name of the queue inside the file, for several clients. Default 'default'. */
  name?: string
  /** Survive a loss of power too, not only the end of the process; each commit waits for the disk. Default false. */
  fsync?: boolean
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

export interface ClientHeartbeatOptions extends HeartbeatOptions {
  /** Heartbeat messages (`heartbeat`, answered by `heartbeat_ack`) beside pings. Default false. */
  messages?: boolean
}

/** How the endpoint of the next connection is chosen. */
export type EndpointStrategy = 'failover' | 'race' | 'round-robin' | 'least-busy' | 'latency'

/** Options of `new WebSocketClient()`. */
export interface ManagedClientOptions extends Omit<
  WebSocketOptions,
  'lookup' | 'followRedirects' | 'maxRedirects' | 'signal' | 'heartbeat'
> {
  /** Where to connect: one URL, or several of which `strategy` chooses. */
  url: string | URL | readonly (string | URL)[]
  /** Subprotocols to offer beside `hawser.v1`, or instead of it when `hawser` is false. */
  protocols?: string | readonly string[]
  /** Offer the subprotocol `hawser.v1`, with which acks and resume work. Default true. */
  hawser?: boolean
  strategy?: EndpointStrategy
  /** Where tokens come from: a function, or its options. */
  auth?: TokenFunction | AuthOptions
  /** `false`: connect once. */
  reconnect?: boolean | ReconnectOptions
  /** What `learned()` of an earlier client has said of these URLs; others are ignored. */
  learned?: readonly LearnedEndpoint[]
  heartbeat?: boolean | ClientHeartbeatOptions
  queue?: QueueOptions
  /** Send several messages as one `batch` message; see docs/client.md. Default false. */
  sendBatch?: boolean | SendBatchOptions
  /** Where the parts of a message stand, or a router that several clients share. */
  routing?: RoutingOptions | MessageRouter<never, never>
  /** How messages are written when it is not JSON. */
  codec?: Codec
  /** How to speak to a server with conventions of its own, such as `socketIo()` or `jsonRpc()`. */
  dialect?: Dialect
  /** Acks of messages: where the server agreed to `hawser.v1` (default), always, or never. */
  acks?: 'auto' | boolean
  /** Milliseconds that the reply to a request may take. Default 10000. */
  requestTimeout?: number
  /** Requests in flight at once. Default 100000. */
  maxRequests?: number
}

export interface CheckedQueue {
  maxMessages: number
  maxBytes: number
  overflow: number
  ttl: number
  ackTimeout: number
  retries: number
  store: string
  line: string
  fsync: boolean
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
export interface CheckedManagedOptions {
  targets: Target[]
  protocols: string[]
  socket: ClientOptions
  strategy: number
  auth: CheckedAuth | undefined
  reconnect: CheckedReconnect
  /** One for each target, or none at all. */
  learned: LearnedEndpoint[]
  heartbeatMessages: { interval: number; timeout: number }
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
}

export const strategies: readonly EndpointStrategy[] = [
  'failover',
  'race',
  'round-robin',
  'least-busy',
  'latency',
]
const overflows: readonly OverflowPolicy[] = ['drop-oldest', 'drop-newest', 'drop-lowest-priority', 'reject']
/** URLs that one client, or one user of a pool, may choose from. */
export const mostEndpoints = 64
const subprotocol = 'hawser.v1'

const own: readonly (keyof ManagedClientOptions)[] = [
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
]
/** Options of a socket that need the event loop for each connection, and the reason to give. */
const unfit = ['lookup', 'followRedirects', 'maxRedirects', 'signal']
/** Every option of `new WebSocketClient()`. */
export const managedOptionNames: readonly string[] = [
  ...own,
  ...clientOptionNames.filter((name) => !unfit.includes(name)),
]

/** Throws `INVALID_OPTION`, `INVALID_URL`, `INVALID_ARGUMENT`. */
export function readManagedOptions(options: unknown): CheckedManagedOptions {
  if (typeof options === 'string' || options instanceof URL || Array.isArray(options)) {
    options = { url: options as string }
  }
  const given = (options ?? {}) as Record<string, unknown>
  const refused = unfit.find((name) => given[name] !== undefined)
  if (refused !== undefined) {
    throw new HawserTypeError(
      'INVALID_OPTION',
      `WebSocketClient has no option \`${refused}\`: it connects without the event loop`,
    )
  }
  const reader = new OptionReader('WebSocketClient', options, managedOptionNames)
  const heartbeat = readHeartbeat(reader.raw('heartbeat'))
  const rest: Record<string, unknown> = {}
  for (const name of clientOptionNames) if (given[name] !== undefined) rest[name] = given[name]
  if (heartbeat.options === undefined) delete rest.heartbeat
  else rest.heartbeat = heartbeat.options
  const socket = readClientOptions(rest)
  const dialect = readDialect(reader.raw('dialect'))
  const codec = readCodec(reader.raw('codec'))
  if (dialect !== undefined) checkCompany(reader, heartbeat.messages)
  const targets = readTargets(reader.raw('url'), dialect)
  for (const target of targets) if (socket.socketPath !== '') target.unixPath = socket.socketPath
  const queue = readQueue(reader.raw('queue'))
  readMarks(reader, socket.socket, queue.maxBytes)
  const routing = reader.raw('routing')
  const router = routing instanceof MessageRouter ? (routing as MessageRouter) : undefined
  const protocols = readProtocols(reader.raw('protocols') ?? dialect?.protocols)
  if (reader.boolean('hawser', dialect === undefined) && !protocols.includes(subprotocol))
    protocols.unshift(subprotocol)
  return {
    targets,
    protocols,
    socket,
    strategy: strategies.indexOf(reader.oneOf('strategy', strategies, 'failover')),
    auth: readAuth(reader.raw('auth')),
    reconnect: readReconnect(reader.raw('reconnect')),
    learned: readLearned(
      reader.raw('learned'),
      targets.map(({ href }) => href),
    ),
    heartbeatMessages: heartbeat.messages
      ? { interval: socket.socket.heartbeatInterval, timeout: socket.socket.heartbeatTimeout }
      : { interval: 0, timeout: 0 },
    queue,
    batch: readBatch(reader.raw('sendBatch')),
    layout: router?.layout ?? readLayout(routing ?? dialect?.routing),
    router,
    codec,
    dialect,
    gated: dialect?.handshake === true,
    acks: readAcks(reader.raw('acks') ?? dialect?.acks),
    requestTimeout: reader.number('requestTimeout'),
    maxRequests: reader.number('maxRequests'),
  }
}

/** What may lie in the queue bounds what a client that was told nothing else accepts, and when it says so. */
function readMarks(reader: OptionReader, marks: CheckedSocketOptions, maxBytes: number): void {
  // Without a connection the queue's own policy decides at `maxBytes`: what is on its way there needs room too.
  if (!reader.has('maxBackpressure')) {
    marks.maxBackpressure = Math.max(defaults.maxBackpressure.value, 2 * maxBytes)
  }
  if (!reader.has('highWaterMark')) marks.highWaterMark = Math.min(marks.highWaterMark, maxBytes)
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

function readTargets(value: unknown, dialect: Dialect | undefined): Target[] {
  const list: unknown[] = Array.isArray(value) ? (value as unknown[]) : [value]
  if (list.length === 0 || list.length > mostEndpoints) {
    badOption('url', `a URL, or 1 to ${mostEndpoints} of them`, value)
  }
  return list.map((given) => {
    const target = parseTarget(given)
    if (dialect?.url === undefined) return target
    const url = new URL(given as string | URL)
    dialect.url(url)
    return parseTarget(url)
  })
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
  const store = readStore(reader.raw('store'))
  return {
    maxMessages: reader.number('maxMessages'),
    maxBytes: reader.number('maxBytes'),
    overflow: overflows.indexOf(reader.oneOf('overflow', overflows, 'drop-oldest')),
    ttl: reader.number('ttl'),
    ackTimeout: reader.number('ackTimeout'),
    retries: reader.number('retries'),
    ...store,
  }
}

function readBatch(value: unknown): CheckedManagedOptions['batch'] {
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

function readStore(value: unknown): { store: string; line: string; fsync: boolean } {
  if (value === undefined) return { store: '', line: '', fsync: false }
  const given = typeof value === 'string' ? { path: value } : value
  const reader = new OptionReader('`queue.store`', given, ['path', 'name', 'fsync'], 'queue.store.')
  const path = reader.string('path')
  if (path === '' || path.includes('\0')) badOption('queue.store.path', 'the path of a file', path)
  const line = reader.string('name', 'default')
  if (line === '' || line.length > 200) badOption('queue.store.name', 'a name of 1 to 200 characters', line)
  return { store: path, line, fsync: reader.boolean('fsync', false) }
}

function readHeartbeat(value: unknown): {
  messages: boolean
  options: boolean | HeartbeatOptions | undefined
} {
  if (value === null || typeof value !== 'object')
    return { messages: false, options: value as boolean | undefined }
  const { messages, ...options } = value as ClientHeartbeatOptions
  if (messages !== undefined && typeof messages !== 'boolean') {
    badOption('heartbeat.messages', 'true or false', messages)
  }
  return { messages: messages === true, options }
}
