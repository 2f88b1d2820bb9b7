// One connection of a hub: who it is, where it is, and how it is spoken to. Handlers get it as their context.
import type { WebSocket } from '../../core/websocket'
import type { AnyProtocol, ProtocolMap, ReceiveType } from '../../client/protocol-map'
import type { UpgradeRequest } from '../upgrade-request'
import type { Identity } from './auth'
import type { Deadline } from './deadlines'
import { writeMessage, payloadText } from './envelope'
import { FewSet } from './few-set'
import { HubError, wireError } from './hub-error'
import type { HubCore } from './hub-core'
import type { Room } from './rooms'
import { Target } from './target'

/** Rooms of a connection that is in none. Never written to. */
const nowhere = new FewSet<Room<HubConnection>>()
const noRoles: readonly string[] = Object.freeze([])

export class HubConnection<P extends ProtocolMap = AnyProtocol> {
  /** Whatever the program wants to keep with the connection. */
  data: unknown = undefined
  /** @internal */ identity: Identity | undefined
  /** @internal May speak: it is authenticated, or need not be. */ admitted = false
  /** @internal */ gone = false
  /** @internal Tokens that were not accepted. */ refusals = 0
  /** @internal Messages whose handlers are not done. */ inFlight = 0
  /** @internal Reasons to hold the messages that come. */ holds = 0
  /** @internal What ends it unless something happens before. */ deadline: Deadline | undefined
  private rooms = nowhere
  private entering: Set<string> | undefined
  private controller: AbortController | undefined

  /** @internal */
  constructor(
    /** @internal */ readonly core: HubCore,
    /** The socket beneath. Its `message` events are the hub's. */
    readonly socket: WebSocket,
    /** The request with which the peer asked for the connection. */
    readonly request: UpgradeRequest,
    private readonly number: number,
  ) {}

  /** Different for each connection of all hubs. */
  get id(): string {
    return `${this.core.node}-${this.number.toString(36)}`
  }
  /** The user, once it is known. */
  get userId(): string | undefined {
    return this.identity?.userId
  }
  get roles(): readonly string[] {
    return this.identity?.roles ?? noRoles
  }
  /** What `auth` said of the user beside its id and roles. */
  get claims(): unknown {
    return this.identity?.claims
  }
  hasRole(role: string): boolean {
    return this.roles.includes(role)
  }
  /** Names of the rooms that the connection is in. */
  get roomNames(): string[] {
    return Array.from(this.rooms, ({ name }) => name)
  }
  inRoom(room: string): boolean {
    return this.core.rooms.get(room)?.members.has(this as unknown as HubConnection) === true
  }
  /** @internal Nothing of it is being handled. */
  get idle(): boolean {
    return this.inFlight === 0 && this.holds === 0
  }
  /** Whether messages can still reach it. */
  get open(): boolean {
    return !this.gone
  }
  /** Aborted when the connection has ended: for work that is done for this peer alone. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController()
    if (this.gone) this.controller.abort()
    return this.controller.signal
  }

  /** Sends a message to this connection alone. False: it is above its high-water mark, or closed. */
  send<T extends ReceiveType<P>>(
    type: T,
    payload?: P['receive'][T],
    options: { room?: string } = {},
  ): boolean {
    const parts = { id: this.core.nextId(), payload: payloadText(type, payload), room: options.room }
    return this.sendText(writeMessage(type, parts, Date.now()))
  }
  /** Others in rooms: everybody but this connection. */
  to(...rooms: string[]): Target<P> {
    return new Target<P>(this.core).to(...rooms).except(this as unknown as HubConnection)
  }
  /** Sends to all connections but this one. */
  broadcast<T extends ReceiveType<P>>(type: T, payload?: P['receive'][T]): boolean {
    return new Target<P>(this.core)
      .toAll()
      .except(this as unknown as HubConnection)
      .send(type, payload)
  }
  /**
   * Puts the connection into a room, without asking `authorize`; the peer gets `joined`. With an adapter that takes until
   * other nodes are heard.
   */
  join(room: string, options: { last?: number } = {}): void {
    void this.core.memberships.enter(this as unknown as HubConnection, room, options)
  }
  /** Takes it out of a room; the peer gets `left`. False: it was not in it. */
  leave(room: string): boolean {
    return this.core.memberships.leave(this as unknown as HubConnection, room)
  }
  /** Ends the connection, see `WebSocket.close`. */
  close(code?: number, reason?: string): void {
    this.socket.close(code, reason)
  }

  // ------------------------------------------------------------------------------------------------- for the hub

  /** @internal */
  get joined(): FewSet<Room<HubConnection>> {
    if (this.rooms === nowhere) this.rooms = new FewSet()
    return this.rooms
  }
  /** @internal */
  get roomCount(): number {
    return this.rooms.size
  }

  /** @internal It is to be in the room as soon as that may be. */
  awaits(room: string): void {
    this.entering ??= new Set()
    this.entering.add(room)
  }
  /** @internal It waits no longer. False: it did not. */
  forgo(room: string): boolean {
    return this.entering?.delete(room) === true
  }

  /** @internal A peer that is too slow for its answers loses its connection. */
  sendText(text: string): boolean {
    if (this.gone || this.socket.readyState !== 1) return false
    const { counters } = this.core
    counters.messagesOut++
    counters.bytesOut += text.length
    try {
      return this.socket.send(text)
    } catch {
      this.socket.terminate()
      return false
    }
  }

  /** @internal Answers a message. */
  answer(type: string, correlationId: string | undefined, payload?: unknown, room?: string): void {
    this.sendText(
      writeMessage(type, { correlationId, room, payload: payloadText(type, payload) }, Date.now()),
    )
  }

  /** @internal Enters or leaves a room's topic and says so at once. False: that takes two steps. */
  announce(joined: boolean, topic: string, correlationId: string | undefined, members: number): boolean {
    if (this.gone) return false
    const { counters, transport } = this.core
    const bytes = transport.announce(this.socket, joined, topic, correlationId, members)
    if (bytes === 0) return false
    counters.messagesOut++
    counters.bytesOut += bytes
    return true
  }

  /** @internal Answers a message with an error. Returns the text. */
  fail(thrown: unknown, correlationId: string | undefined, type = 'error'): string {
    const error = wireError(thrown)
    this.core.counters.failed(error.code)
    if (!(thrown instanceof HubError)) this.core.report(thrown, this as unknown as HubConnection)
    let text: string
    try {
      text = writeMessage(type, { correlationId, error }, Date.now())
    } catch {
      // Details that JSON cannot hold.
      text = writeMessage(
        type,
        { correlationId, error: { code: error.code, message: error.message } },
        Date.now(),
      )
    }
    this.sendText(text)
    return text
  }

  /** @internal The connection has ended. */
  ended(): void {
    this.gone = true
    this.deadline?.cancel()
    this.controller?.abort()
  }
}
