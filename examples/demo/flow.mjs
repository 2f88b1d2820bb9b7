// How far the subscribers are behind, and whether the feed may go on.
//
// Published bytes are counted. Every so often a mark goes to all subscribers, in line with what was published; who says that
// it has taken the mark has taken everything before it. What lies between the last mark taken and the count is
// the most that can wait for that subscriber, wherever on the way:
//
//   published ─────────── mark ─────────── mark ──────── count
//                          │ taken           │ not yet     │
//                          └──────────── behind ───────────┘
//
// Above `high` the feed is to pause, below `low` it goes on. `high` lies below the bound at which the server would leave
// messages out, so none is.

export class Flow {
  /** Bytes published so far. */
  published = 0
  /** True while the feed has to wait. */
  holding = false
  #marked = 0
  /** @type {Map<unknown, number>} the last mark that each has taken */
  #subscribers = new Map()

  /**
   * @param {number} bound bytes that may wait for a subscriber before messages are left out
   * @param {{ pause: () => void, resume: () => void, mark: (at: number) => void }} feed mark: to all subscribers
   */
  constructor(bound, feed) {
    this.high = bound / 2
    this.low = bound / 4
    this.step = bound / 16
    this.feed = feed
  }

  /** @param {unknown} key */
  add(key) {
    this.#subscribers.set(key, this.published)
  }

  /** A subscriber has taken a mark. @param {unknown} key @param {number} at */
  took(key, at) {
    if (!this.#subscribers.has(key)) return
    this.#subscribers.set(key, at)
    this.#review()
  }

  /** It is gone; nobody waits for it any more. */
  remove(key) {
    this.#subscribers.delete(key)
    this.#review()
  }

  /** The most that can wait for one subscriber, in bytes. */
  get behind() {
    let least = this.published
    for (const taken of this.#subscribers.values()) if (taken < least) least = taken
    return this.published - least
  }

  /**
   * Bytes were published.
   * @param {boolean} room false: the way to the I/O thread is full, as `publish` says
   */
  note(bytes, room) {
    this.published += bytes
    if (room && this.published - this.#marked < this.step) return
    this.#mark()
    if ((!room || this.behind > this.high) && !this.holding) {
      this.holding = true
      this.feed.pause()
      // Without subscribers no mark comes back.
      if (this.#subscribers.size === 0) setImmediate(() => this.#review())
    }
  }

  #mark() {
    this.#marked = this.published
    this.feed.mark(this.published)
  }

  #review() {
    if (!this.holding || this.behind > this.low) return
    this.holding = false
    this.feed.resume()
  }
}
