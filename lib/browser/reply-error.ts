// The errors that a server tells, in browsers: nothing comes before their part is there. Takes the place of
// lib/client/reply-error.ts in the core and in what sends.
import type { HawserError } from '../core/error'
import { part } from './parts'

export function replyError(what: string, error: unknown): HawserError {
  return part('keeping').replyError(what, error)
}
