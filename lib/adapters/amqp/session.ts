// One connection to RabbitMQ: a queue of this node, bound to an exchange by the names that are subscribed.
import { createHash } from 'node:crypto'
import type { ChannelModel, Channel, ConfirmChannel } from 'amqplib'
import type { Session, SessionEvents } from '../fan-out'

export type AmqpModule = typeof import('amqplib')

export interface AmqpEvents extends SessionEvents {
  /** A text of another node. */
  came(text: string): void
  /** The broker takes nothing for a while, and why. */
  blocked(reason: string): void
}

export interface AmqpSettings {
  url: string
  socket: object
  exchange: string
  /** Of this node: tells its own texts from those of others. */
  node: string
  maxBacklog: number
}

const farewell = 1000
/** What a routing key takes, in bytes. */
const longestKey = 255

/** The routing key of a channel. */
export function routingKey(channel: string): string {
  if (Buffer.byteLength(channel) <= longestKey && channel[0] !== '~') return channel
  return `~${createHash('sha256').update(channel).digest('base64url')}`
}

export class AmqpSession implements Session {
  private readonly bound = new Map<string, Promise<void>>()
  private readonly over: Promise<never>
  private fail: (cause: Error) => void = () => undefined
  private live = true

  private constructor(
    private readonly model: ChannelModel,
    private readonly settings: AmqpSettings,
    private readonly events: AmqpEvents,
  ) {
    this.over = new Promise<never>((_resolve, reject) => (this.fail = reject))
    this.over.catch(() => undefined)
    let cause: Error | undefined
    model.on('error', (error) => (cause = error))
    model.on('close', (error) => this.end(cause ?? error ?? new Error('The connection to RabbitMQ ended')))
    model.on('blocked', (reason) => events.blocked(reason))
  }

  private publisher!: ConfirmChannel
  private consumer!: Channel
  private queue = ''

  static async connect(amqp: AmqpModule, settings: AmqpSettings, events: AmqpEvents): Promise<AmqpSession> {
    const { url, socket, node } = settings
    const clientProperties = { connection_name: `hawser ${node}` }
    const model = await amqp.connect(url, { noDelay: true, timeout: 5000, clientProperties, ...socket })
    const session = new AmqpSession(model, settings, events)
    try {
      await session.race(session.open())
    } catch (error) {
      await session.close()
      throw error
    }
    return session
  }

  private async open(): Promise<void> {
    const { exchange, maxBacklog } = this.settings
    const [publisher, consumer] = await Promise.all([
      this.model.createConfirmChannel(),
      this.model.createChannel(),
    ])
    this.publisher = publisher
    this.consumer = consumer
    // The broker closes a channel for what it does not allow; there is no going on with half of a connection.
    for (const channel of [publisher, consumer]) {
      channel.on('error', (error) => this.drop(error))
      channel.on('close', () => this.drop(new Error('RabbitMQ has closed a channel')))
    }
    await publisher.assertExchange(exchange, 'direct', { durable: false })
    // A node that does not read makes the broker refuse what others send, which they count, instead of filling its memory.
    const limits = { 'x-max-length': maxBacklog, 'x-overflow': 'reject-publish' }
    const { queue } = await consumer.assertQueue('', { exclusive: true, autoDelete: true, arguments: limits })
    this.queue = queue
    await consumer.consume(
      queue,
      (message) => {
        if (message === null) this.drop(new Error('RabbitMQ has deleted the queue of this node'))
        else if (message.properties.appId !== this.settings.node) this.events.came(message.content.toString())
      },
      { noAck: true },
    )
  }

  private race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.over])
  }

  private end(cause: Error): void {
    if (!this.live) return
    this.live = false
    this.fail(cause)
    this.events.ended(cause)
  }
  private drop(cause: Error): void {
    if (!this.live) return
    this.end(cause)
    void this.hangUp()
  }

  async subscribe(names: readonly string[]): Promise<void> {
    const waits: Promise<void>[] = []
    for (const name of names) {
      let known = this.bound.get(name)
      if (known === undefined) {
        const bound = this.consumer.bindQueue(this.queue, this.settings.exchange, routingKey(name))
        known = this.race(bound).then(() => undefined)
        known.catch(() => undefined)
        this.bound.set(name, known)
      }
      waits.push(known)
    }
    await Promise.all(waits)
  }

  unsubscribe(name: string): void {
    if (!this.bound.delete(name) || !this.live) return
    this.consumer
      .unbindQueue(this.queue, this.settings.exchange, routingKey(name))
      .catch((error: unknown) => this.drop(error as Error))
  }

  publish(name: string, text: string): void {
    const { exchange, node } = this.settings
    const since = performance.now()
    const settled = (error: unknown): void => this.events.settled(1, text.length, since, error === null)
    if (!this.live) settled(this)
    else this.publisher.publish(exchange, routingKey(name), Buffer.from(text), { appId: node }, settled)
  }

  async close(): Promise<void> {
    if (!this.live) return
    this.end(new Error('closed'))
    await this.hangUp()
  }

  /** Says goodbye; who does not answer is left without, by an error, for an end alone would leave timers of amqplib's. */
  private async hangUp(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, farewell, 'late')))
    const outcome = await Promise.race([this.model.close().catch(() => undefined), late])
    clearTimeout(timer)
    if (outcome !== 'late') return
    const { stream } = this.model.connection as { stream?: { destroy?: (error: Error) => void } }
    stream?.destroy?.(new Error('RabbitMQ does not answer'))
  }
}
