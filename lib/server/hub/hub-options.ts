// Options of Hub, checked.
import type { NativeRate } from '../../../types/native'
import { OptionReader, badOption } from '../../core/validate'
import { type HubRateLimitOptions, readRateLimit } from '../rate-limit'
import type { HubAdapter } from './adapter'
import type { AuthFunction, CheckedAuth, HubAuthOptions } from './auth'
import type { HubConnection } from './hub-connection'
import type { CheckedBounds, HistoryBounds } from './transport'
import { type CheckedFallback, type FallbackOptions, readFallback } from '../fallback/fallback-options'
import type { UpgradeRequest } from '../upgrade-request'

/**
 * What a peer wants to do: 'join' a room, 'send' a message (`target` is its room, if it names one, and `type` its type),
 * 'watch' the presence of a user.
 */
export type Action = 'join' | 'send' | 'watch'
/** True: the peer may. */
export type AuthorizeFunction = (
  connection: HubConnection,
  action: Action,
  target: string | undefined,
  type: string | undefined,
) => boolean | Promise<boolean>

export interface HistoryOptions extends HistoryBounds {
  /** Which rooms keep their messages, and how many where they differ. Default: all rooms. */
  rooms?: (room: string) => boolean | HistoryBounds
}

/** Options of `new Hub()`. */
export interface HubOptions {
  /** Who peers are. Without it nobody has a user and everybody is let in. */
  auth?: AuthFunction | HubAuthOptions
  /** What peers may do. Without it everything. */
  authorize?: AuthorizeFunction
  /** Called at each upgrade; false answers 403. For tokens against cross-site requests. */
  csrf?: (request: UpgradeRequest) => boolean | Promise<boolean>
  /** Rooms keep their latest messages, for resume and for late joiners. Default false. */
  history?: boolean | HistoryOptions
  /** Users have a status that others hear of. Default false. */
  presence?: boolean | { timeout?: number }
  /** Tell members who joins and leaves: `user_joined`, `user_left`. Default true. */
  notices?: boolean
  /** Window in which copies of messages with `ack` are known. */
  dedupe?: { count?: number; age?: number }
  /** Milliseconds until a request that no handler has answered is answered with `TIMEOUT`. Default 5000. */
  handlerTimeout?: number
  /** Messages of one connection whose handlers are not done; above it its next ones wait. Default 100. */
  maxPending?: number
  /** Default 100000. */
  maxRooms?: number
  /** Default 1000. */
  maxRoomsPerConnection?: number
  /**
   * How much peers may send, heartbeats apart; true: 100 messages a minute on each connection. A batch counts as the
   * messages in it. Default: what the server's option says.
   */
  rateLimit?: boolean | HubRateLimitOptions
  /** Messages in one `batch`. Default 1000. */
  maxBatch?: number
  /**
   * Paths that a plain GET on the server's own port may ask for: `health` answers 200, `metrics` the text for Prometheus.
   * Everybody who reaches the port can read them. Default: none; a request that is no upgrade is answered 426.
   */
  http?: Partial<HttpPaths>
  /**
   * Serve peers that cannot have a WebSocket by HTTP, at the same address; true: with the defaults. Default false. With an
   * http server of Node's its program hands requests over, see `handleRequest`.
   */
  fallback?: boolean | FallbackOptions
  /** Connects hubs of several processes, see docs/scaling.md. */
  adapter?: HubAdapter
  /** Times of what nodes say to each other. */
  nodes?: Partial<NodeTimes>
  /** Hears what happens, for logs. */
  log?: (entry: LogEntry) => void
}

/** All in milliseconds. */
export interface NodeTimes {
  /** So long members wait for a broker that is away; then they get what this node has to say. Default 1000. */
  patience: number
  /** A node says so often that it lives. Default 5000. */
  interval: number
  /** A node that was not heard for so long is gone, with its users. Default 15000. */
  timeout: number
}

/** Paths such as '/metrics'; '': none. */
export interface HttpPaths {
  health: string
  metrics: string
}

/** One line for a log. */
export interface LogEntry {
  level: 'debug' | 'info' | 'warn' | 'error'
  event: 'connect' | 'disconnect' | 'auth' | 'join' | 'leave' | 'resume_failed' | 'broker' | 'error'
  connection?: string
  userId?: string
  room?: string
  code?: string
  message?: string
}

export interface CheckedHubOptions {
  auth: CheckedAuth | undefined
  authorize: AuthorizeFunction | undefined
  csrf: HubOptions['csrf']
  /** What a room keeps; undefined: nothing. */
  history: ((room: string) => CheckedBounds | undefined) | undefined
  presence: number | undefined
  notices: boolean
  dedupe: { count: number; age: number }
  handlerTimeout: number
  maxPending: number
  maxRooms: number
  maxRoomsPerConnection: number
  maxBatch: number
  rate: NativeRate | null
  http: HttpPaths
  fallback: CheckedFallback | undefined
  adapter: HubAdapter | undefined
  nodes: NodeTimes
  log: HubOptions['log']
}

