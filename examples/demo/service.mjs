// The service: takes the feed in through a managed client of hawser's, which filters and conflates it on the I/O thread,
// and publishes each record that is left by its airport through hawser's server.
//
// What subscribers say and hear, all JSON text:
//   {"subscribe":["ORD","DFW"]}      → {"subscribed":{"ORD":0,"DFW":0}}   the numbers that were published last
//   {"seq":1,"date":…,"origin":"ORD",…}   a record; `seq` counts within its airport
//   {"mark":123}                     bookkeeping of the flow
//   {"end":{"ORD":512,"DFW":498}}    the last message: how many there were
import { once } from 'node:events'
import { Flow } from './flow.mjs'

/** What may wait for one subscriber, in bytes. */
export const bound = 8 * 1024 * 1024

/** Of the feed only late flights are wanted, of each route the latest, at most so often (ms), gathered into batches. */
const wanted = {
  where: { '/delay': { gte: 15 } },
  conflate: { key: '/destination', every: 100 },
  batch: { max: 200, every: 25 },
}
const nothing = { messagesIn: 0, bytesIn: 0, reconnects: 0, untyped: 0, notJson: 0, binary: 0 }

export class Service {
  /** Records and bytes that reached JavaScript and were published; messages left out for slow subscribers. */
  records = 0
  bytes = 0
  dropped = 0
  #hawser
  #server
  /** @type {import('hawser').WebSocketClient | undefined} */
  #feed
  #topics = []
  #subscriptions = []
  #odd = 0
  #policy
  #flow
  /** @type {Map<string, number>} the last number of each airport */
  #last = new Map()
  #subscribed = new Map()
  #held = 0
  #heldSince = 0
  #ending = false

  /**
   * @param {typeof import('hawser')} hawser
   * @param {'throttle' | 'drop'} policy
   */
  constructor(hawser, policy) {
    this.#hawser = hawser
    this.#policy = policy
    this.#flow = new Flow(bound, { pause: () => this.#hold(), resume: () => this.#release() })
  }

