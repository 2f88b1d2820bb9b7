// The state of a hub and what is done with it: connections, rooms, users, deliveries. What peers and programs ask for
// comes from control.ts, dispatch.ts and hub.ts.
import { channel as diagnostics } from 'node:diagnostics_channel'
import { idSource } from '../../client/envelope'
import type { WebSocket } from '../../core/websocket'
import type { WebSocketServer } from '../websocket-server'
import type { UpgradeRequest } from '../upgrade-request'
import type { HubAdapter } from './adapter'
import { Authenticator, type Identity } from './auth'
import { Deadlines } from './deadlines'
import { payloadText, writeMessage } from './envelope'
import { HubConnection } from './hub-connection'
import type { CheckedHubOptions, LogEntry } from './hub-options'
import { Counters, type HubMetrics } from './metrics'
import { NodeLink, allNodes } from './node-link'
import { Presences } from './presences'
import { Room, Rooms } from './rooms'
import type { Audience } from './target'
import { ServerTransport, type HubTransport } from './transport'

/** What the program hears of. */
export interface HubEvents {
  connect: [connection: HubConnection]
  disconnect: [connection: HubConnection, code: number, reason: string]
  join: [connection: HubConnection, room: string]
  leave: [connection: HubConnection, room: string]
  error: [error: unknown, connection: HubConnection | undefined]
}
type Emit = <E extends keyof HubEvents>(event: E, ...args: HubEvents[E]) => void

export interface JoinOptions {
  /** So many of the latest messages that the room keeps come first. */
  last?: number
  /** Everything above this offset comes first. */
  from?: number
  correlationId?: string | undefined
  /** The answer was given already. */
  quiet?: boolean
  /** Goes first where less is kept than was thought when the answer was given. */
  partial?: string
}

/** What goes to an audience: on this node, and on others. */
interface NodeMessage {
  all: boolean
  rooms: readonly string[]
  users: readonly string[]
  roles: readonly string[]
  type: string
  id: string
  timestamp: number
  /** JSON text. */
  payload?: string
  userId?: string
}

/** Topic of all connections. */
const everybody = 'a'
/** How long an empty room that keeps its messages without a bound on their age is known, in milliseconds. */
const longestIdle = 300_000

const channels = {
  connect: diagnostics('hawser:hub:connect'),
  disconnect: diagnostics('hawser:hub:disconnect'),
  join: diagnostics('hawser:hub:join'),
  leave: diagnostics('hawser:hub:leave'),
  error: diagnostics('hawser:hub:error'),
} as const

export class HubCore {
  readonly transport: HubTransport
  readonly counters = new Counters()
  readonly deadlines = new Deadlines()
  readonly connections = new Set<HubConnection>()
  readonly users = new Map<string, Set<HubConnection>>()
  /** @internal */ readonly rooms: Rooms<HubConnection>
  /** Empty rooms that keep messages, emptied longest ago first. */
  private readonly idle = new Set<Room<HubConnection>>()
  readonly auth: Authenticator
  readonly presences: Presences | undefined
  readonly link: NodeLink | undefined
  readonly nextId = idSource()
  /** Different for each hub. */
  readonly node = this.nextId().slice(0, 16)
  private numbers = 0
  private epochs = 0

  constructor(
    server: WebSocketServer,
    readonly options: CheckedHubOptions,
    private readonly emit: Emit,
  ) {
    this.transport = new ServerTransport(server)
    this.auth = new Authenticator(this, options.auth)
    this.rooms = new Rooms((name) => this.makeRoom(name))
    this.presences = options.presence === undefined ? undefined : new Presences(this, options.presence)
    const { adapter } = options
    this.link = adapter === undefined ? undefined : this.makeLink(adapter)
  }

  private makeLink(adapter: HubAdapter): NodeLink {
    const report = (error: Error): void => this.report(error, undefined)
    const nothing = (): void => undefined
    const events = { connected: nothing, disconnected: report, report, entries: nothing }
    const link = new NodeLink(this.node, adapter, events)
    link.on('m', (head, body) => {
      const message = head as unknown as NodeMessage
      if (body !== '') message.payload = body
      this.deliverHere(message, { except: [], where: undefined })
    })
    return link
  }

  // -------------------------------------------------------------------------------------------------- connections

  open(socket: WebSocket, request: UpgradeRequest): HubConnection {
    const connection = new HubConnection(this, socket, request, ++this.numbers)
    this.connections.add(connection)
    this.counters.connectionsTotal++
    this.auth.opened(connection)
    return connection
  }

  /** The connection may speak, and hears what is said to all. */
  admit(connection: HubConnection): void {
    if (connection.admitted || connection.gone) return
    connection.admitted = true
    this.transport.subscribe(connection.socket, everybody)
    this.log({ level: 'debug', event: 'connect' }, connection)
    this.tell('connect', connection)
  }

