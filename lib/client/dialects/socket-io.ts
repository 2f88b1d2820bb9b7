// Socket.IO 4 over its WebSocket transport: Engine.IO protocol 4 below, Socket.IO protocol 5 above.
import { HawserError } from '../../core/error'
import { OptionReader, badOption } from '../../core/validate'
import type { Dialect, DialectLink, DialectSession, Frame, OutgoingMessage } from '../dialect'
import { type Packet, PacketReader, encodePacket, kinds } from './socket-io-packet'

type AuthData = Record<string, unknown>

export interface SocketIoOptions {
  /** Default '/'. */
  namespace?: string
  /** What the server's middleware finds in `socket.handshake.auth`; a function is asked for each connection. */
  auth?: AuthData | (() => AuthData | Promise<AuthData>)
  /** Path of the server where the URL has none. Default '/socket.io/'. */
  path?: string
}

/** Several arguments of an event, or of the answer to one; anything else is one argument. */
export class SocketIoArguments {
  readonly values: readonly unknown[]
  constructor(...values: unknown[]) {
    this.values = values
  }
}

/** What handlers get of a Socket.IO server. */
export interface SocketIoMessage<Type extends string = string, Args extends unknown[] = unknown[]> {
  type: Type
  /** The first argument. */
  payload: Args[0]
  args: Args
}

/**
 * Speaks to a Socket.IO 4 server. Handlers get `{ type, payload, args }`: the event's name, its first argument, all of
 * them; `context.reply(value)` answers one that asks for it. `request` and `ack` are events that ask for an answer.
 * @throws TypeError `INVALID_OPTION`
 */
export function socketIo(options?: SocketIoOptions): Dialect {
  const reader = new OptionReader('socketIo', options, ['namespace', 'auth', 'path'])
  const namespace = reader.string('namespace', '/')
  if (!namespace.startsWith('/') || namespace.includes(',') || namespace.includes('?')) {
    badOption('namespace', "a name that begins with '/', without ',' and '?'", namespace)
  }
  const path = reader.string('path', '/socket.io/')
  if (!path.startsWith('/')) badOption('path', "a path that begins with '/'", path)
  const auth = reader.raw('auth')
  if (auth !== undefined && typeof auth !== 'function' && (auth === null || typeof auth !== 'object')) {
    badOption('auth', 'an object, or a function that returns one', auth)
  }
  return {
    name: 'socket.io',
    handshake: true,
    acks: true,
    url(url) {
      if (url.pathname === '/') url.pathname = path
      url.searchParams.set('EIO', '4')
      url.searchParams.set('transport', 'websocket')
    },
    session: (link) => new SocketIoSession(link, namespace, auth as SocketIoOptions['auth']),
  }
}

class SocketIoSession implements DialectSession {
  private readonly packets = new PacketReader()
  /** Ids of acks: numbers, begun at random so that messages a former process left are not taken for ours. */
  private last = crypto.getRandomValues(new Uint32Array(1))[0] * 65_536
  /** Milliseconds without a ping after which the server is gone. */
  private patience = 0
  private watch: ReturnType<typeof setTimeout> | undefined
  private heard = false
  /** Counts connections: what an `auth` function of an earlier one brings is not sent. */
  private connection = 0

  constructor(
    private readonly link: DialectLink,
    private readonly namespace: string,
    private readonly auth: SocketIoOptions['auth'],
  ) {}

  nextId(): string {
    return String(++this.last)
  }

  opened(): void {
    this.connection++
    this.packets.reset()
    this.patience = 0
    this.rest()
  }
  ended(): void {
    this.connection++
    this.rest()
  }

  send({ type, payload, id, kind }: OutgoingMessage): readonly Frame[] {
    const args =
      payload instanceof SocketIoArguments ? payload.values : payload === undefined ? [] : [payload]
    const asks = kind === 'message' ? undefined : id
    return encodePacket(kinds.event, this.namespace, asks, [type, ...args])
  }

