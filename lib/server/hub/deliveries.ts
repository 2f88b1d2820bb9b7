// How a message reaches its audience: members of rooms, users, roles, everybody; here, on other nodes, through logs.
import { openMessage, payloadText, placed } from './envelope'
import type { HubConnection } from './hub-connection'
import type { HubCore } from './hub-core'
import { allNodes, roomChannel } from './node-link'
import { entryText } from './room-delivery'
import type { Room } from './rooms'
import type { Audience } from './target'

/** Topic of all connections. */
export const everybody = 'a'

/** Who gets a message on any node. */
export interface Reach {
  all: boolean
  rooms: readonly string[]
  users: readonly string[]
  roles: readonly string[]
  /** Rooms do not keep it: it is chosen by more than the room who gets it. */
  plain?: boolean
}

/** A message on its way. */
interface Outgoing extends Reach {
  id: string
  timestamp: number
  /** Without room, place and end, see `openMessage`. */
  envelope: string
}

export type Sent = (error: Error | undefined) => void

export class Deliveries {
  constructor(private readonly core: HubCore) {
    core.link?.on('m', (head, body) => {
      const message = { ...(head as unknown as Outgoing), envelope: body }
      this.here(message, { except: [], where: undefined })
    })
  }

  /**
   * Sends a message to an audience, here and on other nodes. `sent`: called once it is in the log of each of its rooms that
   * has one, or when that fails.
   */
  deliver(
    audience: Audience,
    type: string,
    payload: unknown,
    userId: string | undefined,
    sent?: Sent,
  ): boolean {
    const { core } = this
    core.logs?.check()
    const { all, rooms, users, roles, where, except } = audience
    const id = core.nextId()
    const timestamp = Date.now()
    const envelope = openMessage(type, { id, userId, payload: payloadText(type, payload) }, timestamp)
    const plain = where !== undefined || except.length > 1
    let other: readonly string[] = all ? [] : rooms
    if (core.logs === undefined || plain || all) sent?.(undefined)
    else other = this.append(rooms, except, id, entryText(id, timestamp, envelope), sent)
    const accepted = core.logs?.crowded !== true
    if (!all && other.length + users.length + roles.length === 0) return accepted
    const message: Outgoing = { all, rooms: other, users, roles, id, timestamp, envelope }
    if (plain) message.plain = true
    const taken = this.here(message, audience)
    if (where === undefined) this.tellNodes(message)
    return taken && accepted
  }

  /** Through the log, where a room has one. Returns the other rooms. */
  private append(
    rooms: readonly string[],
    except: readonly HubConnection[],
    id: string,
    entry: string,
    sent: Sent | undefined,
  ): readonly string[] {
    const other: string[] = []
    // One for this call, so that nothing is told before all are asked.
    let left = 1
    let failed: Error | undefined
    const done: Sent = (error) => {
      failed ??= error
      if (--left === 0) sent?.(failed)
    }
    for (const name of rooms) {
      const room = this.core.rooms.ensure(name)
      if (room.log === undefined) {
        other.push(name)
        continue
      }
      if (except.length === 1 && room.members.has(except[0])) room.delivery?.except(id, except[0])
      left++
      room.log.append(entry, sent && done)
    }
    done(undefined)
    return other
  }

  private tellNodes(message: Outgoing): void {
    const { link } = this.core
    if (link === undefined) return
    const { envelope, ...head } = message
    const { all, rooms, users, roles } = head
    const one = !all && rooms.length === 1 && users.length + roles.length === 0
    link.say(one ? roomChannel(rooms[0]) : allNodes, 'm', head, envelope)
  }

  private here(message: Outgoing, less: Pick<Audience, 'except' | 'where'>): boolean {
    const { core } = this
    const { rooms, users, roles, envelope } = message
    const { except, where } = less
    const chosen = where !== undefined || except.length > 1
    const topics: string[] = message.all ? [everybody] : []
    let accepted = true
    if (!message.all) {
      for (const name of rooms) {
        const room = core.options.history === undefined ? core.rooms.get(name) : core.rooms.ensure(name)
        if (room === undefined) continue
        if (room.keeps !== undefined && message.plain !== true) {
          // Through the log it has come, or comes.
          if (room.log !== undefined) continue
          accepted = this.keep(room, envelope, except[0]) && accepted
        } else if (room.members.size > 0) topics.push(room.topic)
        else if (room.keeps === undefined) core.rooms.remove(room)
      }
      for (const user of users) if (core.users.has(user)) topics.push(`u:${user}`)
      for (const role of roles) topics.push(`o:${role}`)
    }
    if (topics.length === 0) return accepted
    const room = rooms.length === 1 && users.length + roles.length === 0 ? rooms[0] : undefined
    const text = placed(envelope, room)
    if (chosen) return this.each(message, less, text) && accepted
    core.counted(text)
    return core.transport.publish(topics, text, except[0]?.socket) && accepted
  }

  /** To a room that keeps messages and numbers them on this node. */
  private keep(room: Room<HubConnection>, envelope: string, except: HubConnection | undefined): boolean {
    const offset = room.offset + 1
    const text = placed(envelope, room.name, room.epoch, offset)
    const accepted = this.core.transport.publishKept(room.topic, text, offset + room.shift, except?.socket)
    // Not before it was accepted: numbers have no gap.
    room.offset = offset
    room.touched = Date.now()
    this.core.counted(text)
    return accepted
  }

  /** One by one: for who is chosen by more than topics. */
  private each(reach: Reach, less: Pick<Audience, 'except' | 'where'>, text: string): boolean {
    let accepted = true
    for (const connection of this.audience(reach)) {
      if (less.except.includes(connection) || less.where?.(connection) === false) continue
      accepted = connection.sendText(text) && accepted
    }
    return accepted
  }

  /** Connections of this node that are meant. */
  audience({ all, rooms, users, roles }: Reach): Iterable<HubConnection> {
    const { core } = this
    if (all) return [...core.connections].filter(({ admitted }) => admitted)
    const found = new Set<HubConnection>()
    for (const name of rooms) for (const member of core.rooms.get(name)?.members ?? []) found.add(member)
    for (const user of users) for (const connection of core.users.get(user) ?? []) found.add(connection)
    if (roles.length > 0) {
      for (const connection of core.connections) {
        if (connection.roles.some((role) => roles.includes(role))) found.add(connection)
      }
    }
    return found
  }
}
