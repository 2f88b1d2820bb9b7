// How far a node has taken a room's log: puts in order what is pushed and what is read. State only.
//
//   pushed, in order     place 4 ─ 5 ─ 6        taken at once
//   pushed with a gap    place 4 ─ 7            left aside: a read brings 5, 6, 7
//   while a read is out  place 4 ─ 7 ─ 8        kept, and taken behind the page
import type { RoomEntry, RoomPage, RoomPlace } from './adapter'

/** Entries that are kept while a read is out; when there are more, they are read again. */
const mostKept = 4096

/** What has come of a page. */
export interface Taken {
  /** To be delivered, in order. */
  entries: RoomEntry[]
  /** There is more: read again. */
  more: boolean
  /** All was read, and the log stands here, though no entry says so. */
  stand: RoomPlace | undefined
}

export class RoomCursor {
  /** All up to here was taken; undefined before the first page. */
  place: RoomPlace | undefined
  private kept: RoomEntry[] = []
  private reading = false
  private overflowed = false

  /** A read begins. */
  read(): void {
    this.reading = true
  }
  /** It has failed. */
  failed(): void {
    this.reading = false
    this.kept = []
    this.overflowed = false
  }

  /** What of what was pushed is to be delivered, and whether something has to be read then. */
  push(entries: readonly RoomEntry[]): Omit<Taken, 'stand'> {
    if (this.reading) {
      if (this.kept.length + entries.length > mostKept) {
        this.kept = []
        this.overflowed = true
      } else if (!this.overflowed) this.kept.push(...entries)
      return { entries: [], more: false }
    }
    const next: RoomEntry[] = []
    for (const entry of entries) {
      const { place } = this
      if (place !== undefined && entry.offset === place.offset + 1) {
        this.place = entry
        next.push(entry)
      } else if (entry.epoch !== place?.epoch || entry.offset > place.offset) {
        return { entries: next, more: true }
      }
    }
    return { entries: next, more: false }
  }

  /** A page of at most `most` entries that was read from `place` on. */
  page(page: RoomPage, most: number): Taken {
    this.reading = false
    const { entries } = page
    const last = entries.at(-1)
    const whole = entries.length < most || last?.offset === page.offset
    if (last !== undefined) this.place = last
    let stand: RoomPlace | undefined
    if (whole && (last?.offset !== page.offset || last.epoch !== page.epoch)) {
      stand = { epoch: page.epoch, offset: page.offset }
      this.place = stand
    }
    const { kept, overflowed } = this
    this.kept = []
    this.overflowed = false
    if (!whole || overflowed) return { entries, more: true, stand }
    // Of those that have come too early, what follows.
    const pushed = this.push(kept.filter(({ offset }) => offset > page.offset))
    return { entries: [...entries, ...pushed.entries], more: pushed.more, stand }
  }
}
