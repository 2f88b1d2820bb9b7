// A socket that somebody else opened, as a stream of its messages.
import { Observable } from 'rxjs'
import { HawserError } from '../core/error'
import { badArgument } from '../core/validate'
import type { SocketClose, SocketMessage } from './socket-like'

interface Target {
  readonly readyState: number
  addEventListener(type: string, listener: (event: never) => void): void
  removeEventListener(type: string, listener: (event: never) => void): void
}

/** What `fromSocket` takes: hawser's sockets of either side, a browser's, those of ws. */
export interface MessageSource {
  readonly readyState: number
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each maker has events of its own
  addEventListener(type: any, listener: any): void
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the same
  removeEventListener(type: any, listener: any): void
}

const CLOSED = 3

/**
 * The messages of a socket from the subscription on: strings, and binary as the socket's `binaryType` says. Completes at
 * a clean close, else errors. Unsubscribing leaves the socket open.
 *
 * @example
 * server.on('connection', (socket) => fromSocket(socket).pipe(map(JSON.parse)).subscribe(handle))
 * @throws TypeError `INVALID_ARGUMENT`
 */
export function fromSocket<Data = string | Buffer>(socket: MessageSource): Observable<Data> {
  const target: Target = socket
  if (typeof (target as Partial<Target> | null)?.addEventListener !== 'function') {
    badArgument('socket', 'a WebSocket', socket)
  }
  return new Observable((subscriber) => {
    if (target.readyState === CLOSED) {
      subscriber.complete()
      return undefined
    }
    let failure: unknown
    const message = (event: SocketMessage): void => subscriber.next(event.data as Data)
    const error = (event: { error?: unknown }): void => void (failure = event.error ?? event)
    const close = (event: SocketClose): void => {
      if (event.wasClean && failure === undefined) subscriber.complete()
      else subscriber.error(failure ?? lost(event))
    }
    target.addEventListener('message', message)
    target.addEventListener('error', error)
    target.addEventListener('close', close)
    return () => {
      target.removeEventListener('message', message)
      target.removeEventListener('error', error)
      target.removeEventListener('close', close)
    }
  })
}

function lost({ code, reason }: SocketClose): HawserError {
  const said = reason === '' ? '' : `: ${reason}`
  return new HawserError('CONNECTION_LOST', `The connection ended without a clean close (${code}${said})`, {
    closeCode: code,
  })
}
