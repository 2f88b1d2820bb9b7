// Who is there: a user is online while one of its connections lives, and offline some time after the last has gone.
// Times are passed in.

export type PresenceStatus = 'online' | 'away' | 'offline'

/** What is known of a user. */
export interface Presence {
  userId: string
  status: PresenceStatus
  /** The user's own words or data, as `presence_update` set it. */
  custom?: unknown
  /** When the user was last there, in milliseconds since the epoch; while it is, when it came. */
  lastSeen: number
}

interface Entry {
  presence: Presence
  connections: number
  /** Other nodes on which it has some. */
  nodes: Set<string> | undefined
  /** When it becomes offline; 0: it has connections, or is offline already. */
  leavesAt: number
  /** Rooms that the user was in when the last connection went. */
  rooms: readonly string[]
}

/** A status that others should hear of, and where. */
export interface PresenceChange {
  presence: Presence
  /** Rooms the user has left but that have to be told; empty where it is still in them. */
  rooms: readonly string[]
}

/** Users that are offline and still known. */
const mostKnown = 10_000

export class PresenceBook {
  private readonly entries = new Map<string, Entry>()
  /** Users without a connection, in the order in which they went. */
  private readonly leaving = new Map<string, Entry>()
  private readonly offline = new Map<string, Entry>()

  constructor(private readonly timeout: number) {}

  get size(): number {
    return this.entries.size
  }

  get(userId: string): Presence | undefined {
    return this.entries.get(userId)?.presence
  }

  /** A connection of the user is there. A change when it was offline. */
  opened(userId: string, now: number): PresenceChange | undefined {
    const entry = this.entries.get(userId)
    if (entry === undefined) {
      const presence: Presence = { userId, status: 'online', lastSeen: now }
      this.entries.set(userId, { presence, connections: 1, nodes: undefined, leavesAt: 0, rooms: [] })
      return { presence, rooms: [] }
    }
    entry.connections++
    entry.leavesAt = 0
    this.leaving.delete(userId)
    if (!this.offline.delete(userId)) return undefined
    entry.presence = { ...entry.presence, status: 'online', lastSeen: now }
    return { presence: entry.presence, rooms: [] }
  }

  /** A connection of the user has gone. `rooms`: those it was in. */
  closed(userId: string, now: number, rooms: readonly string[]): void {
    const entry = this.entries.get(userId)
    if (entry === undefined || --entry.connections > 0 || hasNodes(entry)) return
    entry.presence = { ...entry.presence, lastSeen: now }
    this.leaves(userId, entry, now, rooms)
  }

  private leaves(userId: string, entry: Entry, now: number, rooms: readonly string[]): void {
    entry.leavesAt = now + this.timeout
    entry.rooms = rooms
    this.leaving.set(userId, entry)
  }

  /** Another node says how a user is, and whether it has connections there. `rooms`: those where others see it. */
  elsewhere(
    node: string,
    presence: Presence,
    there: boolean,
    now: number,
    rooms: readonly string[],
  ): PresenceChange | undefined {
    const { userId } = presence
    let entry = this.entries.get(userId)
    if (!there) {
      if (entry?.nodes?.delete(node) === true) this.left(userId, entry, now, rooms)
      return undefined
    }
    const fresh = entry === undefined
    entry ??= { presence, connections: 0, nodes: undefined, leavesAt: 0, rooms: [] }
    if (fresh) this.entries.set(userId, entry)
    entry.nodes ??= new Set()
    entry.nodes.add(node)
    entry.leavesAt = 0
    this.leaving.delete(userId)
    const came = this.offline.delete(userId) || fresh
    const { status, custom } = entry.presence
    const same = status === presence.status && JSON.stringify(custom) === JSON.stringify(presence.custom)
    if (same && !came) return undefined
    entry.presence = presence
    return { presence, rooms: [] }
  }

  /** A node is gone, with its connections. */
  nodeGone(node: string, now: number, roomsOf: (userId: string) => readonly string[]): void {
    for (const [userId, entry] of this.entries) {
      if (entry.nodes?.delete(node) === true) this.left(userId, entry, now, roomsOf(userId))
    }
  }
  private left(userId: string, entry: Entry, now: number, rooms: readonly string[]): void {
    if (entry.connections === 0 && !hasNodes(entry)) this.leaves(userId, entry, now, rooms)
  }

  /** Users that have connections here. */
  *here(): Iterable<Presence> {
    for (const { connections, presence } of this.entries.values()) if (connections > 0) yield presence
  }

  /** The user says how it is; undefined when nothing changes. */
  set(userId: string, status: 'online' | 'away', custom: unknown): PresenceChange | undefined {
    const entry = this.entries.get(userId)
    if (entry === undefined || entry.connections === 0) return undefined
    const { presence } = entry
    if (presence.status === status && JSON.stringify(presence.custom) === JSON.stringify(custom))
      return undefined
    entry.presence = {
      userId,
      status,
      lastSeen: presence.lastSeen,
      ...(custom === undefined ? {} : { custom }),
    }
    return { presence: entry.presence, rooms: [] }
  }

  /** Users that are offline by now. */
  due(now: number): PresenceChange[] {
    const changes: PresenceChange[] = []
    for (const [userId, entry] of this.leaving) {
      if (entry.leavesAt > now) break
      this.leaving.delete(userId)
      const { rooms, presence } = entry
      entry.presence = { userId, status: 'offline', lastSeen: presence.lastSeen }
      entry.rooms = []
      this.offline.set(userId, entry)
      changes.push({ presence: entry.presence, rooms })
    }
    for (const userId of this.offline.keys()) {
      if (this.offline.size <= mostKnown) break
      this.offline.delete(userId)
      this.entries.delete(userId)
    }
    return changes
  }

  /** When `due` has something to tell; 0: not before something else happens. */
  next(): number {
    for (const entry of this.leaving.values()) return entry.leavesAt
    return 0
  }
}

function hasNodes({ nodes }: Entry): boolean {
  return nodes !== undefined && nodes.size > 0
}
