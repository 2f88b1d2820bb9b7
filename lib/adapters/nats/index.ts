/**
 * Adapters that connect hubs over NATS: `import { natsAdapter, natsJetStream } from 'hawser/adapters/nats'`.
 *
 * @module hawser/adapters/nats
 */
import type { NodeConnectionOptions } from '@nats-io/transport-node'
import { badOption, OptionReader } from '../../core/validate'
import type { HubAdapter, RoomLog } from '../../server/hub/adapter'
import { FanOut, type FanOutBounds, type SessionEvents } from '../fan-out'
import { loadJetStream, loadTransport } from './load'
import { Subjects } from './names'
import { RoomStream, type JetStreamModule, type StreamSettings } from './room-stream'
import { NatsSession, type Incoming, type NatsModule } from './session'
import { type LogHost, StreamLog } from './stream-log'

export interface NatsOptions {
  /** Address, or several of one cluster. Default `nats://127.0.0.1:4222`. */
  servers?: string | string[]
  /** First part of all subjects: hubs with different ones do not hear each other. Default `hawser`. */
  prefix?: string
  /** What else the client is to know: user, token, authenticator, TLS, timeouts. Reconnecting is the adapter's own. */
  connection?: Omit<NodeConnectionOptions, 'servers' | 'reconnect' | 'noEcho' | 'waitOnFirstConnect'>
  /** Texts that wait while NATS is away or slow; above it the oldest are dropped and counted. Default 10000. */
  maxQueued?: number
  /** Characters of them. Default 16777216. */
  maxQueuedBytes?: number
}

export interface JetStreamOptions extends NatsOptions {
  /** The stream that keeps the rooms; it is made where there is none, and else taken as it is. */
  stream?: {
    /** Default `HAWSER`. */
    name?: string
    /** Default `file`. */
    storage?: 'file' | 'memory'
    /** Servers of the cluster that hold it, 1 to 5. Default 1. */
    replicas?: number
    /** Bytes of all rooms together; the oldest messages go first. The server sets them aside. Default 1073741824. */
    maxBytes?: number
    /** Milliseconds after which messages go; a room that was quiet for longer begins anew. Default 0: none. */
    maxAge?: number
  }
}

const common = ['servers', 'prefix', 'connection', 'maxQueued', 'maxQueuedBytes']
const subjectParts = /^[\w-]+(\.[\w-]+)*$/
const streamName = /^[\w-]{1,64}$/

interface Checked {
  prefix: string
  connection: NodeConnectionOptions
  bounds: FanOutBounds
}

function check(reader: OptionReader, { servers, connection }: NatsOptions): Checked {
  const given = servers ?? 'nats://127.0.0.1:4222'
  const list = typeof given === 'string' ? [given] : reader.strings('servers')
  if (list.length === 0 || list.includes('')) {
    badOption('servers', 'one address or several, such as nats://127.0.0.1:4222', servers)
  }
  const prefix = reader.string('prefix', 'hawser')
  if (!subjectParts.test(prefix))
    badOption('prefix', 'letters, digits, `_` and `-`, with dots between them', prefix)
  if (connection !== undefined && typeof connection !== 'object')
    badOption('connection', 'an object', connection)
  const bounds = { maxQueued: reader.number('maxQueued'), maxQueuedBytes: reader.number('maxQueuedBytes') }
  // A server that has vanished is noticed within half a minute.
  const patience = { timeout: 5000, pingInterval: 10_000, maxPingOut: 2 }
  return {
    prefix,
    connection: { ...patience, ...connection, servers: list },
    bounds,
  }
}

/** First character of a session's names: channels, and rooms that are followed. */
const channelName = 'c'
const roomName = 'f'

class NatsAdapter extends FanOut<NatsSession> implements HubAdapter {
  protected readonly broker = 'NATS'
  readonly log: RoomLog | undefined
  private readonly rooms: StreamLog | undefined
  private readonly subjects: Subjects
  private nats: NatsModule | undefined
  private jetstream: JetStreamModule | undefined
  /** On the present connection. */
  private stream: RoomStream | undefined