  /** Whose connection it is, from now on. */
  identify(connection: HubConnection, identity: Identity): void {
    const { socket } = connection
    const before = connection.identity
    for (const role of before?.roles ?? []) {
      if (identity.roles?.includes(role) !== true) this.transport.unsubscribe(socket, `o:${role}`)
    }
    for (const role of identity.roles ?? []) {
      if (before?.roles?.includes(role) !== true) this.transport.subscribe(socket, `o:${role}`)
    }
    if (before === undefined) {
      const { userId } = identity
      this.transport.subscribe(socket, `u:${userId}`)
      this.rooms.identify(connection, userId)
      const own = this.users.get(userId)
      if (own === undefined) this.users.set(userId, new Set([connection]))
      else own.add(connection)
    }
    connection.identity = identity
    this.log({ level: 'info', event: 'auth' }, connection)
    if (before === undefined) this.presences?.opened(identity.userId)
  }

  closed(connection: HubConnection, code: number, reason: string): void {
    if (!this.connections.delete(connection)) return
    const rooms = connection.roomCount === 0 ? [] : connection.roomNames
    connection.ended()
    for (const room of rooms) this.leave(connection, room)
    const { userId } = connection
    if (userId !== undefined) {
      const own = this.users.get(userId)
      own?.delete(connection)
      if (own?.size === 0) this.users.delete(userId)
      this.presences?.closed(userId, rooms)
    }
    this.log({ level: 'debug', event: 'disconnect', code: String(code) }, connection)
    if (connection.admitted) this.tell('disconnect', connection, code, reason)
  }

  // -------------------------------------------------------------------------------------------------------- rooms

  private makeRoom(name: string): Room<HubConnection> {
    const bounds = this.options.history?.(name)
    // The node is in it, so that no other process and no later life of this one has the same.
    const room = new Room<HubConnection>(name, `${this.node}${(++this.epochs).toString(36)}`, bounds)
    if (bounds !== undefined) {
      this.transport.keep(room.topic, bounds)
      room.touched = Date.now()
      this.idle.add(room)
      this.watchIdle(room, bounds.age)
    }
    return room
  }

  /** An empty room that keeps messages goes when they are too old. */
  private watchIdle(room: Room<HubConnection>, age: number): void {
    const idle = age > 0 ? age : longestIdle
    this.deadlines.add(Math.max(room.touched, Date.now()) + idle, () => {
      if (this.rooms.get(room.name) !== room) return
      if (room.members.size === 0 && Date.now() - room.touched >= idle) this.drop(room)
      else this.watchIdle(room, age)
    })
  }

  /** Whether there may be one more room; where there are too many, the one that has been empty longest goes. */
  hasRoom(): boolean {
    if (this.rooms.size < this.options.maxRooms) return true
    for (const room of this.idle) {
      this.drop(room)
      return true
    }
    return false
  }

  private drop(room: Room<HubConnection>): void {
    this.idle.delete(room)
    this.rooms.remove(room)
    this.transport.forget(room.topic)
  }

  /** The offset of a room above which all is kept: what is on its way to the I/O threads counts. */
  keptFrom({ keeps, offset, topic }: Room<HubConnection>): number {
    return keeps === undefined ? offset : Math.max(this.transport.keptFrom(topic), offset - keeps.count)
  }

  /** Puts a connection into a room. The answer goes out before anything of the room does. */
  join(connection: HubConnection, name: string, options: JoinOptions): void {
    if (connection.gone) return
    const change = this.rooms.join(connection, name)
    const room = this.rooms.ensure(name)
    const { keeps, offset, epoch } = room
    const kept = this.keptFrom(room)
    const wanted = options.from ?? (options.last === undefined ? offset : offset - options.last)
    const from = change === undefined ? offset : Math.min(Math.max(wanted, kept), offset)
    if (options.quiet !== true) {
      const numbers = keeps === undefined ? {} : { epoch, offset: from }
      connection.answer('joined', options.correlationId, { members: room.members.size, ...numbers }, name)
    }
    if (change === undefined) return
    if (keeps !== undefined) this.idle.delete(room)
    if (keeps === undefined) this.transport.subscribe(connection.socket, room.topic)
    else this.transport.subscribeFrom(connection.socket, room.topic, from, options.partial ?? '')
    this.counters.joins++
    if (change.user) this.notice('user_joined', connection, room)
    this.log({ level: 'debug', event: 'join', room: name }, connection)
    this.tell('join', connection, name)
  }

  /** Takes it out. Its answer is behind everything of the room that comes. False: it was not in the room. */
  leave(connection: HubConnection, name: string, correlationId?: string): boolean {
    const change = this.rooms.leave(connection, name)
    if (change === undefined) return false
    const { room } = change
    this.transport.unsubscribe(connection.socket, room.topic)
    connection.answer('left', correlationId, undefined, name)
    this.counters.leaves++
    if (room.members.size === 0) {
      // Who has only lost its connection comes back and wants what was said meanwhile.
      room.touched = Date.now()
      if (room.keeps !== undefined) this.idle.add(room)
    } else if (change.user) {
      this.notice('user_left', connection, room)
    }
    this.log({ level: 'debug', event: 'leave', room: name }, connection)
    this.tell('leave', connection, name)
    return true
  }

