// The rooms a client is in: joined at the server now, and again after each reconnect, where it stood.
import { badArgument } from '../core/validate'
import type { RequestOptions } from './client-send'

/** How far a room was read: every message of the epoch up to the offset. */
export interface RoomPosition {
  epoch: string
  offset: number
}

/** What a client has missed in a room for good, as the server says it. */
export interface ResumeFailure {
  room: string
  /**
   * 'gone': the server keeps less than was missed; 'epoch': the room began anew, so nobody knows what was missed;
   * 'unauthorized', 'limit': the client is not in the room any more.
   */
  reason: string
  joined: boolean
  /** So many messages are lost; null: nobody knows. */
  missed: number | null
}

export interface JoinOptions {
  /** So many of the latest messages that the room keeps come first. */
  last?: number
}

/** Asks the server; resolves with the payload of the answer. */
interface Asking {
  request(type: string, payload: unknown, options: RequestOptions): Promise<unknown>
}

const longestName = 256
/** Rooms that one `resume` names; more of them are several messages. */
const mostResumed = 1000

export class Rooms {
  /** Rooms that the program wants to be in, with how far they were read; null: the server numbers nothing there. */
  private readonly wanted = new Map<string, RoomPosition | null>()

  /** `fresh`: there was no connection yet, so the server has forgotten nothing. */
  constructor(
    private readonly server: Asking,
    private fresh: boolean,
  ) {}

  private ask(
    type: 'join' | 'leave' | 'resume',
    room: string | undefined,
    payload: unknown,
  ): Promise<unknown> {
    const options: RequestOptions = { priority: 'high' }
    if (room !== undefined) options.room = room
    return this.server.request(type, payload, options)
  }

  list(): string[] {
    return [...this.wanted.keys()]
  }

  async join(room: string, { last }: JoinOptions = {}): Promise<void> {
    checkRoom(room)
    if (last !== undefined && !(Number.isSafeInteger(last) && last >= 0)) {
      badArgument('last', 'a number of messages', last)
    }
    if (!this.wanted.has(room)) this.wanted.set(room, null)
    try {
      this.stands(room, await this.ask('join', room, last === undefined ? undefined : { last }))
    } catch (error) {
      // The server said no; a lost connection is made up for by the next.
      if ((error as { code?: string }).code !== 'CONNECTION_LOST') this.wanted.delete(room)
      throw error
    }
  }

  async leave(room: string): Promise<void> {
    checkRoom(room)
    if (this.wanted.delete(room)) await this.ask('leave', room, undefined)
  }

  /** A connection opened: on all but the first the server has forgotten the rooms. */
  connected(): void {
    if (!this.fresh) {
      const positions: [string, RoomPosition][] = []
      for (const [room, position] of this.wanted) {
        if (position !== null) positions.push([room, position])
        else this.again(this.ask('join', room, undefined), [room], (payload) => this.stands(room, payload))
      }
      for (let i = 0; i < positions.length; i += mostResumed) {
        const part = positions.slice(i, i + mostResumed)
        const asked = this.ask('resume', undefined, { rooms: Object.fromEntries(part) })
        this.again(
          asked,
          part.map(([room]) => room),
          (payload) => this.standAll(payload),
        )
      }
    }
    this.fresh = false
  }

  private again(asked: Promise<unknown>, rooms: string[], done: (payload: unknown) => void): void {
    asked.then(done).catch((error: unknown) => {
      const { code } = error as { code?: string }
      if (code === 'CONNECTION_LOST' || code === 'TIMEOUT') return
      for (const room of rooms) this.wanted.delete(room)
    })
  }

  /** How far the engine has read, in rooms that the program may have left since. */
  read(payload: unknown): void {
    for (const [room, position] of entries(payload)) {
      const known = this.wanted.get(room)
      // What the server said last counts, where it has begun anew since.
      if (known === undefined || !isPosition(position) || (known !== null && known.epoch !== position.epoch))
        continue
      this.wanted.set(room, { epoch: position.epoch, offset: Math.max(known?.offset ?? 0, position.offset) })
    }
  }

  /** The payload of `resume_failed`: rooms that go on elsewhere than they stood, or not at all. */
  failed(payload: unknown): ResumeFailure[] {
    const rooms = entries((payload as { rooms?: unknown } | null | undefined)?.rooms)
    return rooms.map(([room, value]) => {
      const { reason, joined, missed } = (value ?? {}) as Record<string, unknown>
      if (joined === false) this.wanted.delete(room)
      else this.stands(room, value)
      const lost = typeof missed === 'number' ? missed : null
      return { room, reason: String(reason), joined: joined !== false, missed: lost }
    })
  }

  private standAll(payload: unknown): void {
    const rooms = (payload as { rooms?: unknown } | null | undefined)?.rooms
    for (const [room, position] of entries(rooms)) this.stands(room, position)
  }

  /** Where the server says that the client stands: everything above comes. */
  private stands(room: string, said: unknown): void {
    const known = this.wanted.get(room)
    if (known === undefined) return
    if (!isPosition(said)) {
      this.wanted.set(room, null)
      return
    }
    const { epoch, offset } = said
    const read = known?.epoch === epoch ? known.offset : 0
    this.wanted.set(room, { epoch, offset: Math.max(read, offset) })
  }
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

function isPosition(value: unknown): value is RoomPosition {
  const { epoch, offset } = (value ?? {}) as { epoch?: unknown; offset?: unknown }
  return typeof epoch === 'string' && epoch !== '' && Number.isSafeInteger(offset)
}

function checkRoom(room: unknown): void {
  if (typeof room !== 'string' || room === '' || room.length > longestName) {
    badArgument('room', `a name of 1 to ${longestName} characters`, room)
  }
}