  receive(data: Frame): void {
    this.heard = true
    if (typeof data !== 'string') {
      this.take(this.packets.attachment(data))
      return
    }
    // The packets of Engine.IO; what is no ping and no message says nothing to a WebSocket.
    switch (data[0]) {
      case '0':
        this.begin(JSON.parse(data.slice(1)) as { pingInterval?: unknown; pingTimeout?: unknown })
        break
      case '2':
        this.link.say(`3${data.slice(1)}`)
        break
      case '4':
        this.take(this.packets.text(data))
        break
    }
  }

  private begin({ pingInterval, pingTimeout }: { pingInterval?: unknown; pingTimeout?: unknown }): void {
    this.patience = Number(pingInterval) + Number(pingTimeout)
    this.expectPing()
    void this.introduce(this.connection)
  }

  private async introduce(connection: number): Promise<void> {
    let auth: unknown
    try {
      auth = typeof this.auth === 'function' ? await this.auth() : this.auth
    } catch (cause) {
      if (connection !== this.connection) return
      const why = 'The `auth` function of socketIo() failed'
      this.link.error(new HawserError('AUTHENTICATION_FAILED', why, { cause }))
      this.link.refuse(why)
      return
    }
    if (connection !== this.connection) return
    this.link.say(...encodePacket(kinds.connect, this.namespace, undefined, auth))
  }

  private take(packet: Packet | undefined): void {
    if (packet === undefined || packet.namespace !== this.namespace) return
    const { data, id, bytes } = packet
    switch (packet.kind) {
      case kinds.connect:
        this.link.ready()
        break
      case kinds.disconnect:
        this.link.disconnect()
        break
      case kinds.refused: {
        const { message } = (data ?? {}) as { message?: unknown }
        this.link.refuse(typeof message === 'string' ? message : 'The server refused the namespace')
        break
      }
      case kinds.event:
        this.event(data, id, bytes)
        break
      case kinds.ack: {
        const args = Array.isArray(data) ? (data as unknown[]) : []
        if (id !== undefined && !this.link.answer(id, args[0])) this.link.acknowledge(id)
        break
      }
    }
  }

  private event(data: unknown, id: string | undefined, bytes: number): void {
    if (!Array.isArray(data) || typeof data[0] !== 'string') {
      throw new HawserError('INVALID_MESSAGE', 'An event of the Socket.IO server has no name')
    }
    const [type, ...args] = data as [string, ...unknown[]]
    this.link.message(type, { type, payload: args[0], args }, bytes, this.answering(id))
  }

  private answering(id: string | undefined): ((payload: unknown) => void) | undefined {
    if (id === undefined) return undefined
    const { connection } = this
    let answered = false
    return (payload) => {
      // The server has forgotten what it asked on another connection.
      if (answered || connection !== this.connection) return
      answered = true
      const args =
        payload instanceof SocketIoArguments ? payload.values : payload === undefined ? [] : [payload]
      this.link.say(...encodePacket(kinds.ack, this.namespace, id, args))
    }
  }

  /** The server sends a ping each interval; nothing at all for an interval and its timeout: it is gone. */
  private expectPing(): void {
    this.rest()
    if (!(this.patience > 0 && this.patience <= 0x7fffffff)) return
    this.heard = false
    this.watch = setTimeout(() => {
      // After a long turn of the event loop the ping may lie there unread: it gets its chance.
      this.watch = setTimeout(() => {
        if (this.heard) this.expectPing()
        else this.link.lost('The Socket.IO server sent no ping in time.')
      }, 1)
      unref(this.watch)
    }, this.patience)
    unref(this.watch)
  }
  private rest(): void {
    clearTimeout(this.watch)
    this.watch = undefined
  }
}

function unref(timer: unknown): void {
  ;(timer as { unref?: () => void }).unref?.()
}
