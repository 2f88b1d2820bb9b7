// The one place that makes clients. By the package's own name: a page has one copy of it.
import { HawserError, WebSocketClient } from 'hawser'
import type { ManagedClientOptions } from '../index'

export function makeClient(options: ManagedClientOptions): WebSocketClient {
  return new WebSocketClient(options)
}

/** @throws HawserError `INVALID_STATE` */
export function badState(message: string): never {
  throw new HawserError('INVALID_STATE', message)
}
export function stateError(message: string): HawserError {
  return new HawserError('INVALID_STATE', message)
}
