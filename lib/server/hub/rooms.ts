// Who is in which room, and where each room's numbering stands. State only: nothing is sent from here.
import { FewSet } from './few-set'
import type { LoggedRoom } from './logged-room'
import type { RoomDelivery } from './room-delivery'
import type { CheckedBounds } from './transport'

/** What is in a room. */
export interface Member {
  readonly userId: string | undefined
  readonly joined: FewSet<Room<Member>>
}

/** Users of a room in which nobody has said who it is. Never written to. */
const nobody = new Map<string, number>()

/** What the topic of a room has before its name. */
export const roomTopic = 'r:'

export class Room<M> {
  readonly members = new FewSet<M>()
  private known = nobody
  /** Offset of the last message that was kept. */
  offset = 0
  /** What is kept is of this epoch above this offset. */
  begins = 0
  /**
   * What the I/O threads call the offset, less the offset: they count on, whatever becomes of the epoch.
   *
   *   offset         epoch a: 7 8 9 │ epoch b: 1 2 3
   *   I/O threads             1 2 3 │          4 5 6
   */
  shift = 0
  /** Its log, where an adapter keeps one, and what becomes of its entries. */
  log: LoggedRoom | undefined
  delivery: RoomDelivery | undefined
  /** Other nodes are heard. */
  opened = false
  /** Until it may be joined: other nodes are heard, and what was kept is here. */
  ready: Promise<void> | undefined
  /** Who waits for that. */
  entering = 0
  /** When a message was kept or the last member left, in milliseconds since the epoch. */
  touched = 0
  readonly topic: string

  constructor(
    readonly name: string,
    /** Changes whenever the numbering starts anew. '' where nothing is kept. */
    public epoch: string,
    /** What the room keeps; undefined: nothing. */
    readonly keeps: CheckedBounds | undefined,
  ) {
    this.topic = roomTopic + name
  }

  /** Connections of each user that are in the room. */
  get users(): ReadonlyMap<string, number> {
    return this.known
  }
  /** One more connection of a user, or one less: how many there are now. */
  count(userId: string, more: 1 | -1): number {
    const now = (this.known.get(userId) ?? 0) + more
    if (now <= 0) this.known.delete(userId)
    else if (this.known === nobody) this.known = new Map([[userId, now]])
    else this.known.set(userId, now)
    return now
  }

  /** The numbering begins anew: the next offset of the epoch is `offset` + 1. */
  enter(epoch: string, offset: number): void {
    this.shift += this.offset - offset
    this.epoch = epoch
    this.offset = this.begins = offset
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

  constructor(
    private readonly make: (name: string) => Room<M>,
    private readonly gone: (room: Room<M>) => void,
  ) {}

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
  join(member: M, room: Room<M>): Change<M> | undefined {
    if (!room.members.add(member)) return undefined
    member.joined.add(room)
    this.memberships++
    const { userId } = member
    return { room, user: userId === undefined || room.count(userId, 1) === 1 }
  }

  /** Undefined when it is not in the room. An empty room that keeps nothing is gone then. */
  leave(member: M, name: string): Change<M> | undefined {
    const room = this.rooms.get(name)
    if (room?.members.delete(member) !== true) return undefined
    member.joined.delete(room)
    this.memberships--
    const { userId } = member
    const user = userId === undefined || room.count(userId, -1) <= 0
    if (room.keeps === undefined) this.remove(room)
    return { room, user }
  }

  /** A member that had no user has one from now on; call it before the member says so itself. */
  identify(member: M, userId: string): void {
    for (const room of member.joined) room.count(userId, 1)
  }

  /** Forgets an empty room and what it keeps. */
  remove(room: Room<M>): void {
    if (room.members.size > 0 || room.entering > 0 || this.rooms.get(room.name) !== room) return
    this.rooms.delete(room.name)
    this.gone(room)
  }
}
