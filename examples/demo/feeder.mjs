// The feeder: a C++ program that replays the records over a WebSocket, as a child process that can be killed and
// started again at the same port.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { UsageError } from './arguments.mjs'

const program = fileURLToPath(new URL('../../build/dev/bench/load/hawser-load', import.meta.url))

export class Feeder {
  /** How often it was killed and started again. */
  restarts = 0
  /** Resolves with what it complained about, when its process is gone for good. */
  ended
  #args
  #child
  #port = 0
  #end
  #kill = () => this.#child.process.kill('SIGKILL')

  #nice

  /**
   * @param {string} file JSON lines, sent over and over
   * @param {number} rate records/s; 0: as fast as they are read
   * @param {{ nice?: number }} [options] nice: how much it stands back for other processes, 0 to 19
   */
  constructor(file, rate, { nice = 0 } = {}) {
    this.#nice = nice
    this.#args = ['feed', '--file', file, '--rate', String(rate), '--with-parent']
    this.ended = new Promise((resolve) => (this.#end = resolve))
  }

  /** Resolves when it listens. @throws {UsageError} when it is not built or does not start */
  async start() {
    if (!fs.existsSync(program)) {
      throw new UsageError('The feeder is not built. Next: npm run build -- --load')
    }
    process.once('exit', this.#kill)
    await this.#launch()
  }

  /** Where it serves the feed. */
  get url() {
    return `ws://127.0.0.1:${this.#port}`
  }

  /** Kills it without a warning and starts another one at its port. */
  async restart() {
    const child = this.#child
    child.expected = true
    child.process.kill('SIGKILL')
    await child.gone
    this.restarts++
    await this.#launch()
  }

  /** Ends it; `ended` follows. */
  stop() {
    this.#child.expected = true
    this.#child.process.kill('SIGTERM')
    void this.#child.gone.then((why) => this.#finish(why))
  }

  #finish(why) {
    process.off('exit', this.#kill)
    this.#end(why)
  }

  async #launch() {
    // A group of its own: Ctrl-C is for the demo, which then ends the feeder.
    const child = spawn(program, [...this.#args, '--port', String(this.#port)], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (this.#nice > 0 && child.pid !== undefined) os.setPriority(child.pid, this.#nice)
    let complaint = ''
    child.stderr.setEncoding('utf8').on('data', (text) => (complaint = (complaint + text).slice(-500)))
    const gone = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('close', () => resolve(complaint.trim() || 'it ended'))
    })
    // `expected`: its end is asked for.
    const mine = (this.#child = { process: child, gone, expected: false })
    const listening = new Promise((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const { port } = JSON.parse(line)
        if (port !== undefined) resolve(port)
      })
    })
    const failed = gone.then((why) => {
      throw new UsageError(`The feeder did not start: ${why}. Next: npm run build -- --load`)
    })
    this.#port = await Promise.race([listening, failed])
    // It is lost when it ends and nobody asked for that.
    failed.catch(async () => {
      if (!mine.expected) this.#finish(await gone)
    })
  }
}
