// Who looks at the page: names that visitors chose at random, and the list that all of them see.
import { URL } from 'node:url'

/** The demo's own client, which watches what pages watch, see watcher.mjs. */
export const watcherName = 'The demo itself'
const page = /^[A-Z][a-z]{1,15} [A-Z][a-z]{1,15} \d{1,3}$/
/** Names in the list; of more only the number is told. */
const most = 50
/** Milliseconds in which comings and goings are one list. */
const together = 100

/** @param {string} url of an upgrade @returns {string} whom it says to be, or '' */
export function nameIn(url) {
  const name = new URL(url, 'ws://page').searchParams.get('name') ?? ''
  return page.test(name) || name === watcherName ? name : ''
}

export class Visitors {
  #hub
  #timer

  /** @param {import('hawser').Hub} hub */
  constructor(hub) {
    this.#hub = hub
    hub.on('connect', () => this.#changed())
    hub.on('disconnect', () => this.#changed())
  }

  /** Names of the pages, each once; one may be open twice. */
  get names() {
    const names = new Set()
    for (const { userId } of this.#hub.connections)
      if (userId !== undefined && userId !== watcherName) names.add(userId)
    return [...names]
  }

  #changed() {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      const { names } = this
      this.#hub.broadcast('people', { count: names.length, names: names.slice(0, most) })
    }, together)
  }

  stop() {
    clearTimeout(this.#timer)
  }
}
