// The links of a client that may go around where WebSocket is blocked: which dials go by HTTP, and how those turn out.
import { type CheckedHttpFallback, type Way, Ways } from './fallback'
import { type LinkEvents, Links } from './links'
import { loadHttpLink } from './load-http-link'
import type { PlatformSocketConstructor } from './platform'

/** A dial that has neither opened nor ended. */
interface Dial {
  readonly endpoint: number
  readonly way: Way
  readonly since: number
}

export class DetourLinks extends Links {
  private readonly ways: Ways
  private readonly dials = new Map<number, Dial>()
  /** Whether streams are kept back on the way. */
  private readonly polls = { needed: false }

  /** `connectTimeout`: 0 for none. */
  constructor(
    make: PlatformSocketConstructor,
    protocols: string[],
    told: LinkEvents,
    private readonly around: CheckedHttpFallback & { connectTimeout: number },
  ) {
    super(make, protocols, told)
    this.ways = new Ways(around)
    this.told = {
      ...told,
      opened: (number, protocol) => {
        const dial = this.taken(number)
        if (dial !== undefined) this.ways.opened(dial.endpoint, dial.way, performance.now())
        told.opened(number, protocol)
      },
      ended: (number, how) => {
        const dial = this.taken(number)
        // Where the page may not connect at all, nothing was learned of the way.
        if (dial !== undefined && !how.hopeless) this.ways.failed(dial.endpoint, dial.way, false)
        told.ended(number, how)
      },
    }
  }

  private taken(number: number): Dial | undefined {
    const dial = this.dials.get(number)
    this.dials.delete(number)
    return dial
  }

  override dial(number: number, url: string, endpoint: number): void {
    const since = performance.now()
    const way = this.ways.next(endpoint, since)
    this.dials.set(number, { endpoint, way, since })
    if (way === 'socket') super.dial(number, url, endpoint)
    else {
      loadHttpLink().then(
        (make) => {
          if (!this.dials.has(number)) return
          const { polls, protocols } = this
          this.wire(number, make(url, protocols, { patience: this.around.patience, polls }), endpoint)
        },
        (error: unknown) => {
          const { message: detail = String(error) } = error as Partial<Error>
          this.told.ended(number, { error: 'CONNECTION_FAILED', detail })
        },
      )
    }
  }

  override drop(number: number): void {
    const dial = this.taken(number)
    const { patience, connectTimeout } = this.around
    const limit = connectTimeout === 0 ? patience : Math.min(patience, connectTimeout)
    // A dial that is given up after a long time is one that failed. Timers are told in whole milliseconds.
    if (dial !== undefined && performance.now() - dial.since >= limit - 1)
      this.ways.failed(dial.endpoint, dial.way, true)
    super.drop(number)
  }
}
