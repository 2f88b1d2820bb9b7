// What a subscriber makes of its messages: counts them and checks that each is valid and in order. Pure.

export class Tally {
  /** Records and their bytes; numbers that never came; messages that are invalid, misdirected or out of order. */
  received = 0
  bytes = 0
  missing = 0
  wrong = 0
  /** True once the service has confirmed the subscription; true after the last message. */
  begun = false
  ended = false
  /** @type {Map<string, number>} the last number of each topic */
  #last = new Map()

  /** @param {string} text a message of the service */
  take(text) {
    let message
    try {
      message = JSON.parse(text)
    } catch {
      this.wrong++
      return
    }
    if (message.seq !== undefined) this.#record(message, text.length)
    else if (message.subscribed !== undefined) this.#begin(message.subscribed)
    else if (message.end !== undefined) this.#end(message.end)
    else if (message.mark === undefined) this.wrong++
  }

  #begin(numbers) {
    for (const [topic, number] of Object.entries(numbers)) this.#last.set(topic, number)
    this.begun = true
  }

  #record({ seq, origin, destination, delay }, length) {
    this.received++
    this.bytes += length
    const last = this.#last.get(origin)
    // Not asked for, a repetition, or not the record that it was.
    if (last === undefined || seq <= last || typeof destination !== 'string' || typeof delay !== 'number') {
      this.wrong++
      return
    }
    this.missing += seq - last - 1
    this.#last.set(origin, seq)
  }

  #end(numbers) {
    for (const [topic, number] of Object.entries(numbers))
      this.missing += number - (this.#last.get(topic) ?? 0)
    this.ended = true
  }
}
