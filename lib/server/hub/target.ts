// To whom a message goes: rooms, users, roles or all, less some. Who is reached by several of them gets it once.
import type { AnyProtocol, ProtocolMap, ReceiveType } from '../../client/protocol-map'
import { checkCloseCode, checkReason } from '../../core/close-code'
import { badArgument } from '../../core/validate'
import { isName, longest } from './envelope'
import type { HubConnection } from './hub-connection'
import type { HubCore } from './hub-core'

/** Who gets a message. */
export interface Audience {
  all: boolean
  rooms: string[]
  users: string[]
  roles: string[]
  except: HubConnection[]
  where: ((connection: HubConnection) => boolean) | undefined
}

/** Gathers who gets a message; `send` sends it. */
export class Target<P extends ProtocolMap = AnyProtocol> {
  private readonly audience: Audience = {
    all: false,
    rooms: [],
    users: [],
    roles: [],
    except: [],
    where: undefined,
  }

  /** @internal */
  constructor(private readonly core: HubCore) {}

  /** Members of the rooms. Throws INVALID_ARGUMENT, as all of these do. */
  to(...rooms: string[]): this {
    for (const room of rooms) {
      checkRoom(room)
      if (!this.audience.rooms.includes(room)) this.audience.rooms.push(room)
    }
    return this
  }
  /** All connections of the users. */
  toUser(...users: string[]): this {
    for (const user of users) {
      if (!isName(user, longest.user)) badArgument('user', `an id of 1 to ${longest.user} characters`, user)
      this.audience.users.push(user)
    }
    return this
  }
  /** All connections of users that have one of the roles. */
  toRole(...roles: string[]): this {
    for (const role of roles) {
      if (!isName(role, longest.user)) badArgument('role', `a name of 1 to ${longest.user} characters`, role)
      this.audience.roles.push(role)
    }
    return this
  }
  /** All connections. */
  toAll(): this {
    this.audience.all = true
    return this
  }
  /** Leaves connections out. */
  except(...connections: HubConnection[]): this {
    this.audience.except.push(...connections)
    return this
  }
  /** Only connections of this process for which the function says true; it is asked for each of them. */
  where(predicate: (connection: HubConnection<P>) => boolean): this {
    if (typeof predicate !== 'function') badArgument('predicate', 'a function', predicate)
    this.audience.where = predicate as unknown as Audience['where']
    return this
  }

  /**
   * Sends the message; it is written as JSON once. True: accepted. False: somebody is above the high-water mark, wait
   * for the server's `drain`. In rooms that keep messages it is kept, unless `where` or several `except` choose by more
   * than the room.
   * @throws `BACKPRESSURE_EXCEEDED`; TypeError `INVALID_ARGUMENT`
   */
  send<T extends ReceiveType<P>>(
    type: T,
    payload?: P['receive'][T],
    options: { userId?: string } = {},
  ): boolean {
    checkType(type)
    return this.core.deliveries.deliver(this.audience, type, payload, options.userId)
  }

  /**
   * Sends the message, and resolves once it is in the log of each of its rooms that has one (see docs/scaling.md): it
   * reaches all nodes then, whatever becomes of this one. Without a log it resolves at once.
   * @throws (rejects) `BROKER_UNAVAILABLE`: only members on this node get it; `BROKER_REFUSED`: nobody does; and as `send`
   */
  async post<T extends ReceiveType<P>>(
    type: T,
    payload?: P['receive'][T],
    options: { userId?: string } = {},
  ): Promise<void> {
    checkType(type)
    await new Promise<void>((resolve, reject) => {
      const sent = (error: Error | undefined): void => {
        if (error === undefined) resolve()
        else reject(error)
      }
      this.core.deliveries.deliver(this.audience, type, payload, options.userId, sent)
    })
  }

  // -------------------------------------------------------------------------------------------- not a message, an action

  /** Puts all these connections into a room, on all nodes, without asking `authorize`; with `where` those of this process. */
  join(room: string): void {
    checkRoom(room)
    this.core.actions.take(this.audience, { does: 'join', room })
  }
  /** Takes them out of a room. */
  leave(room: string): void {
    checkRoom(room)
    this.core.actions.take(this.audience, { does: 'leave', room })
  }
  /** Ends them, see `WebSocket.close`. */
  close(code?: number, reason?: string): void {
    checkCloseCode(code, reason !== undefined)
    checkReason(reason)
    this.core.actions.take(this.audience, { does: 'close', code, reason })
  }
}

function checkRoom(room: unknown): void {
  if (!isName(room, longest.room)) badArgument('room', `a name of 1 to ${longest.room} characters`, room)
}

function checkType(type: unknown): void {
  if (!isName(type, longest.type)) badArgument('type', `a string of 1 to ${longest.type} characters`, type)
}
