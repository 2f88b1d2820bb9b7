// Which routes a message is for, and what becomes of it then: what src/core/router says of the text, said of the object that it
// was parsed from. Same specifications, same results.
import type { RouteShaper } from './route-shaper'
import type { PortableRoute, RouteSet } from './route-set'

/** Types whose routes are kept at hand. */
const mostTypes = 1024

/** Hands a message to all routes that want it. `bytes`: about what it takes, for the bounds. `now`: milliseconds. */
export function dispatch(set: RouteSet, type: string, message: unknown, bytes: number, now: number): void {
  const plain: number[] = []
  const shaped: RouteShaper[] = []
  for (const route of candidates(set, type)) {
    if (!route.wants(message)) continue
    if (route.shaper === undefined) plain.push(route.id)
    else shaped.push(route.shaper)
  }
  if (plain.length === 0 && shaped.length === 0) {
    set.unrouted++
    return
  }
  set.routed++
  if (plain.length > 0) set.output.message(plain, message)
  for (const shaper of shaped) shaper.take(message, bytes, now)
}

function candidates({ byType, routes }: RouteSet, type: string): PortableRoute[] {
  let found = byType.get(type)
  if (found === undefined) {
    found = [...routes.values()].filter(({ pattern }) => matchesPattern(pattern, type))
    if (byType.size >= mostTypes) byType.clear()
    byType.set(type, found)
  }
  return found
}

export function matchesPattern(pattern: string, type: string): boolean {
  if (pattern === '*') return true
  if (!pattern.endsWith('.*')) return pattern === type
  // More than the stem: `chat.*` does not match `chat.`.
  return type.length > pattern.length - 1 && type.startsWith(pattern.slice(0, -1))
}
