// The log of rooms over JetStream. One stream holds all rooms, a subject each. Its sequence numbers run over all rooms, so
// each message says the offset of its first text itself, and is taken only if the latest of its room is the one that its
// writer knew: of two nodes that append at once, one is refused, looks, and tries again.
import { HawserError } from '../../core/error'
import type { RoomPage, RoomPlace, RoomEntry, RoomLog } from '../../server/hub/adapter'
import type { CheckedBounds } from '../../server/hub/transport'
import type { Tally } from '../tally'
import { decode, encode, entriesOf, logOf, nameOf, nextEpoch, parted, placeOf, type Stored } from './entry'
import { type Head, isLess, isOwn, newEpoch, type Room, see, unknownRoom, within } from './room-state'
import { conflict, type Kept, type RoomStream } from './room-stream'

/** What the log needs of its adapter. */
export interface LogHost {
  node(): string
  /** Undefined while the broker is away. */
  stream(): RoomStream | undefined
  want(room: string): Promise<void>
  unwant(room: string): void
  entries(room: string, entries: RoomEntry[]): void
  report(error: Error): void
}

const mostRooms = 10_000

export class StreamLog implements RoomLog {
  private readonly rooms = new Map<string, Room>()
  /** Largest of what was asked for: a stream that is made anew has to keep it, too. */
  private widest: CheckedBounds | undefined

  constructor(
    private readonly host: LogHost,
    private readonly tally: Tally,
  ) {}

  /** The connection has ended; the next may be to a broker that has lost what it held. */
  disconnected(): void {
    for (const room of this.rooms.values()) {
      room.before = room.head ?? room.before
      room.head = undefined
    }
  }

  async connected(stream: RoomStream): Promise<void> {
    if (this.widest !== undefined) await stream.grow(this.widest)
  }

  // --------------------------------------------------------------------------------------------------- following

  async follow(name: string, bounds: CheckedBounds): Promise<void> {
    this.room(name).followed = true
    const grown = this.widen(bounds).catch((error: unknown) => {
      // A connection that ended: the next one does it.
      if (this.host.stream()?.refused(error) === true) this.host.report(refusal(error))
    })
    await Promise.all([this.host.want(name), grown])
  }

  unfollow(name: string): void {
    this.host.unwant(name)
    const room = this.rooms.get(name)
    if (room === undefined) return
    room.followed = false
    this.trim()
  }

  /** What the stream tells of a room that is followed. */
  heard(name: string, data: string, seq: number): void {
    const stored = decode(data)
    const room = this.rooms.get(name)
    if (stored === undefined || room?.followed !== true) return
    // On another connection first comes a comparison, see `tip`.
    if (room.before === undefined) see(room, { seq, stored })
    if (stored.texts.length === 0) return
    this.tally.received += stored.texts.length
    this.host.entries(name, entriesOf(stored))
  }

  private room(name: string): Room {
    let room = this.rooms.get(name)
    if (room === undefined) {
      room = unknownRoom()
      this.rooms.set(name, room)
      this.trim()
    }
    return room
  }

  /** Rooms that are only written to are forgotten, longest known first. */
  private trim(): void {
    if (this.rooms.size <= mostRooms) return
    for (const [name, room] of this.rooms) {
      if (this.rooms.size <= mostRooms) return
      if (!room.followed && room.doubt === undefined) this.rooms.delete(name)
    }
  }

  private async widen(bounds: CheckedBounds): Promise<void> {
    if (this.widest === undefined || this.widest.count < bounds.count) this.widest = bounds
    await this.host.stream()?.grow(this.widest)
  }

  // ---------------------------------------------------------------------------------------------------- appending

  append(name: string, texts: readonly string[], number: number, bounds: CheckedBounds): Promise<RoomPlace> {
    return this.inTurn(name, async (room, stream) => {
      await this.widen(bounds)
      const parts = parted(texts, stream.largest)
      if (parts === undefined) {
        throw new HawserError(
          'BROKER_REFUSED',
          `A message is larger than NATS takes (${stream.largest} bytes): raise \`max_payload\` of the server`,
        )
      }
      if (room.call?.number !== number) {
        room.call = { number, done: 0, place: undefined }
        room.doubt = undefined
      }
      const { call } = room
      const since = performance.now()
      while (call.done < parts.length) {
        call.place = await this.put(name, room, stream, parts[call.done], call.done)
        if (++call.done === parts.length) this.tally.took(texts.length, since)
      }
      if (call.place === undefined) throw new HawserError('BROKER_REFUSED', 'There is nothing to append')
      return call.place
    })
  }

  /** Stores one part behind whatever is the latest, once. */
  private async put(
    name: string,
    room: Room,
    stream: RoomStream,
    texts: string[],
    part: number,
  ): Promise<RoomPlace> {
    const number = room.call?.number ?? 0
    const own = { node: this.host.node(), number, part }
    for (;;) {
      if (room.doubt !== undefined) {
        const { doubt } = room
        const last = await stream.last(name)
        const next =
          last === undefined || last.seq <= doubt ? [] : await stream.scan(name, doubt + 1, last.seq)
        room.doubt = undefined
        if (next.length > 0 && isOwn(next[0].stored, own)) return placeOf(next[0].stored)
      }
      const head = room.head ?? (await this.head(name, room, stream))
      const stored = { epoch: head.epoch, first: head.offset + 1, ...own, texts }
      // Until the server has answered.
      room.doubt = head.seq
      const seq = await stream.append(name, encode(stored), head.seq)
      room.doubt = undefined
      if (seq !== conflict) {
        see(room, { seq, stored })
        return placeOf(stored)
      }
      // The one that came first may have been heard of meanwhile.
      if (room.head === head) room.head = undefined
    }
  }

