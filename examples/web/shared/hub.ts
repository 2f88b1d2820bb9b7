// Where the pages' hub is, and how they connect to it.
import type { ManagedClientOptions } from 'hawser'

/** Relative to the page: the hub is where the page came from. */
export const hubUrl = '/hub'

/** Options of the one connection of a page. */
export function hubOptions(name: string): Omit<ManagedClientOptions, 'url'> {
  return {
    auth: { as: 'message', token: () => name },
    reconnect: { minDelay: 300, maxDelay: 5000, minUptime: 1000 },
    heartbeat: { interval: 10_000, timeout: 4000 },
  }
}
