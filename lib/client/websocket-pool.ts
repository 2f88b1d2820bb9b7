// The connection pool: users share managed clients, by the decisions of src/core/pool, which this file performs.
import type { NativePool } from '../../types/native'
import { parseTarget } from '../core/client-url'
import { HawserError } from '../core/error'
import { OptionReader, badArgument, badOption } from '../core/validate'
import { binding } from '../native/binding'
import { aborted } from './endings'
import { checkTime } from './pending'
import {
  type AcquireOptions,
  type CheckedPoolOptions,
  type PoolConnectionInfo,
  type PoolMetrics,
  type PoolOptions,
  readPoolOptions,
} from './pool-options'
import { PoolTargets } from './pool-targets'
import { PooledConnection } from './pooled-connection'
import type { AnyProtocol, ProtocolMap } from './protocol-map'
import { WebSocketClient } from './websocket-client'

/** The kinds of an action, in the order of the core. */
const Do = { open: 0, close: 1, grant: 2, refuse: 3, revoke: 4, grantRequest: 5, refuseRequest: 6 } as const
const Report = { opened: 0, lost: 1, healed: 2, failed: 3, closed: 4 } as const
const refusals = ['timeout', 'removed', 'closed', 'full', 'failed', 'unknown'] as const

interface Connection<P extends ProtocolMap> {
  id: number
  url: string
  client: WebSocketClient<P>
  since: number
  opened: boolean
  users: Set<number>
}
interface Waiter<P extends ProtocolMap> {
  resolve(connection: PooledConnection<P>): void
  reject(error: HawserError): void
  release(): void
}
interface RequestWaiter {
  resolve(): void
  reject(error: HawserError): void
}

/**
 * Connections that many users share: one to each URL unless told otherwise, opened when the first user comes, closed when
 * nobody has used it for a while.
 *
 * @example
 * const pool = new WebSocketPool()
 * await using connection = await pool.getConnection('wss://feed.example')
 * connection.on('tick', (tick) => console.log(tick.payload))
 */
export class WebSocketPool<P extends ProtocolMap = AnyProtocol> {
  private readonly core: NativePool
  private readonly options: CheckedPoolOptions
  private readonly targets: PoolTargets
  private readonly connections = new Map<number, Connection<P>>()
  private readonly waiters = new Map<number, Waiter<P>>()
  private readonly holders = new Map<number, PooledConnection<P>>()
  private readonly requests = new Map<number, RequestWaiter>()
  private readonly closing = new Set<Promise<void>>()
  private lastFailure: HawserError | undefined
  private timer: NodeJS.Timeout | undefined
  private timerAt = 0
  private ended = false

  /** @throws TypeError `INVALID_OPTION`; HawserError `NATIVE_UNAVAILABLE` */
  constructor(options?: PoolOptions) {
    this.options = readPoolOptions(options)
    this.core = binding().createPool(this.options.settings)
    this.targets = new PoolTargets(this.core, this.options.strategy)
  }

  /**
   * A share of a connection to the URL, or to the best of several. Waits, first come first served, while the host has
   * as many connections as it may.
   * @throws (rejects) `INVALID_URL`, `TIMEOUT`, `QUEUE_FULL`, `ABORTED`, `CONNECTION_FAILED`, `POOL_CLOSED`
   */
  getConnection(
    url: string | URL | readonly (string | URL)[],
    options?: AcquireOptions,
  ): Promise<PooledConnection<P>> {
    return new Promise((resolve, reject) => {
      if (this.ended) throw new HawserError('POOL_CLOSED')
      const reader = new OptionReader('`getConnection`', options, ['timeout', 'signal'])
      const timeout = checkTime('timeout', reader.raw('timeout'), this.options.acquireTimeout)
      const signal = reader.raw('signal')
      if (signal !== undefined && !(signal instanceof AbortSignal)) {
        badOption('signal', 'an AbortSignal', signal)
      }
      if (signal?.aborted === true) throw aborted('The wait for a connection', signal)
      const now = clock()
      const target = this.targets.find(url)
      const answer = this.core.acquire(now, target.id, timeout === 0 ? 0 : now + timeout)
      const user = answer[0]
      const abort = (): void => {
        if (signal !== undefined) this.leave(user)?.reject(aborted('The wait for a connection', signal))
        this.perform(this.core.cancel(clock(), user))
      }
      signal?.addEventListener('abort', abort)
      const release = (): void => signal?.removeEventListener('abort', abort)
      this.waiters.set(user, { resolve, reject, release })
      this.targets.enter(user, target)
      this.perform(answer)
      this.targets.trim(now)
    })
  }