  /** Where the next goes; a room that was never written to has an epoch that nobody else knows. */
  private async head(name: string, room: Room, stream: RoomStream): Promise<Head> {
    const last = await this.tip(name, stream, room)
    if (last === undefined) return (room.head = { epoch: newEpoch(), offset: 0, seq: 0, name: '' })
    see(room, last)
    return room.head as Head
  }

  /**
   * The latest message of a room. A broker that comes back with less than it had told would give offsets a second meaning,
   * so the room begins another log there. `after`: a place that was told.
   */
  private async tip(
    name: string,
    stream: RoomStream,
    room: Room | undefined,
    after?: RoomPlace,
  ): Promise<Kept | undefined> {
    for (;;) {
      const last = await stream.last(name)
      if (last === undefined) {
        if (room !== undefined) room.before = undefined
        return undefined
      }
      const before = room?.before
      const less =
        isLess(last, after) ||
        isLess(last, before) ||
        (before !== undefined && (await this.replaced(name, stream, last, before)))
      if (!less) {
        if (room !== undefined) room.before = undefined
        return last
      }
      await stream.append(name, encode(this.marker({ epoch: newEpoch(), offset: 0 })), last.seq)
    }
  }

  /** Another message has the place of one that was known. */
  private async replaced(name: string, stream: RoomStream, last: Kept, before: Head): Promise<boolean> {
    if (before.seq === 0 || logOf(before.epoch) !== logOf(last.stored.epoch)) return false
    const now = before.seq === last.seq ? last : await stream.at(name, before.seq)
    return now !== undefined && (now.stored === undefined || nameOf(now.stored) !== before.name)
  }

  /** A message without texts, behind a place. */
  private marker({ epoch, offset }: RoomPlace): Stored {
    return { epoch, first: offset + 1, node: this.host.node(), number: 0, part: 0, texts: [] }
  }

  // ------------------------------------------------------------------------------------------------------ epochs

  renew(name: string, epoch: string, _bounds: CheckedBounds): Promise<void> {
    return this.inTurn(name, (room, stream) =>
      this.mark(name, room, stream, (head) =>
        head.epoch === epoch ? { epoch: nextEpoch(epoch), offset: head.offset } : undefined,
      ),
    )
  }

  /** Writes down in which epoch the room goes on, if `next` says so for the latest message. */
  private async mark(
    name: string,
    room: Room,
    stream: RoomStream,
    next: (head: Head) => RoomPlace | undefined,
  ): Promise<void> {
    for (;;) {
      room.head = undefined
      const head = await this.head(name, room, stream)
      const place = next(head)
      if (place === undefined) return
      const stored = this.marker(place)
      const seq = await stream.append(name, encode(stored), head.seq)
      if (seq === conflict) continue
      see(room, { seq, stored })
      return
    }
  }

  // ----------------------------------------------------------------------------------------------------- reading

  async read(
    name: string,
    after: RoomPlace | undefined,
    most: number,
    bounds: CheckedBounds,
  ): Promise<RoomPage> {
    const stream = this.reached()
    try {
      await this.widen(bounds)
      const last = await this.latest(name, stream, after)
      const { epoch, offset } = placeOf(last.stored)
      const anew = after !== undefined && logOf(after.epoch) !== logOf(epoch)
      const from = after === undefined || anew ? 0 : after.offset
      const page: RoomPage = { epoch, offset, entries: [], anew }
      if (from === offset) return page
      const room = this.rooms.get(name)
      const mark = room?.marks.findLast((one) => logOf(one.epoch) === logOf(epoch) && one.first <= from + 1)
      const kept = after === undefined || mark === undefined ? 1 : mark.seq
      const entries = within(await stream.scan(name, kept, last.seq), logOf(epoch), bounds, Date.now())
      const above = entries.filter((entry) => entry.offset > from)
      page.entries = after === undefined ? above.slice(-most) : above.slice(0, most)
      return page
    } catch (error) {
      throw await failure(error, stream)
    }
  }

  /** The latest message of a room; one is written where there is none. */
  private async latest(name: string, stream: RoomStream, after: RoomPlace | undefined): Promise<Kept> {
    for (;;) {
      const last = await this.tip(name, stream, this.rooms.get(name), after)
      if (last !== undefined) return last
      await this.inTurn(name, (room) =>
        this.mark(name, room, stream, (head) => (head.seq === 0 ? head : undefined)),
      )
    }
  }

  // ------------------------------------------------------------------------------------------------------- shared

  private reached(): RoomStream {
    const stream = this.host.stream()
    if (stream === undefined) throw new HawserError('BROKER_UNAVAILABLE')
    return stream
  }

  /** One after the other for each room. */
  private inTurn<T>(name: string, work: (room: Room, stream: RoomStream) => Promise<T>): Promise<T> {
    const room = this.room(name)
    const result = room.turn.then(async () => {
      const stream = this.reached()
      try {
        return await work(room, stream)
      } catch (error) {
        room.before ??= room.head
        room.head = undefined
        const known = await failure(error, stream)
        if (known.code === 'BROKER_REFUSED') room.call = room.doubt = undefined
        throw known
      }
    })
    room.turn = result.catch(() => undefined)
    return result
  }
}

/** What the caller hears. A stream that somebody has deleted is made again. */
async function failure(error: unknown, stream: RoomStream): Promise<HawserError> {
  if (error instanceof HawserError) return error
  if (stream.missing(error)) await stream.ensure().catch(() => undefined)
  else if (stream.refused(error)) return refusal(error)
  return new HawserError('BROKER_UNAVAILABLE', undefined, { cause: error })
}
function refusal(cause: unknown): HawserError {
  return new HawserError('BROKER_REFUSED', undefined, { cause })
}
