// What clients learn of their endpoints. Takes the place of lib/client/learned.ts.
import type { EndpointFigures } from '../client/engine'
import type { LearnedEndpoint } from '../client/learned'
import { badOption, isObject } from './validate'

export type { LearnedEndpoint } from '../client/learned'

const nothing: EndpointFigures = { opened: 0, failed: 0, successRate: 1, latency: 0 }

function fits(one: unknown): boolean {
  if (!isObject(one)) return false
  const { url, opened, failed, successRate, latency } = one as LearnedEndpoint
  const most = Math.max(opened, failed, latency, successRate * 1e9)
  return typeof url === 'string' && Math.min(opened, failed, successRate, latency) >= 0 && most <= 1e9
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
