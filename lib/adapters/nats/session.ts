// One connection to NATS. The client's own reconnecting is off: it forgets what was published while it is away, and does
// not say what the server had before.
import type { Msg, NatsConnection, NodeConnectionOptions, Subscription } from '@nats-io/transport-node'
import type { Session, SessionEvents } from '../fan-out'

export type NatsModule = typeof import('@nats-io/transport-node')

/** What came for a subject. */
export type Incoming = Msg

export interface NatsEvents extends SessionEvents {
  /** A message for a name that is subscribed. */
  came(name: string, message: Incoming): void
  /** The server refuses something, or the program failed. */
  failed(error: unknown): void
}

export class NatsSession implements Session {
  /** Rejects with the end of the connection. */
  readonly over: Promise<never>
  private readonly subscriptions = new Map<string, { subscription: Subscription; inForce: Promise<void> }>()
  /** Published, and the server has not been asked yet whether it has them. */
  private fresh = { texts: 0, characters: 0 }
  private asking = false
  private live = true

  private constructor(
    readonly connection: NatsConnection,
    /** A subject that nobody else has. */
    readonly inbox: () => string,
    private readonly subject: (name: string) => string,
    private readonly events: NatsEvents,
  ) {
    this.over = connection.closed().then((cause) => {
      this.live = false
      const reason = cause instanceof Error ? cause : new Error('The connection to NATS ended')
      events.ended(reason)
      throw reason
    })
    this.over.catch(() => undefined)
  }

  /** @param subject the subject of a name that is subscribed or published to */
  static async connect(
    nats: NatsModule,
    options: NodeConnectionOptions,
    subject: (name: string) => string,
    events: NatsEvents,
  ): Promise<NatsSession> {
    const connection = await nats.connect({ ...options, reconnect: false, noEcho: true })
    const inbox = (): string => nats.createInbox(options.inboxPrefix)
    return new NatsSession(connection, inbox, subject, events)
  }

  /** Settles as `work` does, or when the connection ends. */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.over])
  }

  async subscribe(names: readonly string[]): Promise<void> {
    const waits: Promise<void>[] = []
    for (const name of names) {
      let known = this.subscriptions.get(name)
      if (known === undefined) {
        const callback = (error: Error | null, message: Msg): void => this.take(name, error, message)
        const subscription = this.connection.subscribe(this.subject(name), { callback })
        const inForce = this.race(this.connection.flush())
        inForce.catch(() => undefined)
        known = { subscription, inForce }
        this.subscriptions.set(name, known)
      }
      waits.push(known.inForce)
    }
    await Promise.all(waits)
  }

  /** What it throws would end the reading of the connection. */
  private take(name: string, error: Error | null, message: Msg): void {
    try {
      if (error === null) this.events.came(name, message)
      else this.events.failed(error)
    } catch (problem) {
      this.events.failed(problem)
    }
  }

  unsubscribe(name: string): void {
    this.subscriptions.get(name)?.subscription.unsubscribe()
    this.subscriptions.delete(name)
  }

  publish(name: string, text: string): void {
    this.connection.publish(this.subject(name), text)
    this.fresh.texts++
    this.fresh.characters += text.length
    if (!this.asking) void this.ask()
  }

  /** The server answers a ping when it has taken all that came before. */
  private async ask(): Promise<void> {
    this.asking = true
    try {
      // All of this turn shares one.
      await Promise.resolve()
      while (this.fresh.texts > 0) {
        const { texts, characters } = this.fresh
        const since = performance.now()
        this.fresh = { texts: 0, characters: 0 }
        await this.race(this.connection.flush())
        this.events.settled(texts, characters, since, true)
      }
    } catch {
      // It is over, and `ended` has said so.
    } finally {
      this.asking = false
    }
  }

  async close(): Promise<void> {
    if (!this.live) return
    await this.connection.close()
  }
}
