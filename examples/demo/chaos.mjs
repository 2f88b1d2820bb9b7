// Trouble made on purpose, every few seconds: one kind of it after the other.

const period = 3_000

export class Chaos {
  #strikes
  #count = 0
  #timer
  #busy = Promise.resolve()
  #failed

  /**
   * @param {(() => Promise<void>)[]} strikes what is done in turn; each resolves when the next may come
   * @param {(why: string) => void} failed called when something does not come back
   */
  constructor(strikes, failed) {
    this.#strikes = strikes
    this.#failed = failed
  }

  start() {
    this.#timer = setTimeout(() => {
      const strike = this.#strikes[this.#count++ % this.#strikes.length]
      this.#busy = strike().catch((error) => this.#failed(error.message))
      void this.#busy.then(() => this.start())
    }, period)
  }

  /** No more trouble; resolves when the last strike is done. */
  async stop() {
    clearTimeout(this.#timer)
    await this.#busy
    clearTimeout(this.#timer)
  }
}
