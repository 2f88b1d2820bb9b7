// Rooms of a hub and who is in them: joins and leaves with what is said about them, and which rooms are known at all.
import { payloadText, writeMessage } from './envelope'
import type { HubConnection } from './hub-connection'
import type { HubCore } from './hub-core'
import { roomChannel } from './node-link'
import { RoomDelivery } from './room-delivery'
import { type Change, Room, Rooms } from './rooms'

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

/** How long an empty room that keeps its messages without a bound on their age is known, in milliseconds. */
const longestIdle = 300_000
/** The same where a log has the messages. */
const loggedIdle = 30_000

export class Memberships {
  /** @internal */ readonly rooms: Rooms<HubConnection>
  /** Empty rooms that keep messages, emptied longest ago first. */
  private readonly idle = new Set<Room<HubConnection>>()
  private epochs = 0

  constructor(private readonly core: HubCore) {
    this.rooms = new Rooms(
      (name) => this.make(name),
      (room) => this.gone(room),
    )
  }

  // ------------------------------------------------------------------------------------------------------- all rooms

  /** Different for each room of each life of each node. */
  newEpoch(): string {
    // The node is in it, so that no other process and no later life of this one has the same.
    return `${this.core.node}${(++this.epochs).toString(36)}`
  }

  private make(name: string): Room<HubConnection> {
    const { transport, options, logs } = this.core
    const bounds = options.history?.(name)
    const room = new Room<HubConnection>(name, bounds === undefined ? '' : this.newEpoch(), bounds)
    if (bounds !== undefined) {
      transport.keep(room.topic, bounds)
      room.touched = Date.now()
      this.idle.add(room)
      this.watchIdle(room)
      if (logs !== undefined) {
        room.delivery = new RoomDelivery(this.core, room)
        room.log = logs.open(name, bounds, room.delivery)
      }
    }
    return room
  }

  /** Members are going to come: other nodes have to be heard, and the log to be read. */
  private open(room: Room<HubConnection>): void {
    const { link, nodes } = this.core
    if (link === undefined || room.opened) return
    room.opened = true
    const heard = link.subscribe(roomChannel(room.name)).then(() => {
      if (this.rooms.get(room.name) === room) nodes?.opened(room.name)
    })
    room.log?.enter()
    room.ready = Promise.all([this.core.patiently(heard), room.log?.ready]).then(() => {
      room.ready = undefined
    })
  }

  private gone(room: Room<HubConnection>): void {
    const { logs, link, nodes } = this.core
    this.idle.delete(room)
    if (room.log !== undefined) logs?.close(room.log)
    if (room.keeps !== undefined) this.core.transport.forget(room.topic)
    if (!room.opened) return
    link?.unsubscribe(roomChannel(room.name))
    nodes?.closed(room.name)
  }

  /** An empty room that keeps messages goes when they are too old, or when a log has them. */
  private watchIdle(room: Room<HubConnection>): void {
    const { deadlines, logs } = this.core
    const age = room.keeps?.age ?? 0
    const idle = logs !== undefined ? loggedIdle : age > 0 ? age : longestIdle
    deadlines.add(Math.max(room.touched, Date.now()) + idle, () => {
      if (this.rooms.get(room.name) !== room) return
      const busy = room.log?.busy === true
      if (room.members.size === 0 && !busy && Date.now() - room.touched >= idle) this.rooms.remove(room)
      else this.watchIdle(room)
    })
  }

  /** Whether there may be one more room; where there are too many, the one that has been empty longest goes. */
  hasRoom(): boolean {
    if (this.rooms.size < this.core.options.maxRooms) return true
    for (const room of this.idle) {
      if (room.log?.busy === true) continue
      this.rooms.remove(room)
      return true
    }
    return false
  }

  /** The offset of a room above which all is kept: what is on its way to the I/O threads counts. */
  keptFrom({ keeps, offset, topic, shift, begins }: Room<HubConnection>): number {
    if (keeps === undefined) return offset
    return Math.max(this.core.transport.keptFrom(topic) - shift, offset - keeps.count, begins)
  }

  // --------------------------------------------------------------------------------------------------------- members

  /** Until a room may be joined; undefined: at once. The room stays until `release`. */
  hold(name: string): Promise<void> | undefined {
    const room = this.rooms.ensure(name)
    room.entering++
    this.open(room)
    return room.ready
  }
  release(name: string): void {
    const room = this.rooms.get(name)
    if (room === undefined) return
    room.entering--
    if (room.keeps === undefined) this.rooms.remove(room)
  }

