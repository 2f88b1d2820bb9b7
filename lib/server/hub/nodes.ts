// The other nodes: which live, who is in the rooms there, how their users are. What is said is small and often lost: so all
// of it is said again from time to time, and what is not said again is over.
//
//   hi   to all          every `interval`; also the word of a node that has just come
//   bye  to all          the node ends
//   ask  to a node       tell me how your users are           ─►  us   the users, in parts
//   who  to a room       tell me who is in it                 ─►  all  everybody in it, in parts
//   in   to a room       who has come and gone, and how many there are
//   is   to all          how a user is
import type { HubConnection } from './hub-connection'
import type { HubCore } from './hub-core'
import { type NodeLink, type Said, allNodes, nodeChannel, roomChannel } from './node-link'
import type { Presence } from './presence'
import { Roster, type RosterChange, mostNames } from './roster'
import type { Room } from './rooms'
import type { NodeTimes } from './hub-options'

/** Names or users of one text. */
const mostListed = 500
/** Intervals in which each room is said anew. */
const roundsToRefresh = 6
/** Milliseconds after the opening of a room in which those who were there before are no news. */
const settling = 2000

interface In {
  room: string
  joined: string[]
  left: string[]
  count: number
  /** No news. */
  quiet?: boolean
}
interface All {
  room: string
  names: string[]
  count: number
  first: boolean
  last: boolean
}

export class Nodes {
  private readonly roster = new Roster()
  /** When each node was heard last. */
  private readonly heard = new Map<string, number>()
  private readonly openedAt = new Map<string, number>()
  /** Parts of what nodes say of whole rooms. */
  private readonly parts = new Map<string, string[]>()
  private round = 0
  private ended = false

  constructor(
    private readonly core: HubCore,
    private readonly link: NodeLink,
    private readonly times: NodeTimes,
  ) {
    link.on('hi', () => undefined)
    link.on('bye', ({ n }) => this.lost(n))
    link.on('ask', ({ n }) => this.tellUsers(n))
    link.on('who', ({ n, room }) => this.tellRoom(nodeChannel(n), room as string))
    link.on('in', (head) => {
      const { n, room, joined, left, count, quiet } = head as unknown as Said & In
      const change = this.roster.change(n, room, joined, left, count, Date.now())
      if (quiet !== true) this.news(change)
    })
    link.on('all', (head) => this.hearRoom(head as unknown as Said & All))
    link.on('is', ({ n, user, there }) => core.presences?.elsewhere(n, user as Presence, there as boolean))
    link.on('us', ({ n, users }) => {
      for (const user of users as Presence[]) core.presences?.elsewhere(n, user, true)
    })
    core.deadlines.add(Date.now() + times.interval, () => this.tick())
  }

  /** How many nodes are heard, this one included. */
  get size(): number {
    return this.heard.size + 1
  }

  // ------------------------------------------------------------------------------------------------------------ nodes

  /** Something of a node was heard. */
  hear(node: string): void {
    const known = this.heard.has(node)
    this.heard.set(node, Date.now())
    // So it hears of this one, too.
    if (!known) this.link.say(nodeChannel(node), 'ask', {})
  }

  /** The broker is reached, perhaps again. */
  connected(): void {
    this.link.say(allNodes, 'hi', {})
    this.core.presences?.tellAll((users) => this.link.say(allNodes, 'us', { users }))
    for (const node of this.heard.keys()) this.link.say(nodeChannel(node), 'ask', {})
    this.refresh([...this.roster.opened()], true)
  }

  private tick(): void {
    if (this.ended) return
    const { interval, timeout } = this.times
    const now = Date.now()
    this.core.deadlines.add(now + interval, () => this.tick())
    for (const [node, at] of this.heard) if (now - at > timeout) this.lost(node)
    const stale = now - 3 * roundsToRefresh * interval
    for (const change of this.roster.expire(stale)) this.news(change)
    if (this.link.awaySince !== 0) return
    this.link.say(allNodes, 'hi', {})
    this.round = (this.round + 1) % roundsToRefresh
    let i = 0
    const due: string[] = []
    for (const room of this.roster.opened()) if (i++ % roundsToRefresh === this.round) due.push(room)
    this.refresh(due, false)
  }

  /** Says who is in rooms, a part in each turn of the event loop. */
  private refresh(rooms: string[], ask: boolean): void {
    for (const room of rooms.slice(0, mostListed)) {
      const channel = roomChannel(room)
      if (ask) this.link.say(channel, 'who', { room })
      this.tellRoom(channel, room)
    }
    const rest = rooms.slice(mostListed)
    if (rest.length > 0) setImmediate(() => this.ended || this.refresh(rest, ask))
  }

