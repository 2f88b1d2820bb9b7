// What clients learn of their endpoints. Takes the place of lib/client/learned.ts.
import type { EndpointFigures } from '../client/engine'
import type { LearnedEndpoint } from '../client/learned'
import { badOption } from './validate'

export type { LearnedEndpoint } from '../client/learned'

const mostCounted = 1_000_000_000
const nothing: EndpointFigures = { opened: 0, failed: 0, successRate: 1, latency: 0 }

function fits(one: unknown): boolean {
  const { url, opened, failed, successRate, latency } = Object(one) as LearnedEndpoint
  const figures = [opened, failed, successRate * mostCounted, latency]
  return typeof url === 'string' && figures.every((figure) => figure >= 0 && figure <= mostCounted)
}

/** One for each URL, or none. Throws INVALID_OPTION. */
export function readLearned(given: unknown, urls: readonly string[]): LearnedEndpoint[] {
  if (given === undefined) return []
  const list = (
    Array.isArray(given) && given.every(fits) ? given : badOption('learned', 'what `learned()` gives', given)
  ) as LearnedEndpoint[]
  return urls.map((url) => list.findLast((one) => one.url === url) ?? { url, ...nothing })
}

export function learnedOf(urls: readonly string[], figures: readonly EndpointFigures[]): LearnedEndpoint[] {
  return urls.map((url, i) => ({ url, ...(figures[i] ?? nothing) }))
}
