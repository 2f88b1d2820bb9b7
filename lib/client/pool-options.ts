// Options of pools, checked, and what a pool shows of itself.
import type { NativePoolSettings } from '../../types/native'
import { OptionReader, badOption } from '../core/validate'
import { readAuth } from './auth'
import { type EndpointStrategy, type ManagedClientOptions, readManagedOptions } from './client-options'
import { strategies } from './strategies'

/** Options of `new WebSocketPool()`. */
export interface PoolOptions {
  /** Connections to one host and port. Default 5. */
  maxPerHost?: number
  /** Connections to one URL. Default 1: all users share it. */
  connectionsPerEndpoint?: number
  /** Requests on one connection at once; 0: no limit. Default 100. */
  maxInFlight?: number
  /** Users that wait for a connection. Default 1000. */
  maxWaiters?: number
  /** Milliseconds that a connection without users is kept. Default 60000. */
  idleTime?: number
  /** Milliseconds that a user waits for a connection; 0: no limit. Default 30000. */
  acquireTimeout?: number
  /** Which of several URLs a connection goes to. Default 'failover'. */
  strategy?: EndpointStrategy
  /** Options of the connections. */
  client?: Omit<ManagedClientOptions, 'url' | 'strategy'>
}

/** Options of `getConnection()`. */
export interface AcquireOptions {
  /** Milliseconds; default `acquireTimeout`. */
  timeout?: number
  signal?: AbortSignal
}

/** One connection of a pool, as `getActiveConnections()` shows it. */
export interface PoolConnectionInfo {
  url: string
  host: string
  state: 'opening' | 'open' | 'lost' | 'closing'
  users: number
  waiters: number
  activeRequests: number
  waitingRequests: number
  /** 0–100, see `getPerformanceMetrics()`. */
  health: number
  /** Milliseconds, the median of the answers to pings; 0: not known. */
  latency: number
}

/** All connections of a pool together. */
export interface PoolMetrics {
  total: number
  active: number
  users: number
  waiters: number
  opened: number
  failed: number
  evicted: number
  granted: number
  refused: number
}

/** Every option of `new WebSocketPool()`. */
export const poolOptionNames = [
  'maxPerHost',
  'connectionsPerEndpoint',
  'maxInFlight',
  'maxWaiters',
  'idleTime',
  'acquireTimeout',
  'strategy',
  'client',
]

export interface CheckedPoolOptions {
  settings: NativePoolSettings
  acquireTimeout: number
  strategy: number
  /** Of every connection. */
  client: object
}

/** Throws INVALID_OPTION. */
export function readPoolOptions(options: unknown): CheckedPoolOptions {
  const reader = new OptionReader('WebSocketPool', options, poolOptionNames)
  const client = reader.raw('client') ?? {}
  if (typeof client !== 'object' || Array.isArray(client)) {
    return badOption('client', 'an object with options of the connections', client)
  }
  // One source of tokens for all: a refresh is made once.
  const auth = readAuth((client as { auth?: unknown }).auth)
  const shared = auth === undefined ? {} : { auth: { token: auth.source, as: auth.as, name: auth.name } }
  // What is wrong with them is said now, not with the first connection.
  readManagedOptions({ ...client, ...shared, url: 'ws://localhost' })
  const maxWaiters = reader.number('maxWaiters')
  const settings: NativePoolSettings = {
    maxPerHost: reader.number('maxPerHost'),
    perEndpoint: reader.number('connectionsPerEndpoint'),
    maxInFlight: reader.number('maxInFlight'),
    maxWaiters,
    maxWaitingRequests: maxWaiters,
    idleTime: reader.number('idleTime'),
  }
  return {
    settings,
    acquireTimeout: reader.number('acquireTimeout'),
    strategy: strategies.indexOf(reader.oneOf('strategy', strategies, 'failover')),
    client: { ...client, ...shared },
  }
}