  /** Closes the connections to a URL, whoever uses them. False: there is none. */
  removeConnection(url: string | URL): boolean {
    const { href } = parseTarget(url)
    let any = false
    for (const connection of [...this.connections.values()]) {
      if (connection.url !== href) continue
      const answer = this.core.removeConnection(clock(), connection.id)
      any = answer[0] !== 0 || any
      this.perform(answer)
    }
    return any
  }

  /**
   * Sets how many connections each host may have, or one host ('example.com:443'). Lowering it ends no connection that is
   * in use.
   * @throws TypeError `INVALID_ARGUMENT`
   */
  setConnectionLimit(limit: number, host = ''): void {
    if (!Number.isInteger(limit) || limit < 1 || limit > 100_000) {
      badArgument('limit', 'a whole number from 1 to 100000', limit)
    }
    this.perform(this.core.setLimit(clock(), host, limit))
  }

  getActiveConnections(): PoolConnectionInfo[] {
    return this.core.snapshot().connections.map(({ id, key, ...rest }) => {
      const metrics = this.connections.get(id)?.client.getPerformanceMetrics()
      return { url: key, ...rest, health: metrics?.health ?? 0, latency: metrics?.latencyP50 ?? 0 }
    })
  }

  getMetrics(): PoolMetrics {
    const { connections, holders, ...rest } = this.core.snapshot()
    const active = connections.filter(({ state }) => state === 'open').length
    return { total: connections.length, active, users: holders, ...rest }
  }

  /** Closes the connections that nobody uses. */
  cleanup(): void {
    this.perform(this.core.cleanup(clock()))
  }

