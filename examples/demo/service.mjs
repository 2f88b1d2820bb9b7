// The service: takes the feed in through hawser's client, publishes each record by its airport through hawser's server.
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

export class Service {
  /** Records and bytes taken in; texts that were no record; messages left out for slow subscribers. */
  records = 0
  bytes = 0
  unreadable = 0
  dropped = 0
  #hawser
  #server
  #feed
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
   * Connects to the feed.
   * @param {string} url
   * @param {(why: string) => void} ceased called when the feed ends by itself
   * @throws {Error} when there is no feed
   */
  async take(url, ceased) {
    const feed = new this.#hawser.WebSocket(url)
    this.#feed = feed
    feed.on('message', (text) => this.#record(text))
    await once(feed, 'open')
    let error
    feed.on('error', (cause) => (error = cause))
    feed.on('close', (code) => {
      if (!this.#ending) ceased(error?.message ?? `it closed with ${code}`)
    })
  }

  get subscribers() {
    return this.#server?.clients.size ?? 0
  }
  get hasFeed() {
    return this.#feed?.readyState === 1
  }
  /** The most that can wait for one subscriber, in bytes; only known while the feed is throttled by it. */
  get behind() {
    return this.#policy === 'throttle' ? this.#flow.behind : undefined
  }
  get holding() {
    return this.#heldSince > 0
  }
  /** Milliseconds for which the feed was paused so far. */
  get held() {
    return this.#held + (this.holding ? performance.now() - this.#heldSince : 0)
  }

  /** Ends the feed; then tells every subscriber how many messages there were. */
  finish() {
    if (this.#ending) return
    this.#ending = true
    if (this.#feed !== undefined) {
      this.#feed.removeAllListeners('message')
      this.#feed.resume()
      this.#feed.close(1000, 'enough')
    }
    for (const [socket, topics] of this.#subscribed) {
      socket.send(JSON.stringify({ end: this.#numbers(topics) }))
    }
  }

  /** Closes all connections; those that do not answer are dropped after two seconds. */
  async close() {
    this.#feed?.terminate()
    await this.#server?.close({ timeout: 2_000 })
  }

  // ------------------------------------------------------------------------------------------------- the hot path

  #record(text) {
    let origin
    try {
      origin = JSON.parse(text).origin
    } catch {
      origin = undefined
    }
    if (typeof origin !== 'string' || origin === '') {
      this.unreadable++
      return
    }
    const number = (this.#last.get(origin) ?? 0) + 1
    this.#last.set(origin, number)
    this.records++
    this.bytes += text.length
    const numbered = `{"seq":${number},${text.slice(1)}`
    const room = this.#server.publish(origin, numbered)
    if (this.#policy === 'throttle') this.#flow.note(numbered.length, room)
    else if (!room) this.#breathe()
  }

  /** The way to the I/O thread is full: the feed waits a turn of the event loop, whoever reads or does not. */
  #breathe() {
    if (this.holding) return
    this.#hold()
    setImmediate(() => this.#release())
  }

  #hold() {
    this.#heldSince = performance.now()
    this.#feed.pause()
  }
  #release() {
    if (!this.holding) return
    this.#held += performance.now() - this.#heldSince
    this.#heldSince = 0
    this.#feed.resume()
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
