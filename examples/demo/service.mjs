// The service: takes the feed in through a managed client of hawser's, which filters and conflates it on the I/O thread,
// and publishes each record that is left to the room of its airport through hawser's hub, see hub.mjs. Further nodes have
// subscribers of their own, whom the hub reaches through a broker.
import { Flow } from './flow.mjs'
import { bound, listen } from './hub.mjs'
import { Nodes } from './nodes.mjs'

/** Milliseconds until a subscriber that was too full for the last message is looked at again. */
const pause = 50

/** Bytes of a record on its way, about: what the flow counts. */
const weight = 280

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
  /** @type {import('hawser').Hub | undefined} */
  #hub
  #nodes = new Nodes()
  #present = new Set()
  /** @type {import('hawser').WebSocketClient | undefined} */
  #feed
  #topics = []
  #subscriptions = []
  #odd = 0
  #policy
  #flow
  /** @type {Map<string, number>} the last number of each airport */
  #last = new Map()
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
    this.#flow = new Flow(bound, {
      pause: () => this.#hold(),
      resume: () => this.#release(),
      mark: (at) => this.#hub.broadcast('mark', at),
    })
  }

  /**
   * Starts to listen, and further nodes on the same port.
   * @param {number} nodes how many in all
   * @param {string | undefined} redis URL of the broker between them
   * @param {(why: string) => void} lost called when a node ends
   * @returns {Promise<string>} the URL for subscribers
   */
  async listen(nodes, redis, lost) {
    const events = {
      came: (id) => {
        this.#present.add(id)
        this.#flow.add(id)
      },
      took: (id, at) => this.#flow.took(id, at),
      left: (id) => {
        this.#present.delete(id)
        this.#flow.remove(id)
      },
    }
    this.#hub = await listen(this.#hawser, { port: 0, redis }, events)
    const { server } = this.#hub
    server.on('dropped', (messages) => (this.dropped += messages))
    const { port } = server.address()
    await this.#nodes.start(nodes - 1, { port, redis }, events, lost)
    return `ws://127.0.0.1:${port}`
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
    return this.#present.size
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
    const numbers = Object.fromEntries(this.#last)
    if (this.#policy === 'throttle') this.#hub.broadcast('end', numbers)
    else this.#end(this.#hub.connections, numbers)
  }

  /** One by one, when there is room: what is left out for a full subscriber would count as dropped. */
  #end(connections, numbers) {
    const full = connections.filter((connection) => {
      if (connection.socket.bufferedAmount > bound / 2) return connection.open
      connection.send('end', numbers)
      return false
    })
    if (full.length > 0) setTimeout(() => this.#end(full, numbers), pause)
  }

  /** Closes all connections; those that do not answer are dropped after two seconds. */
  async close() {
    await this.#feed?.close()
    await Promise.all([this.#hub?.close({ timeout: 2_000 }), this.#nodes.end()])
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
    this.records++
    this.bytes += weight
    const room = this.#hub.to(origin).send('flight', { seq: number, ...record })
    if (this.#policy === 'throttle') this.#flow.note(weight, room)
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
}
