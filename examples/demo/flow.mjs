// How far the subscribers are behind, and whether the feed may go on.
//
// Published bytes are counted. Every so often each subscriber is sent a mark, in line with what was published; once the
// kernel has taken the mark, it has taken everything before it. What lies between the last mark taken and the
// count is the most that can wait for that subscriber:
//
//   published ─────────── mark ─────────── mark ──────── count
//                          │ taken           │ not yet     │
//                          └──────────── behind ───────────┘
//
// Above `high` the feed is to pause, below `low` it goes on. `high` lies below the bound at which the server would leave
// messages out, so none is.

/** @typedef {(text: string, callback: (error?: Error) => void) => unknown} Send */

export class Flow {
  /** Bytes published so far. */
  published = 0
  /** True while the feed has to wait. */
  holding = false
  #marked = 0
  /** @type {Map<object, { send: Send, taken: number }>} */
  #subscribers = new Map()

  /**
   * @param {number} bound bytes that may wait for a subscriber before messages are left out
   * @param {{ pause: () => void, resume: () => void }} feed
   */
  constructor(bound, feed) {
    this.high = bound / 2
    this.low = bound / 4
    this.step = bound / 16
    this.feed = feed
  }

  /** @param {object} key @param {Send} send */
  add(key, send) {
    this.#subscribers.set(key, { send, taken: this.published })
  }

  /** It is gone; nobody waits for it any more. */
  remove(key) {
    this.#subscribers.delete(key)
    this.#review()
  }

  /** The most that can wait for one subscriber, in bytes. */
  get behind() {
    let least = this.published
    for (const { taken } of this.#subscribers.values()) if (taken < least) least = taken
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
    const at = this.published
    for (const subscriber of this.#subscribers.values()) {
      subscriber.send(`{"mark":${at}}`, (error) => {
        // An error means that the connection ended; `remove` follows.
        if (error !== undefined) return
        subscriber.taken = at
        this.#review()
      })
    }
  }

  #review() {
    if (!this.holding || this.behind > this.low) return
    this.holding = false
    this.feed.resume()
  }
}
