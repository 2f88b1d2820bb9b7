// The two connections of an adapter, since one that has subscribed should not wait behind commands: `commands` and
// `subscriber`. The client library connects again by itself; what is subscribed is kept here, since it may be wanted while
// there is no connection.
import { HawserError } from '../../core/error'
import type { CheckedRedisOptions, RedisClient } from './options'

export interface ConnectionEvents {
  /** Both connections are there, and all that is wanted is subscribed. */
  connected(): void
  disconnected(error: HawserError): void
  report(error: Error): void
}
type Listener = (message: string, channel: string) => void

interface Subscription {
  readonly listener: Listener
  /** Redis has said so on the connection there is now. */
  inForce: boolean
  waiting: (() => void)[]
}

const longestDelay = 1000
/** Milliseconds: a connection that answers no PING for so long is given up. */
const pingInterval = 5000
const socketTimeout = 15_000
/** Channels that are subscribed at once when Redis is back. */
const atOnce = 500

async function load(): Promise<(options: object) => RedisClient> {
  try {
    const { createClient } = await import('redis')
    return createClient as unknown as (options: object) => RedisClient
  } catch (cause) {
    throw new HawserError('INVALID_STATE', 'This adapter needs the package `redis`: install it', { cause })
  }
}

export class RedisConnection {
  private commands: RedisClient | undefined
  private subscriber: RedisClient | undefined
  private readonly wanted = new Map<string, Subscription>()
  /** Unsubscribed while there was no connection: the client library does not know yet. */
  private stale: [string, Listener][] = []
  private ended = false
  private told = false
  private settling = false
  /** Different for each life of the server. */
  life = ''

  constructor(
    private readonly options: CheckedRedisOptions,
    private readonly events: ConnectionEvents,
  ) {}

  get connected(): boolean {
    return this.told
  }

  /** Throws INVALID_STATE when the package is missing; not when Redis is. */
  async start(): Promise<void> {
    const { url, client } = this.options
    const delay = (retries: number): number => Math.min(20 * 2 ** retries, longestDelay)
    const socket = { ...client?.options?.socket, reconnectStrategy: delay, socketTimeout }
    const more = { socket, pingInterval, disableOfflineQueue: true }
    const copy = client === undefined ? undefined : (): RedisClient => client.duplicate(more)
    const make = copy ?? (await this.maker({ url, ...more }))
    if (this.ended) return
    this.commands = this.open(make())
    this.subscriber = this.open(make())
  }

  private async maker(options: object): Promise<() => RedisClient> {
    const createClient = await load()
    return () => createClient(options)
  }

  private open(client: RedisClient): RedisClient {
    let reason: Error | undefined
    const lost = (): void => {
      if (client === this.subscriber) for (const one of this.wanted.values()) one.inForce = false
      this.lost(reason)
    }
    client.on('error', (error: Error) => {
      reason = error
      if (!client.isReady) lost()
    })
    client.on('reconnecting', lost)
    client.on('ready', () => void this.ready())
    // Its end is told by events.
    client.connect().catch(() => undefined)
    return client
  }

  private async ready(): Promise<void> {
    const { commands, subscriber } = this
    if (this.settling || commands?.isReady !== true || subscriber?.isReady !== true) return
    this.settling = true
    try {
      const info = String(await commands.sendCommand(['INFO', 'server']).catch(() => ''))
      this.life = /run_id:(\w+)/.exec(info)?.[1] ?? ''
      await this.subscribeAll()
    } catch {
      // Lost again: `ready` comes again.
      return
    } finally {
      this.settling = false
    }
    this.tell()
  }

  private tell(): void {
    if (this.ended || this.told) return
    // One may have been lost, and found, meanwhile.
    if (this.commands?.isReady !== true || this.subscriber?.isReady !== true) {
      void this.ready()
      return
    }
    this.told = true
    this.events.connected()
  }

  private lost(cause: Error | undefined): void {
    if (this.ended || !this.told) return
    this.told = false
    this.events.disconnected(new HawserError('BROKER_UNAVAILABLE', undefined, { cause }))
  }

  // ---------------------------------------------------------------------------------------------------- subscriptions

  private async subscribeAll(): Promise<void> {
    const { subscriber } = this
    if (subscriber === undefined) return
    await Promise.all(this.stale.splice(0).map((one) => subscriber.unsubscribe(...one)))
    for (;;) {
      const missing = [...this.wanted].filter(([, { inForce }]) => !inForce).slice(0, atOnce)
      if (missing.length === 0) return
      await Promise.all(missing.map(([channel, one]) => this.force(channel, one)))
    }
  }

  private async force(channel: string, one: Subscription): Promise<void> {
    await this.subscriber?.subscribe(channel, one.listener)
    if (this.wanted.get(channel) !== one) return
    one.inForce = true
    for (const resolve of one.waiting.splice(0)) resolve()
  }

  /** Resolves once it is in force, or all has ended. */
  subscribe(channel: string, listener: Listener): Promise<void> {
    if (this.ended) return Promise.resolve()
    let one = this.wanted.get(channel)
    if (one?.inForce === true) return Promise.resolve()
    if (one === undefined) {
      const fresh: Subscription = {
        // What was unsubscribed may still come.
        listener: (message, name) => {
          if (this.wanted.get(channel) === fresh) listener(message, name)
        },
        ...{ inForce: false, waiting: [] },
      }
      this.wanted.set(channel, (one = fresh))
      // Where that fails the connection is lost, and all is subscribed again when it is back.
      if (this.subscriber?.isReady === true) void this.force(channel, one).catch(() => undefined)
    }
    const { waiting } = one
    return new Promise((resolve) => waiting.push(resolve))
  }

  unsubscribe(channel: string): void {
    const one = this.wanted.get(channel)
    if (one === undefined) return
    this.wanted.delete(channel)
    for (const resolve of one.waiting) resolve()
    if (this.subscriber?.isReady !== true) this.stale.push([channel, one.listener])
    else void this.subscriber.unsubscribe(channel, one.listener).catch(() => undefined)
  }

  // --------------------------------------------------------------------------------------------------------- commands

  /** Rejects with BROKER_UNAVAILABLE when there is no connection, or it was lost on the way; BROKER_REFUSED else. */
  async command(args: string[]): Promise<unknown> {
    const { commands } = this
    if (commands === undefined || !this.told) throw new HawserError('BROKER_UNAVAILABLE')
    try {
      return await commands.sendCommand(args)
    } catch (cause) {
      throw failure(cause)
    }
  }

  close(): void {
    this.ended = true
    this.told = false
    for (const { waiting } of this.wanted.values()) for (const resolve of waiting) resolve()
    this.wanted.clear()
    for (const client of [this.commands, this.subscriber]) {
      try {
        client?.destroy()
      } catch {
        // It was not open.
      }
    }
  }
}

/** Redis itself has answered: its errors begin with a word in capitals. */
function failure(cause: unknown): HawserError {
  const message = cause instanceof Error ? cause.message : String(cause)
  const answered =
    /^[A-Z]{2,} /.test(message) && !/^(LOADING|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|BUSY|READONLY) /.test(message)
  return answered
    ? new HawserError('BROKER_REFUSED', `Redis did not take a message: ${message}`, { cause })
    : new HawserError('BROKER_UNAVAILABLE', undefined, { cause })
}
