// The routes of a client that are evaluated in JavaScript: for messages that the core cannot read, and where there is no core.
// Which of them a message is for, dispatch.ts finds. Knows no clock: times in milliseconds are passed in.
import type { RouteSpec } from '../engine'
import { part } from './parts'
import type { PortableOutput, RouteShaper, ShaperCounters, ShaperLimits } from './route-shaper'

export interface PortableRoute {
  readonly id: number
  readonly frames: true | undefined
  readonly pattern: string
  readonly wants: (message: unknown) => boolean
  readonly shaper: RouteShaper | undefined
}

export class RouteSet {
  /** In the order of their subscriptions, which is the one of the calls. */
  readonly routes = new Map<number, PortableRoute>()
  /** Those of the types that came. */
  readonly byType = new Map<string, PortableRoute[]>()
  /** Where there are none, no time is needed. */
  readonly shapers = new Set<RouteShaper>()
  readonly counters: ShaperCounters = { conflated: 0, sampledOut: 0, notNumbers: 0 }
  routed = 0
  unrouted = 0

  constructor(
    readonly output: PortableOutput,
    private readonly limits?: ShaperLimits,
  ) {}

  /** Of a route for which `isPlain` is false the part `routes` was loaded. Throws INVALID_OPTION. */
  add(id: number, given: RouteSpec): void {
    this.remove(id)
    const { pattern, frames } = given
    let wants = (_message: unknown): boolean => true
    let shaper: RouteShaper | undefined
    if (!isPlain(given)) {
      const { RouteShaper, prepare, whereTest } = part('routes')
      const spec = prepare(given)
      const shaped = spec.sample ?? spec.conflate ?? spec.batch
      if (shaped !== undefined)
        this.shapers.add((shaper = new RouteShaper(id, spec, this.output, this.counters, this.limits)))
      wants = whereTest(spec)
    }
    this.routes.set(id, { id, frames, pattern, wants, shaper })
    this.byType.clear()
  }

  /** What the route held is dropped. */
  remove(id: number): void {
    const route = this.routes.get(id)
    if (route === undefined) return
    this.routes.delete(id)
    this.byType.clear()
    if (route.shaper !== undefined) this.shapers.delete(route.shaper)
  }

  /** When `run` has something to do; Infinity: never. */
  get deadline(): number {
    let soonest = Infinity
    for (const { deadline } of this.shapers) soonest = Math.min(soonest, deadline)
    return soonest
  }
  run(now: number): void {
    for (const shaper of this.shapers) shaper.run(now)
  }
  /** The feed has ended: all that is held goes out. */
  flush(now: number): void {
    for (const shaper of this.shapers) shaper.flush(now)
  }
}

/** Without conditions and shapes. */
export function isPlain({ where, sample, conflate, batch, raw }: RouteSpec): boolean {
  return (where ?? sample ?? conflate ?? batch ?? raw) === undefined
}
