// Which way a client goes to an endpoint: by WebSocket, or by HTTP where that is blocked. Pure; times in milliseconds.
//
//   WebSocket ── `after` dials in a row did not open, or one dragged on ──► HTTP
//   HTTP ── did not open ──► WebSocket, and HTTP again when the next one fails
//   HTTP ── opened: for `retry` ──► HTTP, then WebSocket is tried again

/** When a client on the portable engine takes HTTP instead of a WebSocket. */
export interface HttpFallbackOptions {
  /** Dials in a row that did not open before HTTP is tried; one that takes until the time limit is enough. Default 2. */
  after?: number
  /** Milliseconds until a reconnect tries a WebSocket again, where HTTP has opened. Default 300000. */
  retry?: number
  /** Milliseconds that a stream may take to begin; then what is on the way gathers answers, and polls are made. Default 3000. */
  patience?: number
}
export type CheckedHttpFallback = Required<HttpFallbackOptions>

export type Way = 'socket' | 'http'

interface Known {
  failed: number
  /** HTTP has opened here, and no WebSocket since. */
  http: boolean
  /** So long HTTP comes first. */
  until: number
}

export class Ways {
  private readonly endpoints = new Map<number, Known>()

  constructor(private readonly options: CheckedHttpFallback) {}

  next(endpoint: number, now: number): Way {
    const { failed, until } = this.known(endpoint)
    return failed >= this.options.after || now < until ? 'http' : 'socket'
  }
  opened(endpoint: number, way: Way, now: number): void {
    const http = way === 'http'
    this.endpoints.set(endpoint, { failed: 0, http, until: http ? now + this.options.retry : -Infinity })
  }
  /** `dragged`: until the time limit. */
  failed(endpoint: number, way: Way, dragged: boolean): void {
    const known = this.known(endpoint)
    const { after } = this.options
    known.until = -Infinity
    if (way === 'http') known.failed = known.http ? after - 1 : 0
    else known.failed = dragged || known.http ? after : known.failed + 1
  }

  private known(endpoint: number): Known {
    let known = this.endpoints.get(endpoint)
    if (known === undefined)
      this.endpoints.set(endpoint, (known = { failed: 0, http: false, until: -Infinity }))
    return known
  }
}
