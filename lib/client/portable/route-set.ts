// The routes of a client, evaluated in JavaScript: for messages that the core cannot read, and where there is no core.
// Same specifications, same results. Knows no clock: times in milliseconds are passed in.
import type { RouteSpec } from '../engine'
import { matchesPattern } from './matcher'
import { part } from './parts'
import type { PortableOutput, RouteShaper, ShaperCounters, ShaperLimits } from './route-shaper'

interface PortableRoute {
  readonly id: number
  readonly frames: true | undefined
  readonly pattern: string
  readonly wants: (message: unknown) => boolean
  readonly shaper: RouteShaper | undefined
}

/** Types whose routes are kept at hand. */
const mostTypes = 1024

export class RouteSet {
  /** In the order of their subscriptions, which is the one of the calls. */
  private readonly routes = new Map<number, PortableRoute>()
  private readonly byType = new Map<string, PortableRoute[]>()
  /** Where there are none, no time is needed. */
  readonly shapers = new Set<RouteShaper>()
  readonly counters: ShaperCounters = { conflated: 0, sampledOut: 0, notNumbers: 0 }
  routed = 0
  unrouted = 0

  constructor(
    private readonly output: PortableOutput,
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

  /** All of them, where none wants its messages before the page's next frame. */
  forFrames(): number[] {
    const all = [...this.routes.values()]
    return all.every(({ frames }) => frames) ? all.map(({ id }) => id) : []
  }
  /** What the route held is dropped. */
  remove(id: number): void {
    const route = this.routes.get(id)
    if (route === undefined) return
    this.routes.delete(id)
    this.byType.clear()
    if (route.shaper !== undefined) this.shapers.delete(route.shaper)
  }

  /** Hands a message to all routes that want it. `bytes`: about what it takes, for the bounds. */
  take(type: string, message: unknown, bytes: number, now: number): void {
    const plain: number[] = []
    const shaped: RouteShaper[] = []
    for (const route of this.candidates(type)) {
      if (!route.wants(message)) continue
      if (route.shaper === undefined) plain.push(route.id)
      else shaped.push(route.shaper)
    }
    if (plain.length === 0 && shaped.length === 0) {
      this.unrouted++
      return
    }
    this.routed++
    if (plain.length > 0) this.output.message(plain, message)
    for (const shaper of shaped) shaper.take(message, bytes, now)
  }

  private candidates(type: string): PortableRoute[] {
    let found = this.byType.get(type)
    if (found === undefined) {
      found = [...this.routes.values()].filter(({ pattern }) => matchesPattern(pattern, type))
      if (this.byType.size >= mostTypes) this.byType.clear()
      this.byType.set(type, found)
    }
    return found
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
