/**
 * hawser/adapters/amqp: hubs over RabbitMQ.
 *
 * @module hawser/adapters/amqp
 */
import type { HubAdapter } from '../../server/hub/adapter'
import { HawserError } from '../../core/error'
import { badOption, OptionReader } from '../../core/validate'
import { FanOut, type FanOutBounds, type SessionEvents } from '../fan-out'
import { AmqpSession, type AmqpModule } from './session'

export interface RabbitmqOptions {
  /**
   * Where RabbitMQ is, such as `amqp://user:password@host:5672/vhost`, or several of one cluster; `amqps:` for TLS. Default
   * amqp://127.0.0.1:5672.
   */
  url?: string | string[]
  /** Exchange that connects the nodes: hubs with different ones do not hear each other. Default 'hawser'. */
  exchange?: string
  /** What `net.connect` or `tls.connect` takes, such as `ca`, `cert` and `key`, and `credentials` of the package. */
  socket?: object
  /** Texts that wait in RabbitMQ for a node that does not read; above it those who send count them as lost. Default 100000. */
  maxBacklog?: number
  /** Texts that wait while RabbitMQ is away or slow; above it the oldest are dropped and counted. Default 10000. */
  maxQueued?: number
  /** Characters of them. Default 16777216. */
  maxQueuedBytes?: number
}

const names = ['url', 'exchange', 'socket', 'maxBacklog', 'maxQueued', 'maxQueuedBytes']

interface Checked extends FanOutBounds {
  urls: string[]
  exchange: string
  socket: object
  maxBacklog: number
}

function check(options: RabbitmqOptions): Checked {
  const reader = new OptionReader('`rabbitmqAdapter`', options, names)
  const given = options.url ?? 'amqp://127.0.0.1:5672'
  const list = typeof given === 'string' ? [given] : reader.strings('url')
  if (list.length === 0 || list.some((url) => !/^amqps?:\/\//.test(url) || !URL.canParse(url))) {
    badOption('url', "one address or several, each beginning with 'amqp://'", options.url)
  }
  const { socket = {} } = options
  if (typeof socket !== 'object') badOption('socket', 'an object', socket)
  const exchange = reader.string('exchange', 'hawser')
  if (!/^[\w.:-]{1,127}$/.test(exchange)) {
    badOption('exchange', '1 to 127 letters, digits, `_`, `.`, `:` and `-`', exchange)
  }
  return {
    urls: list.map(withHeartbeat),
    exchange,
    socket,
    maxBacklog: reader.number('maxBacklog'),
    maxQueued: reader.number('maxQueued'),
    maxQueuedBytes: reader.number('maxQueuedBytes'),
  }
}

/** A server that has vanished is noticed within half a minute, unless the address says otherwise. */
function withHeartbeat(address: string): string {
  const url = new URL(address)
  if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', '10')
  return url.href
}

class RabbitmqAdapter extends FanOut<AmqpSession> {
  protected readonly broker = 'RabbitMQ'
  private amqp: AmqpModule | undefined

  constructor(private readonly options: Checked) {
    super(options)
  }

  protected async prepare(): Promise<void> {
    try {
      this.amqp = await import('amqplib')
    } catch (cause) {
      throw new HawserError(
        'INVALID_STATE',
        '`rabbitmqAdapter` needs the package `amqplib`: npm install amqplib',
        { cause },
      )
    }
  }

  protected dial(events: SessionEvents): Promise<AmqpSession> {
    const { amqp } = this
    if (amqp === undefined) throw new Error('not prepared')
    const { urls, exchange, socket, maxBacklog } = this.options
    const url = urls[this.attempts % urls.length]
    const node = this.node?.id ?? ''
    return AmqpSession.connect(
      amqp,
      { url, exchange, socket, node, maxBacklog },
      {
        ...events,
        came: (text) => {
          this.tally.received++
          this.node?.receive(text)
        },
        blocked: (reason) => {
          const message = `RabbitMQ takes nothing at present: ${reason}. What is published waits, within bounds`
          this.node?.report(new HawserError('BROKER_UNAVAILABLE', message))
        },
      },
    )
  }
}

/**
 * Hubs over RabbitMQ: rooms, users, roles, broadcasts and presence hold across nodes. Each node has a queue of its own, that
 * ends with its connection, so what is said while a node has none is lost for it; rooms that keep messages number them on
 * each node by itself, and a client that comes back to another node is told `resume_failed`. Needs the package `amqplib`.
 *
 * @example
 * import { rabbitmqAdapter } from 'hawser/adapters/amqp'
 * const hub = new Hub(server, { adapter: rabbitmqAdapter({ url: 'amqp://rabbitmq:5672' }) })
 * @throws TypeError or RangeError `INVALID_OPTION`
 */
export function rabbitmqAdapter(options: RabbitmqOptions = {}): HubAdapter {
  return new RabbitmqAdapter(check(options))
}
