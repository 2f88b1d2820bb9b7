// What a node knows of a room in the stream, and what follows from it. State only: nothing is asked from here.
import { randomBytes } from 'node:crypto'
import type { RoomEntry, RoomPlace } from '../../server/hub/adapter'
import type { CheckedBounds } from '../../server/hub/transport'
import { entriesOf, firstEpoch, logOf, nameOf, placeOf, type Stored } from './entry'
import type { Kept } from './room-stream'

/** The latest message of a room: where the next goes. */
export interface Head extends RoomPlace {
  seq: number
  /** Of the message; empty for none. */
  name: string
}

export interface Room {
  /** Undefined: not known. */
  head: Head | undefined
  /** What was known of the latest message on another connection, until it was compared. */
  before: Head | undefined
  /** Where offsets are in the stream, newest last. */
  marks: { epoch: string; first: number; seq: number }[]
  /** Appends and renewals, one behind the other. */
  turn: Promise<unknown>
  /** The latest append; how many of its parts are done, and where it ends when all are. */
  call: { number: number; done: number; place: RoomPlace | undefined } | undefined
  /** The next part may be stored, directly behind this message. */
  doubt: number | undefined
  followed: boolean
}

const mostMarks = 64

export function unknownRoom(): Room {
  return {
    ...{ head: undefined, before: undefined, marks: [], turn: Promise.resolve() },
    ...{ call: undefined, doubt: undefined, followed: false },
  }
}

/** A message of the room; of those known the latest is its head. */
export function see(room: Room, { seq, stored }: Pick<Kept, 'seq' | 'stored'>): void {
  if (room.head !== undefined && room.head.seq >= seq) return
  room.head = { ...placeOf(stored), seq, name: nameOf(stored) }
  room.marks.push({ epoch: stored.epoch, first: stored.first, seq })
  if (room.marks.length > mostMarks) room.marks.shift()
}

/** It is of the same log, and not as far. */
export function isLess(last: Kept, than: RoomPlace | undefined): boolean {
  const { epoch, offset } = placeOf(last.stored)
  return than !== undefined && logOf(than.epoch) === logOf(epoch) && than.offset > offset
}

export function newEpoch(): string {
  return firstEpoch(randomBytes(9).toString('hex'))
}

export function isOwn(stored: Stored, own: Pick<Stored, 'node' | 'number' | 'part'>): boolean {
  return (
    stored.texts.length > 0 &&
    stored.node === own.node &&
    stored.number === own.number &&
    stored.part === own.part
  )
}

/** The entries of one log that the bounds leave. */
export function within(
  kept: readonly Kept[],
  log: string,
  { count, bytes, age }: CheckedBounds,
  now: number,
): RoomEntry[] {
  const found: RoomEntry[] = []
  let room = bytes
  for (const { stored, time } of kept.toReversed()) {
    if (logOf(stored.epoch) !== log || (age > 0 && time < now - age)) break
    for (const entry of entriesOf(stored).reverse()) {
      room -= entry.text.length
      // The newest stays, however long it is.
      if (found.length === count || (room < 0 && found.length > 0)) return found.reverse()
      found.push(entry)
    }
  }
  return found.reverse()
}
