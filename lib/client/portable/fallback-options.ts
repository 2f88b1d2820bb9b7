// The option `fallback`, checked.
import { OptionReader, badOption } from '../../core/validate'
import type { CheckedHttpFallback } from './fallback'

/** undefined: none. Throws INVALID_OPTION. */
export function readHttpFallback(given: unknown): CheckedHttpFallback | undefined {
  if (given === undefined || given === 'off') return undefined
  if (given !== 'auto' && (given === null || typeof given !== 'object')) {
    badOption('fallback', "'off', 'auto' or an object", given)
  }
  const known = ['after', 'retry', 'patience']
  const reader = new OptionReader('`fallback`', given === 'auto' ? {} : given, known, 'fallback.')
  return {
    after: reader.number('after'),
    retry: reader.number('retry'),
    patience: reader.number('patience'),
  }
}
