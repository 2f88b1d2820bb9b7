// Trouble made on purpose, every few seconds: the feeder is killed and started again, and the connections of the ledger
// are cut.

const period = 3_000

export class Chaos {
  #feeder
  #ledger
  #timer
  #busy = Promise.resolve()
  #failed

  /**
   * @param {import('./feeder.mjs').Feeder} feeder
   * @param {import('./ledger.mjs').Ledger} ledger
   * @param {(why: string) => void} failed called when the feeder does not come back
   */
  constructor(feeder, ledger, failed) {
    this.#feeder = feeder
    this.#ledger = ledger
    this.#failed = failed
  }

  start() {
    this.#timer = setTimeout(() => {
      this.#busy = this.#strike().then(() => this.start())
    }, period)
  }

  async #strike() {
    this.#ledger.cut()
    try {
      await this.#feeder.restart()
    } catch (error) {
      this.#failed(error.message)
    }
  }

  /** No more trouble; resolves when what is down is up again. */
  async stop() {
    clearTimeout(this.#timer)
    await this.#busy
    clearTimeout(this.#timer)
  }
}