  /** Puts a connection into a room as soon as the room may be joined; a promise: that takes a while. */
  enter(connection: HubConnection, name: string, options: JoinOptions): Promise<void> | undefined {
    if (this.core.link === undefined) {
      this.join(connection, name, options)
      return undefined
    }
    const wait = this.hold(name)
    if (wait === undefined) {
      this.join(connection, name, options)
      this.release(name)
      return undefined
    }
    connection.awaits(name)
    return wait.then(() => {
      // It may have left meanwhile.
      if (connection.forgo(name)) this.join(connection, name, options)
      this.release(name)
    })
  }

  /** Puts a connection into a room. The answer goes out before anything of the room does. */
  join(connection: HubConnection, name: string, options: JoinOptions): void {
    if (connection.gone) return
    const { core } = this
    const room = this.rooms.ensure(name)
    const change = this.rooms.join(connection, room)
    const { keeps, offset, epoch, shift } = room
    const kept = this.keptFrom(room)
    const wanted = options.from ?? (options.last === undefined ? offset : offset - options.last)
    const from = change === undefined ? offset : Math.min(Math.max(wanted, kept), offset)
    const announced =
      change !== undefined &&
      keeps === undefined &&
      options.quiet !== true &&
      connection.announce(true, room.topic, options.correlationId, core.size(name))
    if (options.quiet !== true && !announced) {
      const numbers = keeps === undefined ? {} : { epoch, offset: from }
      connection.answer('joined', options.correlationId, { members: core.size(name), ...numbers }, name)
    }
    if (change === undefined) return
    if (keeps !== undefined) this.idle.delete(room)
    if (keeps === undefined) {
      if (!announced) core.transport.subscribe(connection.socket, room.topic)
    } else {
      const at = from + shift
      core.transport.subscribeFrom(connection.socket, room.topic, at, offset + shift, options.partial ?? '')
    }
    core.counters.joins++
    this.changed('user_joined', connection, change)
    core.log({ level: 'debug', event: 'join', room: name }, connection)
    core.tell('join', connection, name)
  }

  /** Takes it out. Its answer is behind everything of the room that comes. False: it was not in the room. */
  leave(connection: HubConnection, name: string, correlationId?: string): boolean {
    const { core } = this
    const waited = connection.forgo(name)
    const change = this.rooms.leave(connection, name)
    if (change === undefined) {
      if (waited) connection.answer('left', correlationId, undefined, name)
      return waited
    }
    const { room } = change
    if (!connection.announce(false, room.topic, correlationId, 0)) {
      core.transport.unsubscribe(connection.socket, room.topic)
      connection.answer('left', correlationId, undefined, name)
    }
    core.counters.leaves++
    if (room.members.size === 0) {
      // Who has only lost its connection comes back and wants what was said meanwhile.
      room.touched = Date.now()
      if (room.keeps !== undefined) this.idle.add(room)
    }
    this.changed('user_left', connection, change)
    core.log({ level: 'debug', event: 'leave', room: name }, connection)
    core.tell('leave', connection, name)
    return true
  }

  /** Tells members, here and on other nodes, that somebody has come or gone. */
  private changed(
    type: 'user_joined' | 'user_left',
    connection: HubConnection,
    { room, user }: Change<HubConnection>,
  ): void {
    const { nodes } = this.core
    const { userId } = connection
    const news = user && !(userId !== undefined && nodes?.elsewhere(room.name, userId) === true)
    if (news) this.notice(type, room, userId, connection)
    nodes?.changed(room, connection, type === 'user_joined', user)
  }

  /** `user_joined` or `user_left` to the members, but for the one it is about. */
  notice(
    type: 'user_joined' | 'user_left',
    room: Room<HubConnection>,
    userId: string | undefined,
    about: HubConnection | string,
  ): void {
    const { core } = this
    const own = typeof about === 'string' ? undefined : about
    const others = room.members.size - (own !== undefined && room.members.has(own) ? 1 : 0)
    // Who is sent away comes back elsewhere; those it would be said to are sent away as well.
    if (!core.options.notices || others === 0 || core.farewell !== undefined) return
    const id = typeof about === 'string' ? about : about.id
    const payload = payloadText(type, userId === undefined ? { connection: id } : { userId })
    const text = writeMessage(type, { room: room.name, userId, payload }, Date.now())
    core.counted(text)
    try {
      core.transport.publish([room.topic], text, own?.gone === false ? own.socket : undefined)
    } catch (error) {
      core.report(error, undefined)
    }
  }
}
