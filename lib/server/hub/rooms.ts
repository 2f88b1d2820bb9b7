// Who is in which room, and where each room's numbering stands. State only: nothing is sent from here.
import type { CheckedBounds } from './transport'

/** What is in a room. */
export interface Member {
  readonly userId: string | undefined
  /** Rooms by name. */
  readonly joined: Map<string, Room<Member>>
}

export class Room<M> {
  readonly members = new Set<M>()
  /** Connections of each user that are in the room. */
  readonly users = new Map<string, number>()
  /** Offset of the last message that was kept. */
  offset = 0
  /** When a message was kept or the last member left, in milliseconds since the epoch. */
  touched = 0
  readonly topic: string

  constructor(
    readonly name: string,
    /** Changes whenever the numbering starts anew. */
    readonly epoch: string,
    /** What the room keeps; undefined: nothing. */
    readonly keeps: CheckedBounds | undefined,
  ) {
    this.topic = `r:${name}`
  }
}

/** A join or leave that others may be told of. */
export interface Change<M> {
  room: Room<M>
  /** The user was not, or is no longer, in the room by another connection. */
  user: boolean
}

export class Rooms<M extends Member> {
  private readonly rooms = new Map<string, Room<M>>()
  /** Memberships in all rooms. */
  memberships = 0

  constructor(private readonly make: (name: string) => Room<M>) {}

  get size(): number {
    return this.rooms.size
  }
  get(name: string): Room<M> | undefined {
    return this.rooms.get(name)
  }
  values(): IterableIterator<Room<M>> {
    return this.rooms.values()
  }

  /** The room of a name, made when there is none. */
  ensure(name: string): Room<M> {
    let room = this.rooms.get(name)
    if (room === undefined) {
      room = this.make(name)
      this.rooms.set(name, room)
    }
    return room
  }

  /** Undefined when it is in the room already. */
  join(member: M, name: string): Change<M> | undefined {
    const room = this.ensure(name)
    if (room.members.has(member)) return undefined
    room.members.add(member)
    member.joined.set(name, room)
    this.memberships++
    const { userId } = member
    if (userId === undefined) return { room, user: true }
    const before = room.users.get(userId) ?? 0
    room.users.set(userId, before + 1)
    return { room, user: before === 0 }
  }

  /** Undefined when it is not in the room. An empty room that keeps nothing is gone then. */
  leave(member: M, name: string): Change<M> | undefined {
    const room = this.rooms.get(name)
    if (room?.members.delete(member) !== true) return undefined
    member.joined.delete(name)
    this.memberships--
    let user = true
    if (member.userId !== undefined) {
      const left = (room.users.get(member.userId) ?? 1) - 1
      user = left === 0
      if (user) room.users.delete(member.userId)
      else room.users.set(member.userId, left)
    }
    if (room.members.size === 0 && room.keeps === undefined) this.rooms.delete(name)
    return { room, user }
  }

  /** A member that had no user has one from now on; call it before the member says so itself. */
  identify(member: M, userId: string): void {
    for (const { users } of member.joined.values()) users.set(userId, (users.get(userId) ?? 0) + 1)
  }

  /** Forgets an empty room and what it keeps. */
  remove(room: Room<M>): void {
    if (room.members.size === 0 && this.rooms.get(room.name) === room) this.rooms.delete(room.name)
  }
}
