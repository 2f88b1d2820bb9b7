// The demo's own visitor: a managed client that watches the rooms that pages watch and checks that nothing is missing,
// through every restart; and a ledger, whose numbered entries are sent in ack mode and must all arrive.
import { Continuity } from './continuity.mjs'
import { watcherName } from './visitors.mjs'

/** Milliseconds between entries, and how many may wait for their ack. */
const pace = 20
const most = 500

export class Watcher {
  continuity = new Continuity()
  /** Positions that could not be resumed, whatever is lost with them. */
  broken = 0
  sent = 0
  acked = 0
  #hawser
  #client
  #timer
  #waiting = new Set()

  /** @param {typeof import('hawser')} hawser */
  constructor(hawser) {
    this.#hawser = hawser
  }

  /** @param {number} port */
  async start(port) {
    this.#client = new this.#hawser.WebSocketClient({
      url: `ws://127.0.0.1:${port}/live?name=${encodeURIComponent(watcherName)}`,
      reconnect: { minDelay: 100, maxDelay: 1_000, minUptime: 500 },
      queue: { maxMessages: 2 * most, retries: 100 },
    })
    this.#client.on('resume_failed', () => this.broken++)
    this.#client.on('error', () => {})
    const check = (message) => this.continuity.take(message)
    for (const type of ['sample', 'incident', 'chat.*']) this.#client.on(type, check)
    await this.#client.connect()
    await Promise.all(['board', 'chat'].map((room) => this.#client.joinRoom(room)))
    this.#timer = setInterval(() => this.#send(), pace)
  }

  get reconnects() {
    return this.#client?.getPerformanceMetrics().reconnects ?? 0
  }

  /** Sends no more; resolves when every entry is acknowledged or given up. */
  async finish() {
    clearInterval(this.#timer)
    await Promise.all(this.#waiting)
  }
  async close() {
    clearInterval(this.#timer)
    await this.#client?.close()
  }

  #send() {
    if (this.#waiting.size >= most) return
    const promise = this.#client
      .send('ledger', { number: ++this.sent }, { ack: true })
      .then(() => this.acked++)
      .catch(() => {})
      .finally(() => this.#waiting.delete(promise))
    this.#waiting.add(promise)
  }
}