  private lost(node: string): void {
    if (!this.heard.delete(node)) return
    for (const key of this.parts.keys()) if (key.startsWith(`${node} `)) this.parts.delete(key)
    this.link.forget(node)
    this.core.presences?.nodeGone(node)
    for (const change of this.roster.gone(node)) this.news(change)
  }

  // ------------------------------------------------------------------------------------------------------------ rooms

  /** This node hears of a room from now on. */
  opened(room: string): void {
    this.roster.open(room)
    this.openedAt.set(room, Date.now())
    this.link.say(roomChannel(room), 'who', { room })
  }
  closed(room: string): void {
    this.roster.close(room)
    this.openedAt.delete(room)
  }

  /** Somebody has come or gone here. `news`: it is not here by another connection. */
  changed(
    { name: room, members }: Room<HubConnection>,
    { userId, id }: HubConnection,
    joined: boolean,
    news: boolean,
  ): void {
    const names = news ? [userId === undefined ? connectionName(id) : userName(userId)] : []
    const change: In = { room, joined: joined ? names : [], left: joined ? [] : names, count: members.size }
    this.link.say(roomChannel(room), 'in', change)
  }

  /** A connection has a user from now on: who hears of it by its id forgets that, without a word to members. */
  identified(connection: HubConnection, user: string): void {
    for (const { name: room, members } of connection.joined) {
      const change: In = {
        ...{ room, joined: [userName(user)], left: [connectionName(connection.id)] },
        ...{ count: members.size, quiet: true },
      }
      this.link.say(roomChannel(room), 'in', change)
    }
  }

  /** Whether a user is in a room on another node. */
  elsewhere(room: string, user: string): boolean {
    return this.roster.has(room, userName(user))
  }
  /** Members on other nodes. */
  membersElsewhere(room: string): number {
    return this.roster.size(room)
  }
  /** Rooms in which a user is on other nodes, as far as this node has members there. */
  roomsOf(user: string): Iterable<string> {
    return this.roster.roomsOf(userName(user))
  }
  /** Users of a room on other nodes. */
  usersOf(room: string): string[] {
    return [...this.roster.names(room)].filter((name) => name.startsWith('u:')).map((name) => name.slice(2))
  }

  private tellRoom(channel: string, room: string): void {
    const { members, users } = this.core.rooms.get(room) ?? {}
    if (members === undefined || users === undefined || members.size === 0) return
    const names = [...users.keys()].map(userName)
    for (const { userId, id } of members) {
      if (names.length >= mostNames) break
      if (userId === undefined) names.push(connectionName(id))
    }
    for (let i = 0; i === 0 || i < names.length; i += mostListed) {
      const part: All = {
        room,
        names: names.slice(i, i + mostListed),
        count: members.size,
        first: i === 0,
        last: i + mostListed >= names.length,
      }
      this.link.say(channel, 'all', part)
    }
  }

  private hearRoom({ n, room, names, count, first, last }: Said & All): void {
    if (!this.roster.isOpen(room)) return
    const key = `${n} ${room}`
    const before = first ? [] : this.parts.get(key)
    this.parts.delete(key)
    // A part was lost; all comes again.
    if (before === undefined) return
    const all = [...before, ...names]
    if (!last) {
      if (all.length <= mostNames) this.parts.set(key, all)
      return
    }
    const now = Date.now()
    const age = now - (this.openedAt.get(room) ?? 0)
    const quiet = age < Math.min(settling, this.times.interval)
    const change = this.roster.whole(n, room, all, count, now)
    if (!quiet) this.news(change)
  }

  /** Tells the members here, where the name is not here as well. */
  private news(change: RosterChange | undefined): void {
    const room = change === undefined ? undefined : this.core.rooms.get(change.room)
    if (change === undefined || room === undefined) return
    for (const type of ['user_joined', 'user_left'] as const) {
      for (const name of type === 'user_joined' ? change.joined : change.left) {
        const id = name.slice(2)
        const user = name === userName(id) ? id : undefined
        if (user !== undefined && room.users.has(user)) continue
        this.core.memberships.notice(type, room, user, id)
      }
    }
  }

  // ------------------------------------------------------------------------------------------------------------ users

  /** How a user of this node is. `there`: it has connections here. */
  tellUser(user: Presence, there: boolean): void {
    this.link.say(allNodes, 'is', { user, there })
  }
  private tellUsers(node: string): void {
    this.core.presences?.tellAll((users) => this.link.say(nodeChannel(node), 'us', { users }))
  }

  end(): void {
    this.ended = true
    this.link.say(allNodes, 'bye', {})
  }
}

/** A user, and a connection without one, may have the same letters. */
const userName = (user: string): string => `u:${user}`
const connectionName = (id: string): string => `c:${id}`
