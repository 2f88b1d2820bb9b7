// Shows the meter: on a terminal as a screen that is redrawn in place, elsewhere as a line a second.
import fs from 'node:fs'
import { line, screen } from './screen.mjs'

const interval = 250
const escape = String.fromCharCode(27)
// The other screen, without a cursor; and back. What was on the terminal before stays there.
const enter = `${escape}[?1049h${escape}[?25l`
const leave = `${escape}[?25h${escape}[?1049l`
const home = `${escape}[H`
const restOfLine = `${escape}[K`
const restOfScreen = `${escape}[J`

/** What the output can show. */
export function terminalOf(stream, env = process.env) {
  const screenful = stream.isTTY === true && env.TERM !== 'dumb'
  return {
    screenful,
    colours: screenful && (env.NO_COLOR ?? '') === '',
    // The console of Linux has no blocks in its font.
    unicode: env.TERM !== 'linux',
    // Some terminals say that they have no size.
    columns: stream.columns || 80,
    rows: stream.rows || 24,
  }
}

export class Display {
  #stream
  #sample
  #timer
  #ticks = 0
  #open = false
  #restore = () => this.#leave()
  #picture

  /**
   * @template State
   * @param {NodeJS.WriteStream} stream
   * @param {() => State} sample called each quarter second
   * @param {{ screen: (state: State, terminal: import('./screen.mjs').Terminal) => string[], line: (state: State) => string }}
   *   [picture] how the state looks
   */
  constructor(stream, sample, picture = { screen, line }) {
    this.#stream = stream
    this.#sample = sample
    this.#picture = picture
  }

  start() {
    if (terminalOf(this.#stream).screenful) {
      this.#open = true
      process.once('exit', this.#restore)
      // Before Node reports an error that nobody caught: on this screen nobody would see it.
      process.once('uncaughtExceptionMonitor', this.#restore)
      this.#stream.write(enter)
    }
    this.#timer = setInterval(() => this.#tick(), interval)
    this.#tick()
  }

  /** Ends the meter; the terminal is as it was. */
  stop() {
    clearInterval(this.#timer)
    this.#leave()
  }

  #leave() {
    if (!this.#open) return
    this.#open = false
    process.off('exit', this.#restore)
    process.off('uncaughtExceptionMonitor', this.#restore)
    try {
      // It may be the last that this process does.
      fs.writeSync(this.#stream.fd, leave)
    } catch {
      // The terminal is gone.
    }
  }

  #tick() {
    const state = this.#sample()
    const ticks = this.#ticks++
    if (this.#open) {
      // A terminal that does not keep up gets fewer pictures, not a queue of them.
      if (this.#stream.writableLength > 0) return
      const lines = this.#picture.screen(state, terminalOf(this.#stream))
      this.#stream.write(home + lines.map((each) => each + restOfLine).join('\r\n') + restOfScreen)
    } else if (ticks > 0 && ticks % (1000 / interval) === 0) {
      this.#stream.write(`${this.#picture.line(state)}\n`)
    }
  }
}
