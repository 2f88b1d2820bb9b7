// Hubs over Redis: Pub/Sub between nodes, and for `redisStreams` a log of each room in a stream.
import type { AdapterMetrics, HubAdapter, HubNode, RoomLog } from '../../server/hub/adapter'
import { HawserError } from '../../core/error'
import { Outbox } from '../outbox'
import { Tally } from '../tally'
import { RedisConnection } from './connection'
import { type CheckedRedisOptions, type RedisOptions, readRedisOptions } from './options'
import { RedisLog } from './log'

/** Texts that Redis has not answered yet; further ones wait in the outbox. */
const mostInFlight = 1000
/** Milliseconds that `close` waits for what is on its way. */
const patience = 1000

class RedisAdapter implements HubAdapter {
  readonly log: RoomLog | undefined
  private node: HubNode | undefined
  private readonly connection: RedisConnection
  private readonly tally = new Tally()
  private readonly outbox: Outbox
  private readonly prefix: string
  private inFlight = 0
  private ended = false
  private idle: (() => void) | undefined

  constructor(options: CheckedRedisOptions, log: boolean) {
    this.outbox = new Outbox(options.maxQueued, options.maxQueuedBytes)
    this.prefix = `${options.prefix}:c:`
    this.connection = new RedisConnection(options, {
      connected: () => {
        this.tally.found()
        this.pump()
        this.node?.connected()
      },
      disconnected: (error) => {
        this.tally.connected = false
        this.node?.disconnected(error)
      },
      report: (error) => this.node?.report(error),
    })
    if (log) this.log = new RedisLog(this.connection, this.tally, options.prefix, () => this.node)
  }

  async start(node: HubNode): Promise<void> {
    if (this.node !== undefined || this.ended) {
      throw new HawserError('INVALID_STATE', 'An adapter serves one hub, once. Make another for each hub')
    }
    this.node = node
    await this.connection.start()
  }

  subscribe(channel: string): Promise<void> {
    return this.connection.subscribe(this.prefix + channel, (text) => {
      this.tally.received++
      this.node?.receive(text)
    })
  }
  unsubscribe(channel: string): void {
    this.connection.unsubscribe(this.prefix + channel)
  }

  publish(channel: string, text: string): void {
    if (this.ended) {
      this.tally.lost++
      return
    }
    this.tally.lost += this.outbox.push({ channel, text })
    this.pump()
  }

  private pump(): void {
    while (this.inFlight < mostInFlight && this.connection.connected) {
      const one = this.outbox.shift()
      if (one === undefined) return
      this.inFlight++
      void this.send(one.channel, one.text)
    }
  }

  private async send(channel: string, text: string): Promise<void> {
    const since = performance.now()
    try {
      await this.connection.command(['PUBLISH', this.prefix + channel, text])
      this.tally.took(1, since)
    } catch (error) {
      this.tally.lost++
      if ((error as HawserError).code !== 'BROKER_UNAVAILABLE') this.node?.report(error as HawserError)
    }
    this.inFlight--
    this.pump()
    if (this.inFlight === 0) this.idle?.()
  }

  metrics(): AdapterMetrics {
    return this.tally.snapshot(this.outbox.size + this.inFlight)
  }

  async close(): Promise<void> {
    if (this.ended) return
    this.ended = true
    if (this.inFlight > 0 && this.connection.connected) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        this.idle = resolve
        timer = setTimeout(resolve, patience)
      })
      clearTimeout(timer)
    }
    this.tally.connected = false
    this.tally.lost += this.outbox.clear()
    this.connection.close()
  }
}

/**
 * Hubs over Redis Pub/Sub: rooms, users, roles, broadcasts and presence hold across nodes. Rooms that keep messages number
 * them on each node by itself, so a client that comes back to another node is told `resume_failed`; see `redisStreams`.
 * Needs the package `redis`.
 *
 * @example
 * import { redisAdapter } from 'hawser/adapters/redis'
 * const hub = new Hub(server, { adapter: redisAdapter({ url: 'redis://redis:6379' }) })
 * @throws TypeError or RangeError `INVALID_OPTION`
 */
export function redisAdapter(options: RedisOptions = {}): HubAdapter {
  return new RedisAdapter(readRedisOptions('redisAdapter', options), false)
}

/**
 * The same, and the messages of rooms that keep them go through Redis Streams: one order on all nodes, and a client resumes
 * at any of them, also when the one it was at is gone. Needs Redis 6.2 or newer.
 *
 * @throws TypeError or RangeError `INVALID_OPTION`
 */
export function redisStreams(options: RedisOptions = {}): HubAdapter {
  return new RedisAdapter(readRedisOptions('redisStreams', options), true)
}
