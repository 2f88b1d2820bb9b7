// `connection` listeners, whose promises hold the messages of the socket.
import { HawserError } from '../core/error'
import { hold, unhold } from '../core/socket-hold'
import { failed } from '../core/socket-control'
import type { WebSocket } from '../core/websocket'
import { Hold } from '../native/endpoint'
import { isThenable } from './decide'
import type { UpgradeRequest } from './upgrade-request'
import type { WebSocketServer } from './websocket-server'

/** Like `emit('connection', socket, request)`, but looks at what the listeners return. */
export function emitConnection(server: WebSocketServer, socket: WebSocket, request: UpgradeRequest): void {
  const promises: PromiseLike<unknown>[] = []
  try {
    for (const listener of server.rawListeners('connection')) {
      const result = (listener as (...args: unknown[]) => unknown).call(server, socket, request)
      if (isThenable(result)) promises.push(result)
    }
  } finally {
    if (promises.length > 0) {
      hold(socket, Hold.listener)
      Promise.all(promises).then(
        () => {
          unhold(socket, Hold.listener)
        },
        (reason: unknown) => {
          rejected(server, socket, reason)
        },
      )
    }
  }
}

function rejected(server: WebSocketServer, socket: WebSocket, reason: unknown): void {
  const error = new HawserError('LISTENER_FAILED', undefined, { cause: reason })
  const heard = socket.listenerCount('error') > 0
  socket.close(1011)
  if (heard) failed(socket, error)
  unhold(socket, Hold.listener)
  if (heard) return
  if (server.listenerCount('error') > 0) server.emit('error', error)
  // Nobody listens: what was thrown is a mistake of the program, and shown like any other.
  else void Promise.reject(reason instanceof Error ? reason : error)
}
