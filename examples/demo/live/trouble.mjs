// The buttons of the page: what they do to the service.
import { performance } from 'node:perf_hooks'

/** Milliseconds for which the event loop is blocked. */
export const blocked = 5_000
/** Milliseconds for which a visitor who was cut off is refused. */
export const refused = 4_000
/** Milliseconds that a restart takes, about. */
const restarted = 1_500
/** Milliseconds in which the answer to who asked goes out. */
const notice = 50

export class Trouble {
  /** @type {Map<string, number>} until when a visitor is refused, by `performance.now()` */
  #refused = new Map()
  #busy = false

  /**
   * @param {typeof import('hawser')} hawser
   * @param {import('hawser').Hub} hub
   * @param {{ restart: (by: string) => void, tell: (incident: object) => void, counts: () => Record<string, number> }} service
   *   tell: all visitors; counts: of the I/O thread
   */
  constructor({ HubError }, hub, { restart, tell, counts }) {
    const alone = () => {
      if (this.#busy)
        throw new HubError('BUSY', 'Somebody else is at it; try again in some seconds', {
          retryAfter: blocked,
        })
      this.#busy = true
    }
    hub.handle('demo.cut', (_, { userId, socket }) => {
      if (userId === undefined) throw new HubError('UNAUTHORIZED')
      this.#refused.set(userId, performance.now() + notice + refused)
      setTimeout(() => socket.terminate(), notice)
      tell({ kind: 'cut', by: userId, ms: refused })
      return { ms: refused }
    })
    hub.handle('demo.restart', (_, { userId }) => {
      alone()
      setTimeout(() => restart(userId ?? ''), notice)
      return { ms: restarted }
    })
    hub.handle('demo.block', (_, { userId }) => {
      alone()
      setTimeout(() => {
        const before = counts()
        const begin = performance.now()
        while (performance.now() - begin < blocked);
        const after = counts()
        const made = Object.fromEntries(Object.keys(after).map((name) => [name, after[name] - before[name]]))
        this.#busy = false
        tell({ kind: 'blocked', by: userId, ms: Math.round(performance.now() - begin), ...made })
      }, notice)
      return { ms: blocked }
    })
  }

  /** Whether this visitor was cut off just now. @param {string} name */
  refuses(name) {
    const now = performance.now()
    for (const [each, until] of this.#refused) if (until <= now) this.#refused.delete(each)
    return this.#refused.has(name)
  }
}
