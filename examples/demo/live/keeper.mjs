// What rooms keep, in the process that no visitor can restart: the log behind the hub of the service, so that a page goes
// on where it was though the process it was talking to is gone. Pure.
import { randomBytes } from 'node:crypto'

/** @typedef {{ renewals: number, offset: number, bytes: number, entries: import('hawser').RoomEntry[] }} Room */

export class Keeper {
  /** Different for each run, so that nobody takes this log for an earlier one. */
  #name = randomBytes(4).toString('hex')
  /** @type {Map<string, Room>} */
  #rooms = new Map()

  /**
   * @param {string} name @param {readonly string[]} texts @param {{ count: number, bytes: number }} bounds
   * @returns {import('hawser').RoomEntry[]} the texts with their places
   */
  append(name, texts, { count, bytes }) {
    const room = this.#room(name)
    const epoch = this.#epoch(room)
    const added = texts.map((text) => ({ epoch, offset: ++room.offset, text }))
    for (const entry of added) {
      room.entries.push(entry)
      room.bytes += entry.text.length
    }
    while (room.entries.length > count || room.bytes > bytes) room.bytes -= room.entries.shift().text.length
    return added
  }

  /**
   * @param {string} name @param {import('hawser').RoomPlace | null} after null: no place @param {number} most
   * @returns {import('hawser').RoomPage} as `RoomLog.read` says
   */
  read(name, after, most) {
    const room = this.#room(name)
    const anew = after !== null && !after.epoch.startsWith(`${this.#name}-`)
    const above = room.entries.filter(({ offset }) => after === null || anew || offset > after.offset)
    const entries = after === null ? above.slice(-most) : above.slice(0, most)
    return { epoch: this.#epoch(room), offset: room.offset, entries, anew }
  }

  renew(name, epoch) {
    const room = this.#room(name)
    if (this.#epoch(room) === epoch) room.renewals++
  }

  #room(name) {
    if (!this.#rooms.has(name)) this.#rooms.set(name, { renewals: 0, offset: 0, bytes: 0, entries: [] })
    return this.#rooms.get(name)
  }
  #epoch({ renewals }) {
    return `${this.#name}-${renewals}`
  }
}
