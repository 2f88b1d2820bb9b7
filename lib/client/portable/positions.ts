// How far a client has read in the rooms whose messages the server numbers: kept here, since most messages of a room tell
// nobody else, and told when the next link is.
import type { Layout } from '../layout'
import { nameAt, valueAt } from './value-at'

/** Rooms whose positions are kept until the client is told. */
const mostRooms = 4096

export class Positions {
  private read = new Map<string, { epoch: string; offset: number }>()

  constructor(
    private readonly layout: Layout,
    /** Takes what a control message of that type says. */
    private readonly told: (message: object) => void,
  ) {}

  note(message: unknown): void {
    const room = nameAt(message, this.layout.room) ?? ''
    if (room === '') return
    const epoch = valueAt(message, ['epoch'])
    const offset = valueAt(message, ['offset'])
    if (typeof epoch !== 'string' || epoch === '' || !Number.isSafeInteger(offset)) return
    const known = this.read.get(room)
    if (known === undefined && this.read.size >= mostRooms) this.tell()
    const least = known?.epoch === epoch ? known.offset : 0
    this.read.set(room, { epoch, offset: Math.max(least, offset as number) })
  }
  /** A link is about to be told connected: how far the one before was read. */
  tell(): void {
    if (this.read.size === 0) return
    const payload = Object.fromEntries(this.read)
    this.read = new Map()
    this.told({ type: 'positions', payload })
  }
}
