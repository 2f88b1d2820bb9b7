// What clients learn of their endpoints, in a form that can be kept: one client hands it out, a later one takes it.
import { OptionReader, badOption } from '../core/validate'
import type { EndpointFigures } from './engine'

/** What is known of an endpoint. Plain data, which JSON can hold. */
export interface LearnedEndpoint extends EndpointFigures {
  /** As `getConnectionInfo().url` shows it. */
  url: string
}

const names = ['url', 'opened', 'failed', 'successRate', 'latency']
/** Above it a count says no more than a rate does. */
const mostCounted = 1_000_000_000
const nothing: EndpointFigures = { opened: 0, failed: 0, successRate: 1, latency: 0 }

/** One for each URL, or none. Throws INVALID_OPTION. */
export function readLearned(value: unknown, urls: readonly string[]): LearnedEndpoint[] {
  if (value === undefined) return []
  const list = Array.isArray(value)
    ? (value as unknown[])
    : badOption('learned', 'what `learned()` gives', value)
  const known = new Map(list.map((one) => readOne(one)).map((one) => [one.url, one]))
  return urls.map((url) => known.get(url) ?? { url, ...nothing })
}

function readOne(value: unknown): LearnedEndpoint {
  if (value === null || typeof value !== 'object') badOption('learned', 'an array of objects', value)
  const reader = new OptionReader('`learned`', value, names, 'learned.')
  const number = (name: keyof EndpointFigures, most: number): number => {
    const given = reader.raw(name)
    if (typeof given === 'number' && given >= 0 && given <= most) return given
    return badOption(`learned.${name}`, `a number from 0 to ${most}`, given)
  }
  return {
    url: reader.string('url'),
    opened: Math.floor(number('opened', mostCounted)),
    failed: Math.floor(number('failed', mostCounted)),
    successRate: number('successRate', 1),
    latency: number('latency', mostCounted),
  }
}

export function learnedOf(urls: readonly string[], figures: readonly EndpointFigures[]): LearnedEndpoint[] {
  return urls.map((url, i) => ({ url, ...(figures[i] ?? nothing) }))
}