  private notice(type: string, connection: HubConnection, room: Room<HubConnection>): void {
    const others = room.members.size - (room.members.has(connection) ? 1 : 0)
    if (!this.options.notices || others === 0) return
    const { userId, id, socket } = connection
    const payload = payloadText(type, userId === undefined ? { connection: id } : { userId })
    const text = writeMessage(type, { room: room.name, userId, payload }, Date.now())
    this.count(text)
    try {
      this.transport.publish([room.topic], text, connection.gone ? undefined : socket)
    } catch (error) {
      this.report(error, undefined)
    }
  }

  // --------------------------------------------------------------------------------------------------- deliveries

  /** Sends a message to an audience, here and on other nodes. */
  deliver(audience: Audience, type: string, payload: unknown, userId: string | undefined): boolean {
    const message: NodeMessage = {
      ...{ all: audience.all, rooms: audience.rooms, users: audience.users, roles: audience.roles },
      ...{ type, id: this.nextId(), timestamp: Date.now(), payload: payloadText(type, payload), userId },
    }
    const accepted = this.deliverHere(message, audience)
    if (audience.where === undefined) this.tellNodes(message)
    return accepted
  }

  private tellNodes({ payload, ...head }: NodeMessage): void {
    this.link?.say(allNodes, 'm', head, payload)
  }

  private deliverHere(message: NodeMessage, less: Pick<Audience, 'except' | 'where'>): boolean {
    const { type, rooms } = message
    const { except, where } = less
    const parts = { id: message.id, userId: message.userId, payload: message.payload }
    const chosen = where !== undefined || except.length > 1
    const topics: string[] = message.all ? [everybody] : []
    let accepted = true
    if (!message.all) {
      for (const name of rooms) {
        const room = this.options.history === undefined ? this.rooms.get(name) : this.rooms.ensure(name)
        if (room === undefined) continue
        if (room.keeps !== undefined && !chosen) {
          const numbers = { room: name, epoch: room.epoch, offset: room.offset + 1 }
          const text = writeMessage(type, { ...parts, ...numbers }, message.timestamp)
          accepted =
            this.transport.publishKept(room.topic, text, numbers.offset, except[0]?.socket) && accepted
          // Not before it was accepted: numbers have no gap.
          room.offset++
          room.touched = Date.now()
          this.count(text)
        } else if (room.members.size > 0) topics.push(room.topic)
        else this.rooms.remove(room)
      }
      for (const user of message.users) if (this.users.has(user)) topics.push(`u:${user}`)
      for (const role of message.roles) topics.push(`o:${role}`)
    }
    if (topics.length === 0) return accepted
    const room =
      rooms.length === 1 && message.users.length + message.roles.length === 0 ? rooms[0] : undefined
    const text = writeMessage(type, { ...parts, room }, message.timestamp)
    if (chosen) return this.sendEach(message, less, text) && accepted
    this.count(text)
    return this.transport.publish(topics, text, except[0]?.socket) && accepted
  }

  /** One by one: for who is chosen by more than topics. */
  private sendEach(message: NodeMessage, less: Pick<Audience, 'except' | 'where'>, text: string): boolean {
    let accepted = true
    for (const connection of this.audience(message)) {
      if (less.except.includes(connection) || less.where?.(connection) === false) continue
      accepted = connection.sendText(text) && accepted
    }
    return accepted
  }

  private audience({ all, rooms, users, roles }: NodeMessage): Iterable<HubConnection> {
    if (all) return [...this.connections].filter(({ admitted }) => admitted)
    const found = new Set<HubConnection>()
    for (const name of rooms) for (const member of this.rooms.get(name)?.members ?? []) found.add(member)
    for (const user of users) for (const connection of this.users.get(user) ?? []) found.add(connection)
    if (roles.length > 0) {
      for (const connection of this.connections) {
        if (connection.roles.some((role) => roles.includes(role))) found.add(connection)
      }
    }
    return found
  }

  private count(text: string): void {
    this.counters.messagesOut++
    this.counters.bytesOut += text.length
  }

  // ----------------------------------------------------------------------------------------------------- reports

  metrics(): HubMetrics {
    let largestRoom = 0
    for (const { members } of this.rooms.values()) largestRoom = Math.max(largestRoom, members.size)
    let authenticated = 0
    for (const own of this.users.values()) authenticated += own.size
    const { size: rooms, memberships } = this.rooms
    return this.counters.snapshot({
      connections: this.connections.size,
      authenticated,
      rooms,
      memberships,
      largestRoom,
    })
  }

  /** Something of the program's failed. */
  report(error: unknown, connection: HubConnection | undefined): void {
    this.log({ level: 'error', event: 'error', message: String(error) }, connection)
    this.tell('error', error, connection)
  }

  log(entry: LogEntry, connection: HubConnection | undefined): void {
    const { log } = this.options
    if (log === undefined) return
    if (connection !== undefined) {
      entry.connection = connection.id
      if (connection.userId !== undefined) entry.userId = connection.userId
    }
    log(entry)
  }

  private tell<E extends keyof HubEvents>(event: E, ...args: HubEvents[E]): void {
    const channel = channels[event]
    if (channel.hasSubscribers) channel.publish({ event, args })
    this.emit(event, ...args)
  }

  close(): void {
    this.deadlines.close()
  }
}
