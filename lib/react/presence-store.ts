// Who is in a room, and how users are that are watched.
import type { Envelope } from '../client/protocol-map'
import type { Presence, PresenceStatus } from '../server/hub/presence'
import type { Connection } from './connection'
import { type RoomLease, enterRoom } from './rooms'
import { ClientStore, type Surroundings } from './store'
import type { SomeClient } from './use-messages'

interface Shown {
  users: readonly Presence[]
  present: readonly Presence[]
  get: (userId: string) => Presence | undefined
  statusOf: (userId: string) => PresenceStatus
  ready: boolean
  error: Error | undefined
}

function shown(users: readonly Presence[], ready: boolean, error: Error | undefined): Shown {
  const get = (userId: string): Presence | undefined => users.find((user) => user.userId === userId)
  return {
    users,
    present: users.filter(({ status }) => status !== 'offline'),
    get,
    statusOf: (userId) => get(userId)?.status ?? 'offline',
    ready,
    error,
  }
}

const nothing = shown([], false, undefined)
/** Milliseconds that somebody who has left is still shown: who reloads the page comes again. */
const grace = 2000
/** Users that one message may watch, and that one list may have. */
const mostWatched = 100
const mostUsers = 1000

/** How many stores of a client watch a user: to a hub the client does, or does not. */
const watches = new WeakMap<SomeClient, Map<string, number>>()

/** One more, or one less; whether any is left. */
function watch(client: SomeClient, userId: string, by: 1 | -1): boolean {
  let users = watches.get(client)
  if (users === undefined) watches.set(client, (users = new Map<string, number>()))
  const now = (users.get(userId) ?? 0) + by
  if (now > 0) users.set(userId, now)
  else users.delete(userId)
  return now > 0
}

export class PresenceStore extends ClientStore<Shown> {
  readonly actions = {
    setStatus: (status: 'online' | 'away', custom?: unknown) => this.setStatus(status, custom),
  }
  private readonly watched: readonly string[]
  private readonly known = new Map<string, Presence>()
  /** Users that are in the list because they are in the room. */
  private readonly inRoom = new Set<string>()
  private readonly leaving = new Map<string, () => void>()
  private place: RoomLease | undefined
  private ready = false
  private failure: Error | undefined
  private own: { status: 'online' | 'away'; custom?: unknown } | undefined
  private asked = 0
  private view: Shown | undefined

  constructor(
    surroundings: Surroundings,
    connection: Connection,
    private readonly room: string | undefined,
    watched: readonly string[],
  ) {
    super(surroundings, connection)
    this.watched = [...new Set(watched)].slice(0, mostWatched)
  }

  protected attach(client: SomeClient): void {
    const on = (type: string, handler: (message: Envelope<string, Presence>) => void): void => {
      const subscription = client.subscribe({ type }, (message: Envelope<string, Presence>) => {
        handler(message)
        this.news()
      })
      this.finally(() => subscription.unsubscribe())
    }
    for (const user of this.watched) watch(client, user, 1)
    on('presence_update', ({ room, payload }) => this.update(payload, room))
    if (this.room !== undefined) {
      on('user_joined', ({ room, payload }) => this.joined(payload.userId, room))
      on('user_left', ({ room, payload }) => this.left(payload.userId, room))
      const place = enterRoom(client, this.room, 0, () => {
        if (place.state === 'joined') this.ask(client)
        this.news()
      })
      this.place = place
      if (place.state === 'joined') this.ask(client)
    } else this.whenConnected(client, () => this.ask(client))
    this.finally(() => this.end(client))
  }
  private end(client: SomeClient): void {
    this.asked++
    this.place?.release()
    this.place = undefined
    this.stay()
    const unwatch = this.watched.filter((user) => !watch(client, user, -1))
    if (client.state !== 'connected' || unwatch.length === 0) return
    client.request('presence_update', { unwatch }).catch(() => undefined)
  }
  /** Nobody is leaving. */
  private stay(): void {
    for (const cancel of this.leaving.values()) cancel()
    this.leaving.clear()
  }

  /** How all of them are now. */
  private ask(client: SomeClient): void {
    const turn = ++this.asked
    if (this.own !== undefined) client.request('presence_update', this.own).catch(() => undefined)
    if (this.room === undefined && this.watched.length === 0) return
    const payload = this.watched.length === 0 ? {} : { watch: this.watched }
    const options = this.room === undefined ? {} : { room: this.room }
    client.request('presence_update', payload, options).then(
      (reply: unknown) => {
        if (turn !== this.asked) return
        const { users: list } = (reply ?? {}) as { users?: unknown }
        const users = Array.isArray(list) ? (list as Presence[]) : []
        // Who is in the list has come again, unheard while there was no connection.
        this.stay()
        this.known.clear()
        this.inRoom.clear()
        for (const user of users.slice(0, mostUsers)) {
          this.known.set(user.userId, user)
          if (this.room !== undefined && !this.watched.includes(user.userId)) this.inRoom.add(user.userId)
        }
        this.ready = true
        this.failure = undefined
        this.news()
      },
      (error: unknown) => {
        if (turn !== this.asked) return
        this.failure = error as Error
        this.news()
      },
    )
  }

  private update(presence: Presence, room: string | undefined): void {
    const { userId } = presence
    if (room === undefined ? this.watched.includes(userId) : room === this.room && this.inRoom.has(userId)) {
      this.known.set(userId, presence)
    }
  }
  private joined(userId: string | undefined, room: string | undefined): void {
    if (userId === undefined || room !== this.room) return
    this.leaving.get(userId)?.()
    this.leaving.delete(userId)
    if (this.known.size >= mostUsers) return
    this.inRoom.add(userId)
    const known = this.known.get(userId)
    if (known !== undefined && known.status !== 'offline') return
    this.known.set(userId, { userId, status: 'online', lastSeen: this.clock.now() })
  }
  private left(userId: string | undefined, room: string | undefined): void {
    if (userId === undefined || room !== this.room) return
    this.leaving.get(userId)?.()
    const gone = (): void => {
      this.leaving.delete(userId)
      this.inRoom.delete(userId)
      if (!this.watched.includes(userId)) this.known.delete(userId)
      this.news()
    }
    this.leaving.set(userId, this.clock.after(grace, gone))
  }

  private setStatus(status: 'online' | 'away', custom: unknown): void {
    this.own = custom === undefined ? { status } : { status, custom }
    const client = this.held
    if (client?.state !== 'connected') return
    client.request('presence_update', this.own).catch((error: unknown) => {
      this.failure = error as Error
      this.news()
    })
  }

  private news(): void {
    this.view = undefined
    this.changed()
  }
  protected compose(): Shown {
    const error = this.place?.error ?? this.failure
    return (this.view ??= shown([...this.known.values()], this.ready, error))
  }
  protected initial(): Shown {
    return nothing
  }
}
