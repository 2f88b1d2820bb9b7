// Control messages, in browsers: none is read before its part is there. Takes the place of lib/client/control.ts.
import type { ClientBody } from '../client/client-body'
import { part } from './parts'

export function takeControl(body: ClientBody, message: Record<string, unknown>): void {
  part('keeping').takeControl(body, message)
}
