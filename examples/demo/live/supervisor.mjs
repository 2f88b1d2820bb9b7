// The service seen from the demo: a process that is started again whenever it has gone, at the same port.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../arguments.mjs'
import { Book } from '../book.mjs'
import { Keeper } from './keeper.mjs'

const program = fileURLToPath(new URL('service.mjs', import.meta.url))
/** A service that ended so soon (ms) after its start would do so again. */
const shortest = 1_000

export class Supervisor {
  /** Restarts that somebody asked for, and ends that nobody did. */
  restarts = 0
  crashes = 0
  /** @type {ReturnType<import('./vitals.mjs').Vitals['sample']> | undefined} the latest */
  sample
  /** Of the ledger. */
  book = new Book()
  #keeper = new Keeper()
  #settings
  #port
  #child
  #life = 0
  #closing = false
  #down
  #failed
  #calls = {
    append: (...args) => this.#keeper.append(...args),
    read: (...args) => this.#keeper.read(...args),
    renew: (...args) => this.#keeper.renew(...args),
    book: (number) => this.book.enter(number),
  }
  #kill = () => this.#child?.process.kill('SIGKILL')

  /**
   * @param {{ feed: { url: string, topics: string[] }, folder: string }} settings folder: of the built page
   * @param {(why: string) => void} failed called when it does not stay up
   */
  constructor(settings, failed) {
    this.#settings = settings
    this.#failed = failed
  }

  /**
   * Starts it. @param {number} port one to try; where it is taken, any other
   * @returns {Promise<number>} the port
   */
  async start(port) {
    process.once('exit', this.#kill)
    this.#port = port
    try {
      this.#port = await this.#launch()
    } catch (error) {
      if (port === 0 || !/EADDRINUSE/.test(error.message))
        throw new UsageError(`The service did not start: ${error.message}`)
      this.#port = 0
      this.#port = await this.#launch()
    }
    return this.#port
  }

  /** Kills it without a warning and starts another one, unless it is down as it is. @param {string} by who asked */
  async restart(by) {
    // Who is killed before it listens would count as one that cannot start.
    if (this.#closing || this.#down !== undefined) return
    this.restarts++
    this.#down = { by, since: Date.now() }
    this.#child.process.kill('SIGKILL')
    await this.#child.gone
  }

  /** Has it say goodbye, and waits for its end. */
  async close() {
    this.#closing = true
    const child = this.#child
    if (child === undefined) return
    if (child.process.connected) child.process.send({ close: true }, () => {})
    const timer = setTimeout(this.#kill, 5_000)
    await child.gone
    clearTimeout(timer)
    process.off('exit', this.#kill)
  }

  /** @returns {Promise<number>} the port, once it listens */
  #launch() {
    const { by = '', since = Date.now() } = this.#down ?? {}
    const life = ++this.#life
    const settings = { ...this.#settings, port: this.#port, life, down: { by, since } }
    // A group of its own: Ctrl-C is for the demo, which then ends the service.
    const child = fork(program, [JSON.stringify(settings)], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    const begun = performance.now()
    let complaint = ''
    let ready = false
    child.stderr.setEncoding('utf8').on('data', (text) => (complaint = (complaint + text).slice(-2000)))
    const gone = new Promise((resolve) => child.once('close', resolve))
    this.#child = { process: child, gone }
    return new Promise((resolve, reject) => {
      child.on('message', (message) => {
        if (message.ready !== undefined) {
          ready = true
          this.#down = undefined
          resolve(message.ready)
        }
        this.#hear(child, message)
      })
      child.once('error', reject)
      void gone.then(() => {
        const why = complaint.split('\n').find((line) => /Error/.test(line)) ?? 'it ended'
        if (!ready) {
          reject(new Error(why))
          return
        }
        this.#ended(performance.now() - begun, why)
      })
    })
  }

  #ended(lasted, why) {
    if (this.#closing) return
    const asked = this.#down !== undefined
    if (!asked) {
      this.crashes++
      this.#down = { by: '', since: Date.now() }
      if (lasted < shortest) {
        this.#failed(`The service ended: ${why}.`)
        return
      }
    }
    this.#launch().catch((error) => {
      if (!this.#closing) this.#failed(`The service did not come back: ${error.message}.`)
    })
  }

  #hear(child, { id, call, args, sample, restart }) {
    if (sample !== undefined) this.sample = sample
    if (restart !== undefined) void this.restart(restart)
    if (id === undefined) return
    const value = this.#calls[call](...args)
    if (child.connected) child.send({ answer: id, value }, () => {})
  }
}
