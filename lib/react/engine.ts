// The one place that makes clients. By the package's own name: a page has one copy of it.
import { HawserError, WebSocketClient } from 'hawser'
import type { ResumeFailure } from '../client/rooms'
import type { ManagedClientOptions } from '../index'

export function makeClient(options: ManagedClientOptions): WebSocketClient {
  return new WebSocketClient(options)
}

/** @throws HawserError `INVALID_STATE` */
export function badState(message: string): never {
  throw new HawserError('INVALID_STATE', message)
}
/** A hub that does not let a client into a room again. */
export function notAgain({ room, reason }: ResumeFailure): HawserError {
  const code = reason === 'unauthorized' ? 'UNAUTHORIZED' : 'SERVER_ERROR'
  return new HawserError(code, `The room '${room}' may not be joined again (${reason})`)
}
/** More of a chat waits than may. */
export function queueFull(most: number): HawserError {
  return new HawserError(
    'QUEUE_FULL',
    `${most} messages of one's own wait or have failed (\`maxPending\`): wait until some are sent, or discard some`,
  )
}
export function stateError(message: string): HawserError {
  return new HawserError('INVALID_STATE', message)
}
