// The rooms a client is in: joined at the server now, and again after each reconnect, where it stood.
import { badArgument } from '../core/validate'
import type { ClientBody } from './client-body'
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
   * 'unauthorized', 'limit': the client is not in the room any more; likewise 'refused', where the server says so of a
   * `join` or `resume` for other reasons.
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

const longestName = 256
/** Rooms that one `resume` names; more of them are several messages. */
const mostResumed = 1000
/** How a question ends that the server has not said no to. */
const unanswered = ['CONNECTION_LOST', 'TIMEOUT', 'QUEUE_FULL', 'BACKPRESSURE_EXCEEDED']
/** How it ends with the client. */
const over = ['CONNECTION_CLOSED', 'ABORTED', 'INVALID_STATE']
/** What a refusal is called, by the code of the server. */
const reasons = new Map<unknown, string>([
  ['UNAUTHORIZED', 'unauthorized'],
  ['TOO_MANY_ROOMS', 'limit'],
])

/** A `join` or `leave` of the program that was not answered. */
interface Question {
  type: 'join' | 'leave'
  taken: AbortController
  /** What the program is answered, once a new connection has made the question idle. */
  instead: Promise<unknown> | undefined
}

/** What a program asks of them. */
export type JoinedRooms = Pick<Rooms, 'join' | 'leave' | 'list'>

export function roomsOf(body: ClientBody): JoinedRooms {
  return (body.rooms = new Rooms(body))
}

export class Rooms {
  /**
   * Rooms that the program wants to be in, with how far they were read; null: the server numbers nothing there. Before the
   * server has let the client in: how it is to enter.
   */
  private readonly wanted = new Map<string, RoomPosition | null | JoinOptions>()
  /** By room, in order; undefined as long as nobody has asked. */
  private questions: Map<string, Set<Question>> | undefined
  /** The engine knows that there are some. */
  private told = false
  /** There was no connection yet, so the server has forgotten nothing. */
  private fresh: boolean

  constructor(private readonly body: ClientBody) {
    this.fresh = !body.met
  }

  /** Hears of rooms that the client is not let into again, though nobody waits for an answer. */
  private refused(failure: ResumeFailure): void {
    this.body.listeners.emit('resume_failed', failure)
  }

  /** Resolves with the payload of the answer. `link`: see `EngineSend`. */
  private ask(
    type: 'join' | 'leave' | 'resume',
    room: string | undefined,
    payload: unknown,
    link = 0,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const options: RequestOptions = { priority: 'high' }
    if (room !== undefined) options.room = room
    if (signal !== undefined) options.signal = signal
    return this.body.outbox.request(type, payload, options, link)
  }

  /** What the program asks for. While the client is away it waits, and may be idle when the next connection opens. */
  private async question(type: 'join' | 'leave', room: string, payload?: unknown): Promise<unknown> {
    const question: Question = { type, taken: new AbortController(), instead: undefined }
    const questions = (this.questions ??= new Map<string, Set<Question>>())
    const open = questions.get(room) ?? new Set()
    questions.set(room, open.add(question))
    try {
      return await this.ask(type, room, payload, 0, question.taken.signal)
    } catch (error) {
      if (question.instead === undefined) throw error
      return await question.instead
    } finally {
      open.delete(question)
      if (open.size === 0 && questions.get(room) === open) questions.delete(room)
    }
  }

  /** A new connection joins the room as the program wants it now: questions of before would only repeat it. */
  private supersede(room: string, joined: Promise<unknown>): boolean {
    const open = this.questions?.get(room)
    if (open === undefined) return false
    this.questions?.delete(room)
    for (const question of open) {
      question.instead = question.type === 'join' ? joined : Promise.resolve()
      question.taken.abort()
    }
    return true
  }

