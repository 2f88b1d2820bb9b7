// Whether anything is missing in rooms that keep their messages: within an epoch offsets count up by one. Pure; the page
// uses it as well.

export class Continuity {
  /** Messages that were in order or not, those that never came, and those that came again. */
  taken = 0
  missed = 0
  repeated = 0
  /** @type {Map<string, { epoch: string, offset: number }>} */
  #places = new Map()

  /**
   * @param {{ room?: string | undefined, epoch?: string | undefined, offset?: number | undefined }} message
   * @returns {boolean} false: it was here before
   */
  take({ room, epoch, offset }) {
    if (room === undefined || epoch === undefined || offset === undefined) return true
    const last = this.#places.get(room)
    const known = last !== undefined && last.epoch === epoch
    if (known && offset <= last.offset) {
      this.repeated++
      return false
    }
    this.taken++
    if (known) this.missed += offset - last.offset - 1
    this.#places.set(room, { epoch, offset })
    return true
  }

  /** How far a room was read. @param {string} room */
  place(room) {
    return this.#places.get(room)
  }
}
