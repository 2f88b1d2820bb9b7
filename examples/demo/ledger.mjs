// A side channel whose messages must not be lost: a managed client sends numbered entries in ack mode to a server of the
// demo's own, which books and acknowledges them.
import { once } from 'node:events'
import { Book } from './book.mjs'

const pace = 5
/** Entries that may wait for their ack; while more do, none is sent. */
const most = 500

export class Ledger {
  /** Entries sent; acknowledged; promises that were broken. */
  sent = 0
  acked = 0
  broken = 0
  #hawser
  #server
  #client
  #timer
  #waiting = new Set()
  #ending = false
  #book = new Book()

  /** @param {typeof import('hawser')} hawser */
  constructor(hawser) {
    this.#hawser = hawser
  }

  async start() {
    const { WebSocketClient, WebSocketServer } = this.#hawser
    this.#server = new WebSocketServer({ host: '127.0.0.1', port: 0, protocols: ['hawser.v1'] })
    this.#server.on('connection', (socket) => {
      socket.on('message', (text) => {
        const { id, payload } = JSON.parse(text)
        this.#book.enter(payload.number)
        socket.send(JSON.stringify({ type: 'ack', correlationId: id }))
      })
    })
    await once(this.#server, 'listening')
    this.#client = new WebSocketClient({
      url: `ws://127.0.0.1:${this.#server.address().port}`,
      reconnect: { minDelay: 100, maxDelay: 1_000, minUptime: 500 },
      queue: { maxMessages: 2 * most, retries: 20 },
    })
    await this.#client.connect()
    this.#timer = setInterval(() => this.#send(), pace)
  }

  get reconnects() {
    return this.#client?.getPerformanceMetrics().reconnects ?? 0
  }
  /** Entries that came. */
  get booked() {
    return this.#book.entered
  }
  /** Those that came again. */
  get repeated() {
    return this.#book.repeated
  }
  /** Entries that neither came nor are on their way. While entries are under way only broken promises are known. */
  get lost() {
    return this.#waiting.size > 0 ? this.broken : this.sent - this.booked
  }

  /** Ends every connection without a goodbye, whatever is on it. */
  cut() {
    // Some entries are on the wire, so that what is cut off is more than an idle line.
    for (let i = 0; i < 20; i++) this.#send()
    for (const socket of this.#server.clients) socket.terminate()
  }

  /** Sends no more; resolves when every entry is acknowledged or given up. */
  async finish() {
    this.#ending = true
    clearInterval(this.#timer)
    await Promise.all(this.#waiting)
  }

  async close() {
    clearInterval(this.#timer)
    await this.#client?.close()
    await this.#server?.close({ timeout: 1_000 })
  }

  #send() {
    if (this.#ending || this.#waiting.size >= most) return
    const number = ++this.sent
    const promise = this.#client
      .send('entry', { number }, { ack: true })
      .then(() => this.acked++)
      .catch(() => this.broken++)
      .finally(() => this.#waiting.delete(promise))
    this.#waiting.add(promise)
  }
}
