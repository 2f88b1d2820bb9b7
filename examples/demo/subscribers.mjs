// The subscribers seen from the demo: starts their processes, collects what they count, ends them.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('subscriber.mjs', import.meta.url))
const nothing = { received: 0, bytes: 0, missing: 0, wrong: 0 }

/**
 * @typedef {object} Plan
 * @property {'ws' | 'undici'} make whose client it is
 * @property {boolean} slow
 * @property {string[]} topics
 */

/**
 * Who subscribes to what: each topic goes to two subscribers, to all when there are fewer. Every fourth client is
 * undici's, the others are of `ws`; slow ones are always of `ws`, which can pause.
 * @param {number} subscribers @param {string[]} topics @param {number} slow
 * @returns {Plan[]}
 */
export function planSubscribers(subscribers, topics, slow) {
  return Array.from({ length: subscribers }, (_, index) => {
    const isSlow = index < slow
    const mine = topics.filter((_, i) => {
      const first = i % subscribers
      return index === first || index === (first + 1) % subscribers
    })
    // With more subscribers than topics some would have none.
    return {
      make: index % 4 === 3 && !isSlow ? 'undici' : 'ws',
      slow: isSlow,
      topics: mine.length > 0 ? mine : [topics[index % topics.length]],
    }
  })
}

/** One subscriber's process. */
class Subscriber {
  counts = nothing
  /** @type {'starting' | 'reading' | 'done' | 'lost'} */
  state = 'starting'
  /** Why it is lost. */
  why = ''
  #child

  /** @param {Plan} plan @param {string} url @param {() => void} changed called after each change of `state` */
  constructor(plan, url, changed) {
    this.make = plan.make
    this.slow = plan.slow
    this.name = plan.make
    const args = [plan.make, url, plan.topics.join(','), plan.slow ? '1' : '0']
    this.#child = fork(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    let complaint = ''
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (complaint = (complaint + text).slice(-2000)))
    this.#child.on('message', (message) => {
      this.#hear(message)
      changed()
    })
    const ended = (code, signal) => {
      if (this.state !== 'done') this.#lose(this.why || errorIn(complaint) || endOf(code, signal))
      changed()
    }
    this.#child.on('error', (error) => this.#lose(error.message))
    this.exited = new Promise((resolve) => this.#child.once('close', resolve)).then(() =>
      ended(this.#child.exitCode, this.#child.signalCode),
    )
  }

  #hear({ ready, version, counts, ended, failed }) {
    if (ready === true) {
      this.state = 'reading'
      this.name = `${this.make} ${version}`
    }
    if (counts !== undefined) this.counts = counts
    if (ended === true) this.state = 'done'
    if (failed !== undefined) this.#lose(failed)
  }

  #lose(why) {
    this.state = 'lost'
    this.why = why
  }

  /** A slow one reads at full speed from now on, so that the end is not long in coming. */
  hurry() {
    if (this.#child.connected) this.#child.send({ hurry: true }, () => {})
  }
  kill() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL')
  }
}

export class Subscribers {
  /** @type {Subscriber[]} */
  list = []
  #waiting = new Set()
  #kill = () => this.list.forEach((each) => each.kill())

  /** @param {Plan[]} plans @param {string} url */
  start(plans, url) {
    process.once('exit', this.#kill)
    this.list = plans.map((plan) => new Subscriber(plan, url, () => this.#changed()))
  }

  #changed() {
    for (const check of [...this.#waiting]) check()
  }

  /** Resolves once each is in one of these states. */
  async all(...states) {
    await this.#until(() => this.list.every(({ state }) => states.includes(state)))
  }
  /** Resolves once one of them is lost, with that one. */
  async oneLost() {
    await this.#until(() => this.list.some(({ state }) => state === 'lost'))
    return this.list.find(({ state }) => state === 'lost')
  }

  #until(condition) {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }

  /** What all of them counted. */
  get totals() {
    const totals = { ...nothing }
    for (const { counts } of this.list) for (const name of Object.keys(totals)) totals[name] += counts[name]
    return totals
  }

  hurry() {
    this.list.forEach((each) => each.hurry())
  }

  /** Ends those that have not ended themselves, and waits until all processes are gone. */
  async end() {
    this.#kill()
    await Promise.all(this.list.map(({ exited }) => exited))
    process.off('exit', this.#kill)
  }
}

/** The line of a crash report that names the error. */
function errorIn(text) {
  return text.split('\n').find((line) => /^\w*Error\b/.test(line)) ?? ''
}
function endOf(code, signal) {
  return signal === null ? `its process ended with exit code ${code}` : `its process was ended by ${signal}`
}