  /** Starts to listen. @returns {Promise<string>} the URL for subscribers */
  async listen() {
    this.#server = new this.#hawser.WebSocketServer({ host: '127.0.0.1', port: 0, maxBackpressure: bound })
    this.#server.on('connection', (socket) => this.#welcome(socket))
    this.#server.on('dropped', (messages) => (this.dropped += messages))
    await once(this.#server, 'listening')
    return `ws://127.0.0.1:${this.#server.address().port}`
  }

  /**
   * Connects to the feed, and again whenever the connection is lost.
   * @param {string} url
   * @param {string[]} topics the airports that are wanted
   * @param {(why: string) => void} ceased called when the client gives the feed up
   */
  async take(url, topics, ceased) {
    this.#topics = topics
    this.#feed = new this.#hawser.WebSocketClient({
      url,
      hawser: false,
      routing: { type: '/origin' },
      reconnect: { minDelay: 100, maxDelay: 1_000, minUptime: 500 },
    })
    this.#feed.onStateChange((state, { error }) => {
      const gone = state === 'failed' || state === 'disconnected'
      if (gone && !this.#ending) ceased(error?.message ?? 'the client is disconnected')
    })
    this.#listen()
    await this.#feed.connect()
  }

  /** Resolves when the client has come back to the feed so often. */
  async back(times) {
    await new Promise((resolve) => {
      const look = () => {
        if (this.intake.reconnects < times) return
        off?.()
        resolve()
      }
      const off = this.#feed?.onStateChange(look)
      look()
    })
  }

  /** What the client took in on the I/O thread, most of which never reaches JavaScript. */
  get intake() {
    return this.#feed?.getPerformanceMetrics() ?? nothing
  }
  /** Messages of the feed that were no record. */
  get unreadable() {
    const { untyped, notJson, binary } = this.intake
    return this.#odd + untyped + notJson + binary
  }
  get subscribers() {
    return this.#server?.clients.size ?? 0
  }
  get hasFeed() {
    return this.#feed?.state === 'connected'
  }
  /** The most that can wait for one subscriber, in bytes; only known while the feed is throttled by it. */
  get behind() {
    return this.#policy === 'throttle' ? this.#flow.behind : undefined
  }
  get holding() {
    return this.#heldSince > 0
  }
  /** Milliseconds for which nothing was taken from the feed so far. */
  get held() {
    return this.#held + (this.holding ? performance.now() - this.#heldSince : 0)
  }

  /** Ends the feed; then tells every subscriber how many messages there were. */
  finish() {
    if (this.#ending) return
    this.#ending = true
    for (const each of this.#subscriptions.splice(0)) each.unsubscribe()
    for (const [socket, topics] of this.#subscribed) {
      socket.send(JSON.stringify({ end: this.#numbers(topics) }))
    }
  }

  /** Closes all connections; those that do not answer are dropped after two seconds. */
  async close() {
    await this.#feed?.close()
    await this.#server?.close({ timeout: 2_000 })
  }

  // ------------------------------------------------------------------------------------------------- the hot path

  /** @param {{ origin: string }} record */
  #record(record) {
    if (this.#ending) return
    const { origin, destination } = record
    if (typeof destination !== 'string') {
      this.#odd++
      return
    }
    const number = (this.#last.get(origin) ?? 0) + 1
    this.#last.set(origin, number)
    const numbered = JSON.stringify({ seq: number, ...record })
    this.records++
    this.bytes += numbered.length
    const room = this.#server.publish(origin, numbered)
    if (this.#policy === 'throttle') this.#flow.note(numbered.length, room)
    else if (!room) this.#breathe()
  }

  /** The way to the I/O thread is full: nothing is taken for a turn of the event loop, whoever reads or does not. */
  #breathe() {
    if (this.holding) return
    this.#hold()
    setImmediate(() => this.#release())
  }

  /** Asks for the feed: a subscription for each airport, so that each is conflated by itself. */
  #listen() {
    this.#subscriptions = this.#topics.map((type) =>
      this.#feed.subscribe({ type, ...wanted }, (records) => {
        for (const record of records) this.#record(record)
      }),
    )
  }

  /** Takes nothing until released: without a subscription the feed ends on the I/O thread. */
  #hold() {
    if (this.holding) return
    this.#heldSince = performance.now()
    for (const each of this.#subscriptions.splice(0)) each.unsubscribe()
  }
  #release() {
    if (!this.holding) return
    this.#held += performance.now() - this.#heldSince
    this.#heldSince = 0
    if (!this.#ending) this.#listen()
  }

  // -------------------------------------------------------------------------------------------------- subscribers

  #welcome(socket) {
    socket.on('message', (text) => {
      const topics = topicsOf(text)
      if (topics === undefined) socket.close(1008, 'say {"subscribe":["<airport>", ...]}')
      else this.#subscribe(socket, topics)
    })
    socket.on('close', () => {
      this.#subscribed.delete(socket)
      this.#flow.remove(socket)
    })
  }

  #subscribe(socket, topics) {
    const known = this.#subscribed.get(socket) ?? new Set()
    for (const topic of topics) {
      if (known.has(topic)) continue
      known.add(topic)
      socket.subscribe(topic)
    }
    this.#subscribed.set(socket, known)
    this.#flow.add(socket, (text, callback) => socket.send(text, callback))
    socket.send(JSON.stringify({ subscribed: this.#numbers(topics) }))
  }

  #numbers(topics) {
    return Object.fromEntries([...topics].map((topic) => [topic, this.#last.get(topic) ?? 0]))
  }
}

/** The topics that a message asks for; undefined when it is none that asks for topics. */
function topicsOf(text) {
  try {
    const { subscribe } = JSON.parse(text)
    const good = Array.isArray(subscribe) && subscribe.every((topic) => /^[A-Z]{3}$/.test(topic))
    return good ? subscribe : undefined
  } catch {
    return undefined
  }
}
