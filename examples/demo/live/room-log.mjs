// The hub's way to the keeper: an adapter (docs/scaling.md) whose log is in the parent process. There is one node, so texts
// between nodes go nowhere.

export class ParentLog {
  #ask
  #followed = new Set()
  /** @type {import('hawser').HubNode | undefined} */
  #node
  #counts = { published: 0, received: 0 }

  /** @param {(call: string, ...args: unknown[]) => Promise<any>} ask calls the keeper */
  constructor(ask) {
    this.#ask = ask
  }

  start(node) {
    this.#node = node
    setImmediate(() => node.connected())
  }
  async subscribe() {}
  unsubscribe() {}
  publish() {}

  log = {
    follow: async (room) => void this.#followed.add(room),
    unfollow: (room) => void this.#followed.delete(room),
    append: async (room, texts, _number, { count, bytes }) => {
      const entries = await this.#ask('append', room, texts, { count, bytes })
      this.#counts.published += texts.length
      if (this.#followed.has(room)) {
        this.#counts.received += entries.length
        this.#node?.entries(room, entries)
      }
      const { epoch, offset } = entries.at(-1)
      return { epoch, offset }
    },
    read: (room, after, most) => this.#ask('read', room, after ?? null, most),
    renew: (room, epoch) => this.#ask('renew', room, epoch),
  }

  metrics() {
    return { connected: this.#node !== undefined, ...this.#counts, lost: 0, queued: 0, reconnects: 0, lag: 0 }
  }
  async close() {
    this.#node = undefined
  }
}