  /** Ends the pool: waiters are refused, connections closed. */
  async close(): Promise<void> {
    if (!this.ended) {
      this.ended = true
      this.perform(this.core.close(clock()))
      clearTimeout(this.timer)
    }
    while (this.closing.size > 0) await Promise.all(this.closing)
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  // ------------------------------------------------------------------------------------------------------- actions

  private perform(answer: Float64Array): void {
    for (let at = 1; at < answer.length; at += 6) {
      const [kind, connection, , user, request, why] = answer.subarray(at, at + 6)
      switch (kind) {
        case Do.open:
          this.open(connection)
          break
        case Do.close:
          this.end(connection)
          break
        case Do.grant:
          this.grant(user, connection)
          break
        case Do.refuse:
          this.leave(user)?.reject(this.refusal(why))
          break
        case Do.revoke: {
          const holder = this.holders.get(user)
          this.forget(user, connection)
          holder?._revoke(this.refusal(why))
          break
        }
        case Do.grantRequest:
          this.requests.get(request)?.resolve()
          this.requests.delete(request)
          break
        case Do.refuseRequest:
          this.requests.get(request)?.reject(this.refusal(why))
          this.requests.delete(request)
          break
      }
    }
    this.arm()
  }

  private refusal(why: number): HawserError {
    switch (refusals[why]) {
      case 'timeout':
        return new HawserError(
          'TIMEOUT',
          'No connection became free in time. Raise `maxPerHost` or `acquireTimeout`',
        )
      case 'closed':
        return new HawserError('POOL_CLOSED')
      case 'full':
        return new HawserError('QUEUE_FULL', 'Too many wait for a connection already: `maxWaiters`')
      case 'failed': {
        const cause = this.lastFailure
        const said = cause === undefined ? '' : `: ${cause.message}`
        return new HawserError('CONNECTION_FAILED', `No connection could be made${said}`, { cause })
      }
      case 'removed':
      case 'unknown':
        return new HawserError('ABORTED', 'The connection was removed from the pool, or given back')
    }
  }

  private open(id: number): void {
    const key = this.core.snapshot().connections.find((one) => one.id === id)?.key
    if (key === undefined) return
    let client: WebSocketClient<P>
    try {
      client = new WebSocketClient<P>({ ...this.options.client, url: key })
    } catch (error) {
      // In a turn of its own: the core is not called back while its actions are performed.
      this.lastFailure = error as HawserError
      queueMicrotask(() => this.perform(this.core.report(clock(), id, Report.failed, 0)))
      return
    }
    const connection: Connection<P> = {
      id,
      url: key,
      client,
      since: clock(),
      opened: false,
      users: new Set(),
    }
    this.connections.set(id, connection)
    client.onStateChange((state, { error }) => {
      const latency = clock() - connection.since
      if (state === 'connected') {
        this.tell(id, connection.opened ? Report.healed : Report.opened, latency)
        connection.opened = true
      } else if (state === 'reconnecting') {
        connection.since = clock()
        if (connection.opened) this.tell(id, Report.lost)
      } else if (state === 'failed') {
        this.lastFailure = error
        this.tell(id, Report.failed)
        this.let(connection)
      } else if (state === 'disconnected') {
        this.lastFailure = new HawserError('CONNECTION_CLOSED')
        this.tell(id, Report.closed)
        this.let(connection)
      }
    })
    // Its failures are reported as states.
    client.connect().catch(() => undefined)
  }

  private tell(id: number, what: number, latency = 0): void {
    this.perform(this.core.report(clock(), id, what, latency))
  }

  /** The client is of no use any more. */
  private let(connection: Connection<P>): void {
    if (!this.connections.delete(connection.id)) return
    this.track(connection.client.close())
  }

  private end(id: number): void {
    const connection = this.connections.get(id)
    if (connection === undefined) return
    this.connections.delete(id)
    this.track(
      connection.client.close().then(() => {
        this.tell(id, Report.closed)
      }),
    )
  }

  private track(promise: Promise<void>): void {
    const tracked = promise.finally(() => this.closing.delete(tracked))
    this.closing.add(tracked)
  }

  /** A user waits no longer. */
  private leave(user: number): Waiter<P> | undefined {
    const waiter = this.waiters.get(user)
    this.waiters.delete(user)
    this.targets.leave(user)
    waiter?.release()
    return waiter
  }

  private grant(user: number, id: number): void {
    const waiter = this.leave(user)
    const connection = this.connections.get(id)
    if (waiter === undefined || connection === undefined) {
      // Nobody waits any more.
      queueMicrotask(() => this.perform(this.core.release(clock(), user)))
      return
    }
    connection.users.add(user)
    connection.client.ref()
    const pooled = new PooledConnection<P>(connection.client, {
      release: () => {
        this.forget(user, id)
        this.perform(this.core.release(clock(), user))
      },
      request: (timeout, run) => this.request(user, timeout, run),
    })
    this.holders.set(user, pooled)
    waiter.resolve(pooled)
  }

  private forget(user: number, id: number): void {
    this.holders.delete(user)
    const connection = this.connections.get(id)
    if (connection === undefined) return
    connection.users.delete(user)
    // A connection that nobody uses does not keep the process.
    if (connection.users.size === 0) connection.client.unref()
  }

  private async request<T>(user: number, timeout: number, run: () => Promise<T>): Promise<T> {
    const answer = this.core.beginRequest(user, clock() + timeout)
    const request = answer[0]
    const granted = new Promise<void>((resolve, reject) => this.requests.set(request, { resolve, reject }))
    this.perform(answer)
    await granted
    try {
      return await run()
    } finally {
      this.perform(this.core.endRequest(clock(), request))
    }
  }

  // -------------------------------------------------------------------------------------------------------- timer

  private arm(): void {
    const next = this.ended ? 0 : this.core.nextDeadline()
    if (next === this.timerAt) {
      this.keepAlive()
      return
    }
    this.timerAt = next
    clearTimeout(this.timer)
    this.timer = undefined
    if (next === 0) return
    this.timer = setTimeout(
      () => {
        this.timerAt = 0
        this.perform(this.core.timer(clock()))
      },
      Math.max(1, Math.min(next - clock() + 1, 0x7fffffff)),
    )
    this.keepAlive()
  }

  /** Users that wait for a place keep the process; connections without users do not. */
  private keepAlive(): void {
    if (this.waiters.size === 0) this.timer?.unref()
    else this.timer?.ref()
  }
}

/** Milliseconds of a clock that never goes back; never 0, which stands for "none". */
function clock(): number {
  return Math.floor(performance.now()) + 1
}
