// The line of the waiting room: who waits, who is at which desk. Time is passed in.
/** @typedef {import('../protocol/queue.js').Ticket} Ticket */
/** @typedef {import('../protocol/queue.js').Board} Board */

/** People who may wait. */
const longest = 200
/** Times at desks that the pace is made of. */
const remembered = 10

export class Line {
  #next = 1
  #served = 0
  /** @type {Ticket[]} */
  #waiting = []
  /** @type {number[]} */
  #times = []
  /** @type {import('../protocol/queue.js').Desk[]} */
  #desks

  /** @param {number} desks */
  constructor(desks = 3) {
    this.#desks = Array.from({ length: desks }, (_, i) => ({ desk: i + 1, serving: null, called: null }))
  }

  /** @returns {Board} */
  get board() {
    const { length } = this.#times
    const pace = length === 0 ? 0 : Math.round(this.#times.reduce((sum, time) => sum + time, 0) / length)
    return {
      waiting: [...this.#waiting],
      desks: this.#desks.map((desk) => ({ ...desk })),
      served: this.#served,
      pace,
    }
  }

  /**
   * A ticket for somebody, or the one that they have.
   * @param {string} name
   * @param {number} now
   * @returns {Ticket | undefined} undefined: the line is full
   */
  take(name, now) {
    const has = this.of(name)
    if (has !== undefined) return has
    if (this.#waiting.length >= longest) return undefined
    const ticket = { number: this.#next++, name, since: now }
    this.#waiting.push(ticket)
    return ticket
  }

  /** @param {string} name */
  of(name) {
    const served = this.#desks.find(({ serving }) => serving?.name === name)?.serving
    return served ?? this.#waiting.find((ticket) => ticket.name === name)
  }

  /**
   * Who waits goes away.
   * @param {string} name
   * @returns {Ticket | undefined} undefined: did not wait
   */
  leave(name) {
    const index = this.#waiting.findIndex((ticket) => ticket.name === name)
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0]
  }

  /**
   * The next in line comes to a desk that is free.
   * @param {number} desk
   * @param {number} now
   * @returns {Ticket | undefined} undefined: nobody waits, or the desk is taken or not there
   */
  call(desk, now) {
    const place = this.#desks.find((one) => one.desk === desk)
    if (place === undefined || place.serving !== null) return undefined
    const ticket = this.#waiting.shift()
    if (ticket === undefined) return undefined
    place.serving = ticket
    place.called = now
    return ticket
  }

  /**
   * Who is at a desk is done.
   * @param {number} desk
   * @param {number} now
   * @returns {Ticket | undefined} undefined: nobody was there
   */
  finish(desk, now) {
    const place = this.#desks.find((one) => one.desk === desk)
    if (place === undefined || place.serving === null) return undefined
    const ticket = place.serving
    this.#times = [...this.#times, now - (place.called ?? now)].slice(-remembered)
    this.#served++
    place.serving = null
    place.called = null
    return ticket
  }
}