  /** Tells the engine whether there are rooms, and that `link` may carry the program's messages. */
  private tell(link = 0): void {
    const wanted = this.wanted.size > 0
    if (wanted === this.told && (link === 0 || !wanted)) return
    this.told = wanted
    this.body.engine.rooms(wanted, link)
  }
  private forget(room: string): boolean {
    const known = this.wanted.delete(room)
    this.tell()
    return known
  }

  list(): string[] {
    return [...this.wanted.keys()]
  }

  async join(room: string, { last }: JoinOptions = {}): Promise<void> {
    checkRoom(room)
    if (last !== undefined && !(Number.isSafeInteger(last) && last >= 0)) {
      badArgument('last', 'a number of messages', last)
    }
    const how = last === undefined ? {} : { last }
    if (!this.wanted.has(room)) this.wanted.set(room, how)
    this.tell()
    try {
      this.stands(room, await this.question('join', room, payloadOf(how)))
    } catch (error) {
      // The server said no; a lost connection is made up for by the next.
      if ((error as { code?: string }).code !== 'CONNECTION_LOST') this.forget(room)
      throw error
    }
  }

  async leave(room: string): Promise<void> {
    checkRoom(room)
    if (this.forget(room)) await this.question('leave', room)
  }

  /**
   * A connection opened: on all but the first the server has forgotten the rooms. It hears of them before the messages that
   * wait, which the engine holds until then.
   */
  connected(link: number): void {
    if (!this.fresh) {
      const positions: [string, RoomPosition][] = []
      for (const [room, how] of this.wanted) {
        if (isPosition(how)) {
          positions.push([room, how])
        } else {
          const asked = this.ask('join', room, payloadOf(how), link)
          const told = this.supersede(room, asked)
          this.again(asked, [room], (payload) => this.stands(room, payload), told)
        }
      }
      for (let i = 0; i < positions.length; i += mostResumed) {
        const part = positions.slice(i, i + mostResumed)
        const asked = this.ask('resume', undefined, { rooms: Object.fromEntries(part) }, link)
        this.again(
          asked,
          part.map(([room]) => room),
          (payload) => this.standAll(payload),
        )
      }
    }
    this.fresh = false
    this.tell(link)
  }

  /** `told`: the program waits for the answer itself. */
  private again(
    asked: Promise<unknown>,
    rooms: string[],
    done: (payload: unknown) => void,
    told = false,
  ): void {
    asked.then(done).catch((error: unknown) => {
      const { code, serverCode = code } = error as { code: string; serverCode?: unknown }
      if (unanswered.includes(code)) return
      const reason = reasons.get(serverCode) ?? 'refused'
      for (const room of rooms) {
        if (this.forget(room) && !told && !over.includes(code))
          this.refused({ room, reason, joined: false, missed: null })
      }
    })
  }

  /** How far the engine has read, in rooms that the program may have left since. */
  read(payload: unknown): void {
    for (const [room, position] of entries(payload)) {
      const known = this.wanted.get(room)
      if (known === undefined || !isPosition(position)) continue
      if (known === null) this.wanted.set(room, position)
      // What the server said last counts, where it has begun anew since; and what was read before the program left the
      // room says nothing of how it enters again.
      else if (isPosition(known) && known.epoch === position.epoch)
        this.wanted.set(room, { ...position, offset: Math.max(known.offset, position.offset) })
    }
  }

  /** The payload of `resume_failed`: rooms that go on elsewhere than they stood, or not at all. */
  failed(payload: unknown): ResumeFailure[] {
    const rooms = entries((payload as { rooms?: unknown } | null | undefined)?.rooms)
    return rooms.map(([room, value]) => {
      const { reason, joined, missed } = (value ?? {}) as Record<string, unknown>
      if (joined === false) this.forget(room)
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
    const read = isPosition(known) && known.epoch === epoch ? known.offset : 0
    this.wanted.set(room, { epoch, offset: Math.max(read, offset) })
  }
}

/** What a `join` says beside its room. */
function payloadOf(how: JoinOptions | null): JoinOptions | undefined {
  return how?.last === undefined ? undefined : how
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
