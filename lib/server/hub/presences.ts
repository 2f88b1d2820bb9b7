// Presence of a hub's users: tells rooms and watchers of every change.
import type { Deadline } from './deadlines'
import { isName, longest, payloadText, writeMessage, type HubMessage } from './envelope'
import type { HubConnection } from './hub-connection'
import type { HubCore } from './hub-core'
import { HubError } from './hub-error'
import { PresenceBook, type Presence, type PresenceChange } from './presence'

/** Users that one answer lists. */
const mostListed = 1000
/** Characters of `custom` as JSON. */
const longestCustom = 1024
/** Users that one message may watch. */
const mostWatched = 100

export class Presences {
  private readonly book: PresenceBook
  private timer: Deadline | undefined

  constructor(
    private readonly core: HubCore,
    timeout: number,
  ) {
    this.book = new PresenceBook(timeout)
  }

  get(userId: string): Presence | undefined {
    return this.book.get(userId)
  }

  /** Users of a room, or all that are known and asked for. */
  inRoom(name: string): Presence[] {
    const found: Presence[] = []
    const here = this.core.rooms.get(name)?.users.keys() ?? []
    for (const userId of new Set([...here, ...(this.core.nodes?.usersOf(name) ?? [])])) {
      const presence = this.book.get(userId)
      if (presence !== undefined) found.push(presence)
      if (found.length === mostListed) break
    }
    return found
  }

  opened(userId: string): void {
    this.publish(this.book.opened(userId, Date.now()))
    if (this.core.users.get(userId)?.size === 1) this.tellNodes(userId, true)
  }

  closed(userId: string, rooms: readonly string[]): void {
    this.book.closed(userId, Date.now(), rooms)
    if (!this.core.users.has(userId)) this.tellNodes(userId, false)
    this.arm()
  }

  // ------------------------------------------------------------------------------------------------------ other nodes

  private tellNodes(userId: string, there: boolean): void {
    const presence = this.book.get(userId)
    if (presence !== undefined) this.core.nodes?.tellUser(presence, there)
  }

  /** Another node says how a user is. `there`: it has connections there. */
  elsewhere(node: string, presence: Presence, there: boolean): void {
    const rooms = there ? [] : this.roomsOf(presence.userId)
    this.publish(this.book.elsewhere(node, presence, there, Date.now(), rooms))
    this.arm()
  }
  nodeGone(node: string): void {
    this.book.nodeGone(node, Date.now(), (userId) => this.roomsOf(userId))
    this.arm()
  }
  private roomsOf(userId: string): string[] {
    return [...(this.core.nodes?.roomsOf(userId) ?? [])]
  }

  /** Says how all users of this node are, in parts. */
  tellAll(say: (users: Presence[]) => void): void {
    let part: Presence[] = []
    for (const presence of this.book.here()) {
      if (part.push(presence) < mostListed / 2) continue
      say(part)
      part = []
    }
    if (part.length > 0) say(part)
  }

  /** A `presence_update` of a peer: sets its status, watches users, or asks for those of a room. */
  async message(connection: HubConnection, message: HubMessage): Promise<unknown> {
    const payload = (message.payload ?? {}) as Record<string, unknown>
    const { userId } = connection
    const { status, custom } = payload
    if (status !== undefined || custom !== undefined) {
      if (userId === undefined) throw new HubError('UNAUTHORIZED', 'Only users have a status')
      if (status !== undefined && status !== 'online' && status !== 'away') {
        throw new HubError('INVALID_MESSAGE', "`payload.status` must be 'online' or 'away'")
      }
      if (custom !== undefined && JSON.stringify(custom).length > longestCustom) {
        throw new HubError(
          'INVALID_MESSAGE',
          `\`payload.custom\` may have ${longestCustom} characters of JSON`,
        )
      }
      const change = this.book.set(userId, status ?? 'online', custom)
      this.publish(change)
      if (change !== undefined) this.tellNodes(userId, true)
    }
    const watched: Presence[] = []
    for (const user of userList(payload['watch'], 'watch')) {
      if ((await this.core.options.authorize?.(connection, 'watch', user, undefined)) === false) {
        throw new HubError('UNAUTHORIZED', 'This user may not be watched')
      }
      this.core.transport.subscribe(connection.socket, `p:${user}`)
      watched.push(this.book.get(user) ?? { userId: user, status: 'offline', lastSeen: 0 })
    }
    for (const user of userList(payload['unwatch'], 'unwatch')) {
      this.core.transport.unsubscribe(connection.socket, `p:${user}`)
    }
    if (message.room === undefined) return { users: watched }
    if (!connection.inRoom(message.room)) throw new HubError('NOT_A_MEMBER', 'Join the room first')
    return { users: [...watched, ...this.inRoom(message.room)] }
  }

  private arm(): void {
    const at = this.book.next()
    if (at === 0 || (this.timer !== undefined && this.timer.at <= at && this.timer.run !== undefined)) return
    this.timer?.cancel()
    this.timer = this.core.deadlines.add(at, () => {
      this.timer = undefined
      for (const change of this.book.due(Date.now())) this.publish(change)
      this.arm()
    })
  }

  /** Everybody who shares a room with the user or watches it hears it; who does both hears it of each. */
  private publish(change: PresenceChange | undefined): void {
    if (change === undefined) return
    const { presence } = change
    const { userId } = presence
    const payload = payloadText('presence_update', presence)
    const rooms = new Set([...change.rooms, ...this.roomsOf(userId)])
    for (const connection of this.core.users.get(userId) ?? []) {
      for (const room of connection.roomCount === 0 ? [] : connection.roomNames) rooms.add(room)
    }
    const say = (topic: string, room?: string): void => {
      const text = writeMessage('presence_update', { room, userId, payload }, Date.now())
      this.core.transport.publish([topic], text, undefined)
    }
    try {
      say(`p:${userId}`)
      for (const name of rooms) {
        const room = this.core.rooms.get(name)
        if (room !== undefined && room.members.size > 0) say(room.topic, name)
      }
    } catch (error) {
      this.core.report(error, undefined)
    }
  }
}

function userList(value: unknown, name: string): string[] {
  if (value === undefined) return []
  if (
    !Array.isArray(value) ||
    value.length > mostWatched ||
    value.some((user) => !isName(user, longest.user))
  ) {
    throw new HubError('INVALID_MESSAGE', `\`payload.${name}\` must list at most ${mostWatched} user ids`)
  }
  return value as string[]
}