/** Every option of `new Hub()`. */
export const hubOptionNames: readonly (keyof HubOptions)[] = [
  'auth',
  'authorize',
  'csrf',
  'history',
  'presence',
  'notices',
  'dedupe',
  'handlerTimeout',
  'maxPending',
  'maxRooms',
  'maxRoomsPerConnection',
  'maxBatch',
  'rateLimit',
  'http',
  'fallback',
  'adapter',
  'nodes',
  'log',
]

/** Throws INVALID_OPTION. */
export function readHubOptions(options: unknown): CheckedHubOptions {
  const reader = new OptionReader('Hub', options, hubOptionNames)
  const dedupe = new OptionReader('`dedupe`', reader.raw('dedupe'), ['count', 'age'], 'dedupe.')
  const adapter = reader.raw('adapter') as HubAdapter | undefined
  if (adapter !== undefined && typeof (adapter as { start?: unknown } | null)?.start !== 'function') {
    badOption('adapter', 'an adapter: it has `start`, `publish` and `close`', adapter)
  }
  return {
    auth: readAuth(reader.raw('auth')),
    authorize: reader.func('authorize'),
    csrf: reader.func('csrf'),
    history: readHistory(reader.raw('history')),
    presence: readPresence(reader.raw('presence')),
    notices: reader.boolean('notices', true),
    dedupe: { count: dedupe.number('count'), age: dedupe.number('age') },
    handlerTimeout: reader.number('handlerTimeout'),
    maxPending: reader.number('maxPending'),
    maxRooms: reader.number('maxRooms'),
    maxRoomsPerConnection: reader.number('maxRoomsPerConnection'),
    maxBatch: reader.number('maxBatch'),
    rate: readRateLimit(reader.raw('rateLimit'), true),
    http: readHttp(reader.raw('http')),
    fallback: readFallback(reader.raw('fallback')),
    adapter,
    nodes: readNodes(reader.raw('nodes')),
    log: reader.func('log'),
  }
}

function readAuth(given: unknown): CheckedAuth | undefined {
  if (given === undefined) return undefined
  const options = typeof given === 'function' ? { verify: given } : given
  const known = ['verify', 'required', 'at', 'query', 'deadline', 'grace']
  const reader = new OptionReader('`auth`', options, known, 'auth.')
  const verify = reader.func<AuthFunction>('verify')
  if (verify === undefined) return badOption('auth.verify', 'a function', verify)
  return {
    verify,
    required: reader.boolean('required', true),
    at: reader.oneOf('at', ['upgrade', 'message', 'either'] as const, 'either'),
    query: reader.raw('query') === false ? false : reader.string('query', 'token'),
    deadline: reader.number('deadline'),
    grace: reader.number('grace'),
  }
}

function readHistory(given: unknown): CheckedHubOptions['history'] {
  if (given === undefined || given === false) return undefined
  const options = given === true ? {} : given
  const reader = new OptionReader('`history`', options, ['count', 'bytes', 'age', 'rooms'], 'history.')
  const rooms = reader.func<NonNullable<HistoryOptions['rooms']>>('rooms')
  const bounds: CheckedBounds = {
    count: reader.number('count'),
    bytes: reader.number('bytes'),
    age: reader.number('age'),
  }
  return (room) => {
    const own = rooms === undefined ? true : rooms(room)
    return own === true ? bounds : own === false ? undefined : { ...bounds, ...own }
  }
}

function readHttp(given: unknown): HttpPaths {
  const reader = new OptionReader('`http`', given, ['health', 'metrics'], 'http.')
  const path = (name: string): string => {
    const value = reader.string(name)
    if (value !== '' && !value.startsWith('/'))
      badOption(`http.${name}`, "a path that begins with '/'", value)
    return value
  }
  return { health: path('health'), metrics: path('metrics') }
}

function readNodes(given: unknown): NodeTimes {
  const reader = new OptionReader('`nodes`', given, ['patience', 'interval', 'timeout'], 'nodes.')
  const times = {
    patience: reader.number('patience'),
    interval: reader.number('interval'),
    timeout: reader.number('timeout'),
  }
  if (times.timeout <= times.interval) {
    badOption('nodes.timeout', 'longer than `nodes.interval`, or every node is lost', times.timeout)
  }
  return times
}

function readPresence(given: unknown): number | undefined {
  if (given === undefined || given === false) return undefined
  const options = given === true ? {} : given
  return new OptionReader('`presence`', options, ['timeout'], 'presence.').number('timeout')
}
