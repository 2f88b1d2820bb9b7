// Which entries came: numbers from one on, each counted once. Pure; it remembers no more than what came out of turn.

export class Book {
  entered = 0
  /** Entries that came again. */
  repeated = 0
  /** All up to this number are in, and those in the set. */
  #upTo = 0
  #beyond = new Set()

  /** @param {number} number */
  enter(number) {
    if (number <= this.#upTo || this.#beyond.has(number)) {
      this.repeated++
      return
    }
    this.entered++
    this.#beyond.add(number)
    while (this.#beyond.delete(this.#upTo + 1)) this.#upTo++
  }
}
