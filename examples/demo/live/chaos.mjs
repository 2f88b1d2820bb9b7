// Trouble made on purpose, every few seconds: the service and the feeder are killed in turn, and started again.

const period = 3_000

export class LiveChaos {
  #strikes
  #count = 0
  #timer
  #busy = Promise.resolve()
  #failed

  /**
   * @param {import('../feeder.mjs').Feeder} feeder
   * @param {import('./supervisor.mjs').Supervisor} supervisor
   * @param {(why: string) => void} failed called when the feeder does not come back
   */
  constructor(feeder, supervisor, failed) {
    this.#strikes = [() => supervisor.restart(''), () => feeder.restart()]
    this.#failed = failed
  }

  start() {
    this.#timer = setTimeout(() => {
      const strike = this.#strikes[this.#count++ % this.#strikes.length]
      this.#busy = strike().catch((error) => this.#failed(error.message))
      void this.#busy.then(() => this.start())
    }, period)
  }

  /** No more trouble; resolves when what is down is up again. */
  async stop() {
    clearTimeout(this.#timer)
    await this.#busy
    clearTimeout(this.#timer)
  }
}