  constructor(
    private readonly who: string,
    private readonly options: Checked,
    private readonly settings: StreamSettings | undefined,
  ) {
    super(options.bounds)
    this.subjects = new Subjects(options.prefix)
    if (settings !== undefined) this.log = this.rooms = new StreamLog(this.host(), this.tally)
  }

  protected async prepare(): Promise<void> {
    if (this.settings !== undefined) this.jetstream = await loadJetStream(this.who)
    this.nats = await loadTransport(this.who)
  }

  protected dial(events: SessionEvents): Promise<NatsSession> {
    if (this.nats === undefined) throw new Error('not prepared')
    const { subjects } = this
    return NatsSession.connect(
      this.nats,
      this.options.connection,
      (name) => (name[0] === channelName ? subjects.channel(name.slice(1)) : subjects.live(name.slice(1))),
      {
        ...events,
        came: (name, message) => this.came(name, message),
        failed: (error) => this.refused(error),
      },
    )
  }

  protected override async complete(session: NatsSession): Promise<void> {
    if (this.rooms === undefined || this.jetstream === undefined || this.settings === undefined) return
    const stream = await RoomStream.open(this.jetstream, session, this.subjects, this.settings)
    await this.rooms.connected(stream)
    this.stream = stream
  }

  protected override left(): void {
    this.stream = undefined
    this.rooms?.disconnected()
  }

  private came(name: string, message: Incoming): void {
    const { node } = this
    if (node === undefined) return
    if (name[0] === channelName) {
      this.tally.received++
      node.receive(message.string())
    } else {
      const seq = Number(message.headers?.get('Nats-Sequence'))
      if (Number.isSafeInteger(seq)) this.rooms?.heard(name.slice(1), message.string(), seq)
    }
  }

  override subscribe(channel: string): Promise<void> {
    return this.want(channelName + channel)
  }
  override unsubscribe(channel: string): void {
    this.unwant(channelName + channel)
  }
  override publish(channel: string, text: string): void {
    super.publish(channelName + channel, text)
  }

  private host(): LogHost {
    return {
      node: () => this.node?.id ?? '',
      stream: () => (this.tally.connected ? this.stream : undefined),
      want: (room) => this.want(roomName + room),
      unwant: (room) => this.unwant(roomName + room),
      entries: (room, entries) => this.node?.entries(room, entries),
      report: (error) => this.node?.report(error),
    }
  }
}

/**
 * Connects hubs over NATS: rooms, users, roles and broadcasts. NATS keeps nothing, so what is said while a node has no
 * connection is lost for it, and rooms that keep messages are each node's own. Needs the package
 * `@nats-io/transport-node` 3.
 *
 * @example
 * new Hub(server, { adapter: natsAdapter({ servers: 'nats://nats.internal:4222' }) })
 * @throws TypeError `INVALID_OPTION`
 */
export function natsAdapter(options: NatsOptions = {}): HubAdapter {
  const reader = new OptionReader('`natsAdapter`', options, common)
  return new NatsAdapter('natsAdapter', check(reader, options), undefined)
}

/**
 * The same, and rooms that keep messages are kept by a stream of JetStream: they have one order for all nodes, outlive
 * them, and clients resume at any. Needs `@nats-io/transport-node` and `@nats-io/jetstream` 3, and a server with JetStream
 * of version 2.9 or newer.
 *
 * @throws TypeError or RangeError `INVALID_OPTION`
 */
export function natsJetStream(options: JetStreamOptions = {}): HubAdapter {
  const reader = new OptionReader('`natsJetStream`', options, [...common, 'stream'])
  const stream = new OptionReader(
    '`natsJetStream`',
    options.stream,
    ['name', 'storage', 'replicas', 'maxBytes', 'maxAge'],
    'stream.',
  )
  const name = stream.string('name', 'HAWSER')
  if (!streamName.test(name)) badOption('stream.name', '1 to 64 letters, digits, `_` and `-`', name)
  return new NatsAdapter('natsJetStream', check(reader, options), {
    name,
    storage: stream.oneOf('storage', ['file', 'memory'], 'file'),
    replicas: stream.number('replicas'),
    maxBytes: stream.number('maxBytes'),
    maxAge: stream.number('maxAge'),
  })
}
