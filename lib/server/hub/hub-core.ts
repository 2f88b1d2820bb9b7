// The state of a hub and what is done with it: connections, rooms, users, deliveries. What peers and programs ask for
// comes from control.ts, dispatch.ts and hub.ts.
import { channel as diagnostics } from 'node:diagnostics_channel'
import { idSource } from '../../client/outgoing'
import { HawserError } from '../../core/error'
import type { WebSocket } from '../../core/websocket'
import type { WebSocketServer } from '../websocket-server'
import type { UpgradeRequest } from '../upgrade-request'
import type { HubAdapter } from './adapter'
import { Actions } from './actions'
import { Authenticator, type Identity } from './auth'
import { Deadlines } from './deadlines'
import { Deliveries, everybody } from './deliveries'
import type { Farewell } from './farewell'
import { HubConnection } from './hub-connection'
import type { CheckedHubOptions, LogEntry } from './hub-options'
import { LoggedRooms } from './logged-rooms'
import { Memberships } from './memberships'
import { Counters, type HubMetrics } from './metrics'
import { NodeLink } from './node-link'
import { Nodes } from './nodes'
import { Presences } from './presences'
import type { Rooms } from './rooms'
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

/** Milliseconds that the end of a hub waits for what is to be appended. */
const mostFlush = 1000

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
  readonly auth: Authenticator
  readonly presences: Presences | undefined
  readonly memberships: Memberships
  readonly deliveries: Deliveries
  readonly actions: Actions
  readonly link: NodeLink | undefined
  /** The other nodes. */
  readonly nodes: Nodes | undefined
  /** Rooms whose messages go through a log. */
  readonly logs: LoggedRooms | undefined
  /** The hub is ending. */
  farewell: Farewell | undefined
  readonly nextId = idSource()
  /** Different for each hub. */
  readonly node = this.nextId().slice(0, 16)
  private numbers = 0

  constructor(
    private readonly server: WebSocketServer,
    readonly options: CheckedHubOptions,
    private readonly emit: Emit,
  ) {
    this.transport = new ServerTransport(server)
    this.auth = new Authenticator(this, options.auth)
    this.presences = options.presence === undefined ? undefined : new Presences(this, options.presence)
    const { adapter } = options
    if (adapter !== undefined) {
      this.link = this.makeLink(adapter)
      this.nodes = new Nodes(this, this.link, options.nodes)
      const { link } = this
      this.deadlines.add(Date.now() + options.nodes.patience, () => {
        if (!link.reached) this.report(new HawserError('BROKER_UNAVAILABLE'), undefined)
      })
      if (adapter.log !== undefined && options.history !== undefined) {
        const host = {
          link: this.link,
          report: (error: Error) => this.report(error, undefined),
          after: (milliseconds: number, run: () => void) =>
            void this.deadlines.add(Date.now() + milliseconds, run),
          drained: () => void server.emit('drain'),
        }
        this.logs = new LoggedRooms(adapter.log, host, options.nodes.patience)
      }
    }
    this.memberships = new Memberships(this)
    this.deliveries = new Deliveries(this)
    this.actions = new Actions(this)
  }

  /** @internal */
  get rooms(): Rooms<HubConnection> {
    return this.memberships.rooms
  }

  // -------------------------------------------------------------------------------------------------------- other nodes

  private makeLink(adapter: HubAdapter): NodeLink {
    const report = (error: Error): void => this.report(error, undefined)
    return new NodeLink(this.node, adapter, {
      heard: (node) => this.nodes?.hear(node),
      connected: () => {
        this.log({ level: 'info', event: 'broker', message: 'connected' }, undefined)
        this.nodes?.connected()
        this.logs?.connected()
      },
      disconnected: (error) => {
        this.logs?.disconnected()
        report(error)
      },
      report,
      entries: (room, entries) => this.logs?.entries(room, entries),
    })
  }

  /** The same promise, but the broker's absence is not waited for longer than `nodes.patience`. */
  patiently(promise: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const deadline = this.deadlines.add(Date.now() + this.options.nodes.patience, resolve)
      void promise.then(() => {
        deadline.cancel()
        resolve()
      })
    })
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
      if (this.options.rate !== null && this.options.rate.user.length > 0)
        this.transport.belongs(socket, userId)
      this.rooms.identify(connection, userId)
      if (connection.roomCount > 0) this.nodes?.identified(connection, userId)
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
    this.farewell?.settled(connection)
    for (const room of rooms) this.memberships.leave(connection, room)
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

  // ------------------------------------------------------------------------------------------------- rooms, messages

  /** Members of a room, with those on other nodes. */
  size(room: string): number {
    return (this.rooms.get(room)?.members.size ?? 0) + (this.nodes?.membersElsewhere(room) ?? 0)
  }

  /** A message goes to the I/O threads. */
  counted(text: string): void {
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
      server: this.server._topics.gauges(),
      nodes: this.nodes?.size ?? 1,
      missed: this.link?.missed ?? 0,
      uncarried: this.logs?.lost ?? 0,
      logQueue: this.logs?.waits ?? 0,
      ...(this.link === undefined ? {} : { adapter: this.link.metrics() }),
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

  tell<E extends keyof HubEvents>(event: E, ...args: HubEvents[E]): void {
    const channel = channels[event]
    if (channel.hasSubscribers) channel.publish({ event, args })
    this.emit(event, ...args)
  }

  async close(): Promise<void> {
    await this.logs?.end(mostFlush)
    this.nodes?.end()
    this.deadlines.close()
    try {
      await this.link?.close()
    } catch (error) {
      this.report(error, undefined)
    }
  }
}
