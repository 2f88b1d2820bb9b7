// Who is in which room on other nodes, as they say it. State only; times are passed in.

/** What changed for a room's members here: nobody else has, or had, the name there. */
export interface RosterChange {
  room: string
  joined: string[]
  left: string[]
}

interface Part {
  names: Set<string>
  /** Members, with those that are not named. */
  count: number
  heardAt: number
}

/** Names of one node in one room; further ones only count. */
export const mostNames = 10_000

export class Roster {
  /** Rooms that this node hears of: by node. */
  private readonly rooms = new Map<string, Map<string, Part>>()
  /** Rooms by name of a member, with how many nodes say so. */
  private readonly where = new Map<string, Map<string, number>>()

  open(room: string): void {
    if (!this.rooms.has(room)) this.rooms.set(room, new Map())
  }
  /** Nothing is heard of the room any more. */
  close(room: string): void {
    for (const { names } of this.rooms.get(room)?.values() ?? []) {
      for (const name of names) this.count(name, room, -1)
    }
    this.rooms.delete(room)
  }
  isOpen(room: string): boolean {
    return this.rooms.has(room)
  }
  opened(): IterableIterator<string> {
    return this.rooms.keys()
  }

  /** Whether another node has the name in the room. */
  has(room: string, name: string): boolean {
    return this.where.get(name)?.has(room) === true
  }
  /** Rooms in which other nodes have the name. */
  roomsOf(name: string): Iterable<string> {
    return this.where.get(name)?.keys() ?? []
  }
  /** Names in a room on other nodes. */
  names(room: string): Set<string> {
    const all = new Set<string>()
    for (const { names } of this.rooms.get(room)?.values() ?? []) for (const name of names) all.add(name)
    return all
  }
  /** Members on other nodes. */
  size(room: string): number {
    let size = 0
    for (const { count } of this.rooms.get(room)?.values() ?? []) size += count
    return size
  }

  /** A node says who has come and gone, and how many are there now. */
  change(
    node: string,
    room: string,
    joined: readonly string[],
    left: readonly string[],
    count: number,
    now: number,
  ): RosterChange | undefined {
    const part = this.part(node, room, now)
    if (part === undefined) return undefined
    part.count = count
    const change: RosterChange = { room, joined: [], left: [] }
    for (const name of joined) {
      if (part.names.has(name) || part.names.size >= mostNames) continue
      part.names.add(name)
      if (this.count(name, room, 1) === 1) change.joined.push(name)
    }
    for (const name of left) {
      if (part.names.delete(name) && this.count(name, room, -1) === 0) change.left.push(name)
    }
    return change
  }

  /** A node says all that are there. */
  whole(
    node: string,
    room: string,
    names: readonly string[],
    count: number,
    now: number,
  ): RosterChange | undefined {
    const part = this.part(node, room, now)
    if (part === undefined) return undefined
    const wanted = new Set(names)
    const left = [...part.names].filter((name) => !wanted.has(name))
    return this.change(node, room, names, left, count, now)
  }

  /** A node is gone. */
  gone(node: string): RosterChange[] {
    const changes: RosterChange[] = []
    for (const room of this.rooms.keys()) {
      const change = this.remove(node, room)
      if (change !== undefined) changes.push(change)
    }
    return changes
  }

  /** What was not said again since a time is over. */
  expire(before: number): RosterChange[] {
    const changes: RosterChange[] = []
    for (const [room, parts] of this.rooms) {
      for (const [node, { heardAt }] of parts) {
        if (heardAt >= before) continue
        const change = this.remove(node, room)
        if (change !== undefined) changes.push(change)
      }
    }
    return changes
  }

  private remove(node: string, room: string): RosterChange | undefined {
    const parts = this.rooms.get(room)
    const part = parts?.get(node)
    if (parts === undefined || part === undefined) return undefined
    parts.delete(node)
    return { room, joined: [], left: [...part.names].filter((name) => this.count(name, room, -1) === 0) }
  }

  private part(node: string, room: string, now: number): Part | undefined {
    const parts = this.rooms.get(room)
    if (parts === undefined) return undefined
    let part = parts.get(node)
    if (part === undefined) parts.set(node, (part = { names: new Set(), count: 0, heardAt: now }))
    part.heardAt = now
    return part
  }

  /** How many nodes have the name in the room now. */
  private count(name: string, room: string, by: 1 | -1): number {
    let rooms = this.where.get(name)
    if (rooms === undefined) this.where.set(name, (rooms = new Map<string, number>()))
    const nodes = (rooms.get(room) ?? 0) + by
    if (nodes > 0) rooms.set(room, nodes)
    else {
      rooms.delete(room)
      if (rooms.size === 0) this.where.delete(name)
    }
    return nodes
  }
}
