// What a subscriber makes of its messages: counts them and checks that each is valid and in order. Pure.

export class Tally {
  /** Records and their bytes; numbers that never came; messages that are invalid, misdirected or out of order. */
  received = 0
  bytes = 0
  missing = 0
  wrong = 0
  /** True once it is in the rooms of all topics; true after the last message. */
  begun = false
  ended = false
  /** @type {Map<string, number>} the last number of each topic */
  #last = new Map()
  #topics

  /** @param {number} topics how many it asks for */
  constructor(topics) {
    this.#topics = topics
  }

  /**
   * Takes a message of the hub.
   * @param {string} text
   * @returns {number | undefined} a mark, which is to be answered
   */
  take(text) {
    let message
    try {
      message = JSON.parse(text)
    } catch {
      this.wrong++
      return undefined
    }
    const { type, room, payload } = message
    if (type === 'flight') this.#record(room, payload, text.length)
    else if (type === 'joined') this.#begin(room)
    else if (type === 'end') this.#end(payload)
    else if (type === 'mark') return payload
    else this.wrong++
    return undefined
  }

  /** The feed begins when all subscribers are there, so every topic begins at its first number. */
  #begin(topic) {
    this.#last.set(topic, 0)
    this.begun = this.#last.size === this.#topics
  }

  #record(room, { seq, origin, destination, delay }, length) {
    this.received++
    this.bytes += length
    const last = this.#last.get(origin)
    // Not asked for, misdirected, a repetition, or not the record that it was.
    const known = last !== undefined && room === origin && seq > last
    if (!known || typeof destination !== 'string' || typeof delay !== 'number') {
      this.wrong++
      return
    }
    this.missing += seq - last - 1
    this.#last.set(origin, seq)
  }

  #end(numbers) {
    if (this.ended) return
    for (const [topic, last] of this.#last) this.missing += (numbers[topic] ?? 0) - last
    this.ended = true
  }
}
