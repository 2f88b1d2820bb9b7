// The way around where WebSocket is blocked: which dials go by HTTP, and how those turn out.
import { type CheckedHttpFallback, type Way, Ways } from './fallback'
import { loadHttpLink } from './load-http-link'
import type { PlatformSocket } from './platform'

/** A link, as far as it matters here. */
export interface Dialled {
  readonly endpoint: number
  readonly way: Way
  readonly since: number
}

export class Detour {
  private readonly ways: Ways
  /** Whether streams are kept back on the way. */
  private readonly polls = { needed: false }

  /** `connectTimeout`: 0 for none. */
  constructor(private readonly options: CheckedHttpFallback & { connectTimeout: number }) {
    this.ways = new Ways(options)
  }

  /** What makes the link over HTTP, once that is loaded; undefined: this one goes by WebSocket. */
  dial(endpoint: number, url: string, protocols: string[]): Promise<() => PlatformSocket> | undefined {
    if (this.ways.next(endpoint, performance.now()) !== 'http') return undefined
    const { patience } = this.options
    return loadHttpLink().then((make) => () => make(url, protocols, { patience, polls: this.polls }))
  }
  opened({ endpoint, way }: Dialled): void {
    this.ways.opened(endpoint, way, performance.now())
  }
  failed({ endpoint, way }: Dialled): void {
    this.ways.failed(endpoint, way, false)
  }
  /** A dial that is given up after a long time is one that failed. */
  dropped({ endpoint, since, way }: Dialled): void {
    const { patience, connectTimeout } = this.options
    const limit = connectTimeout === 0 ? patience : Math.min(patience, connectTimeout)
    // Timers are told in whole milliseconds.
    if (performance.now() - since >= limit - 1) this.ways.failed(endpoint, way, true)
  }
}
