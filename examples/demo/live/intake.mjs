// Takes the feed in at full speed and publishes what is wanted of it: a managed client filters and conflates on the I/O
// thread, and what is left goes to the room `flights`, gathered.

/** Only late flights, of each route the latest, at most so often (ms), gathered into batches. Few enough that five seconds
 * of them fit between the threads while the event loop is blocked. */
const wanted = {
  where: { '/delay': { gte: 15 } },
  conflate: { key: '/destination', every: 400 },
  batch: { max: 200, every: 50 },
}

/** Milliseconds between two messages to the room. */
const pace = 50

export class Intake {
  /** Records that reached JavaScript. */
  records = 0
  #client
  /** @type {Map<string, [string, string, number]>} by route; bounded by the number of routes */
  #late = new Map()
  #timer

  /**
   * @param {typeof import('hawser')} hawser
   * @param {{ url: string, topics: string[] }} feed topics: the airports that are wanted
   * @param {import('hawser').Hub} hub
   */
  constructor(hawser, { url, topics }, hub) {
    this.#client = new hawser.WebSocketClient({
      url,
      hawser: false,
      routing: { type: '/origin' },
      reconnect: { minDelay: 100, maxDelay: 1_000, minUptime: 500 },
    })
    for (const type of topics) {
      this.#client.subscribe({ type, ...wanted }, (records) => {
        this.records += records.length
        for (const { origin, destination, delay } of records) {
          this.#late.set(origin + destination, [origin, destination, delay])
        }
      })
    }
    const flights = hub.to('flights')
    this.#timer = setInterval(() => {
      if (this.#late.size === 0) return
      flights.send('flights', [...this.#late.values()])
      this.#late.clear()
    }, pace)
    // It tries for ever, and `connected` says how that goes.
    this.#client.on('error', () => {})
    void this.#client.connect().catch(() => {})
  }

  get connected() {
    return this.#client.state === 'connected'
  }
  /** Counters of the I/O thread. */
  get metrics() {
    return this.#client.getPerformanceMetrics()
  }
  async close() {
    clearInterval(this.#timer)
    await this.#client.close()
  }
}
