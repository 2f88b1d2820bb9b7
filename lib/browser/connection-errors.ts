// The errors of connections, in browsers: nothing ends before their part is there. Takes the place of
// lib/client/connection-errors.ts.
import type { HawserError } from '../core/error'
import type { StateChange } from '../client/engine'
import { parts } from './parts'

export function errorOf(change: StateChange): HawserError | undefined {
  return parts.keeping?.errorOf(change)
}
