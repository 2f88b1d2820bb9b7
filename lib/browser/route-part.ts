// Conditions and shapes of routes, with the checks of `subscribe`: what a page loads with its first such subscription.
import { readSpec } from '../client/subscription-spec'
import type { RouteSpec } from '../client/engine'

export { RouteShaper } from '../client/portable/route-shaper'
export { whereTest } from '../client/portable/where'

/** Throws INVALID_OPTION. */
export function prepare(spec: RouteSpec): RouteSpec {
  return spec.raw === undefined ? spec : readSpec(spec.raw)
}
