// What becomes of messages for subscribers that are behind: the option `slowConsumer`, checked.
import { checkPointer } from '../client/check-pointer'
import { badOption } from '../core/validate'

/**
 * What `publish` does about a subscriber that is behind.
 * - 'drop': above `maxBackpressure` it is left out
 * - 'disconnect': above `maxBackpressure` it is closed with 1008
 * - 'drop-oldest': above `highWaterMark` messages wait for it; above `maxBackpressure` the oldest of them goes
 * - 'conflate': the same, and of those with the same topic and `type` only the latest waits
 * - `{ conflate: '/payload/symbol' }`: the same by topic and the values at these JSON pointers
 */
export type SlowConsumer =
  'drop' | 'disconnect' | 'drop-oldest' | 'conflate' | { conflate: string | readonly string[] }

export interface CheckedSlowConsumer {
  /** In the order of net::slow_policy. */
  policy: 0 | 1 | 2 | 3
  conflateBy: string[]
}

const policies = ['drop', 'disconnect', 'drop-oldest', 'conflate'] as const
const mostPointers = 8

/** Throws INVALID_OPTION. */
export function readSlowConsumer(given: unknown): CheckedSlowConsumer {
  if (given === undefined) return { policy: 0, conflateBy: [] }
  const policy = policies.indexOf(given as (typeof policies)[number])
  if (policy >= 0)
    return { policy: policy as CheckedSlowConsumer['policy'], conflateBy: policy === 3 ? ['/type'] : [] }
  const { conflate } = ((typeof given === 'object' ? given : undefined) ?? {}) as { conflate?: unknown }
  const pointers: unknown[] = Array.isArray(conflate) ? conflate : [conflate]
  if (conflate === undefined || pointers.length === 0 || pointers.length > mostPointers) {
    const words = policies.map((name) => `'${name}'`).join(', ')
    return badOption('slowConsumer', `${words} or { conflate: 1 to ${mostPointers} JSON pointers }`, given)
  }
  return {
    policy: 3,
    conflateBy: pointers.map((pointer) => checkPointer('slowConsumer.conflate', pointer)),
  }
}
