// What the other records do to a socket: opened, failed, closed, callbacks, pings.
import { Hold } from '../native/endpoint'
import { In, Out } from '../native/records'
import { runtime } from '../native/runtime'
import { HawserError, fromCore } from './error'
import { parseError } from './fields'
import { report } from './report'
import { CloseEvent, ErrorEvent, SocketEvent } from './socket-events'
import { keep, pauseNative, waits } from './socket-hold'
import { Flag, State, extraOf } from './socket-state'
import { UpgradeResponse } from './upgrade-response'
import type { WebSocket } from './websocket'

/** Any record but a message. */
export function control(socket: WebSocket, kind: number, aux: number, payload: string | Buffer): void {
  switch (kind) {
    case In.sent: {
      sent(socket, aux)
      return
    }
    case In.drain:
      if (socket._state === State.open) socket.emit('drain')
      return
    case In.ping:
    case In.pong:
      if ((socket._flags & Flag.terminated) !== 0) return
      if ((socket._hold & ~Hold.turn) !== 0) keep(socket, kind, aux, payload, false)
      else heard(socket, kind, payload as Buffer)
      return
    case In.open: {
      opened(socket, payload as string)
      return
    }
    case In.response:
      socket._extra?.dial?.answered(aux, payload as string)
      return
    case In.error: {
      reported(socket, aux, payload as string)
      return
    }
    case In.close: {
      gone(socket, aux, payload as string)
      return
    }
    case In.pipe_write:
      return socket._extra?.pipe?.write(payload as Buffer)
    case In.pipe_ack:
      return socket._extra?.pipe?.acknowledge(aux)
    case In.pipe_end:
      return socket._extra?.pipe?.end(aux === 1)
  }
}

/**
 * Hands out a ping or a pong. The reactor reports them until it is told that nobody listens: the program may begin to in
 * the turn of `open` or `connection`, and one may come right behind the handshake.
 */
export function heard(socket: WebSocket, kind: number, data: Buffer): void {
  const name = kind === In.ping ? 'ping' : 'pong'
  if (socket._events[name] !== undefined) {
    socket.emit(name, data)
    return
  }
  socket._flags |= Flag.selective
  announceInterest(socket)
}

function sent(socket: WebSocket, count: number): void {
  const callbacks = socket._extra?.callbacks
  if (callbacks === undefined) return
  for (const callback of callbacks.splice(0, count)) {
    try {
      callback()
    } catch (error) {
      report(error)
    }
  }
}

function opened(socket: WebSocket, fields: string): void {
  if (socket._state !== State.connecting) return
  const extra = extraOf(socket)
  const response = new UpgradeResponse(fields)
  extra.response = response
  extra.dial?.settled()
  socket._protocol = response._protocol
  socket._extensions = response._extensions
  if (response._extensions !== '') socket._flags |= Flag.deflate
  socket._state = State.open
  socket._channel?.holdForTurn(socket)
  if ((socket._hold & Hold.paused) !== 0) pauseNative(socket)
  socket.emit('upgrade', response)
  if (socket._state !== State.open) return
  socket.emit('open')
  extra.listeners?.dispatch(socket, new SocketEvent('open', socket))
}

function reported(socket: WebSocket, code: number, fields: string): void {
  const { system, detail } = parseError(fields)
  const extra = socket._extra
  if (socket._state === State.connecting && extra?.dial?.redirecting === true) return
  // Before it opened, the dial knows more than the code says.
  const known = extra?.response === undefined ? extra?.dial?.failure(code, system, detail) : undefined
  const error = known ?? fromCore(code, system, detail)
  if (waits(socket)) keep(socket, In.error, 0, error, false)
  else failed(socket, error)
}

/** Emits an error; a close follows from elsewhere. */
export function failed(socket: WebSocket, error: HawserError): void {
  if (socket._state === State.closed) return
  const extra = extraOf(socket)
  extra.error = error
  socket._flags |= Flag.errored
  if (socket._state < State.closing) socket._state = State.closing
  if (error.code === 'UNEXPECTED_RESPONSE') socket.emit('unexpected-response', error)
  if (socket.listenerCount('error') > 0) socket.emit('error', error)
  extra.listeners?.dispatch(socket, new ErrorEvent(socket, error))
}

/** The connection is gone. The handle lets go of its slot now, whenever the event may come. */
function gone(socket: WebSocket, aux: number, reason: string): void {
  const dial = socket._extra?.dial
  if (dial?.redirecting === true && socket._state === State.connecting) {
    socket._channel = null
    socket._slot = -1
    dial.follow()
    return
  }
  detach(socket)
  if (waits(socket)) keep(socket, In.close, aux, reason, false)
  else closed(socket, aux, reason)
}

/** Ends all that hangs on the connection: counts, callbacks, the pipe. Calls on the socket are harmless afterwards. */
export function detach(socket: WebSocket): void {
  const channel = socket._channel
  // What bufferedAmount says from now on.
  if (
    channel !== null &&
    socket._slot >= 0 &&
    socket._state !== State.connecting &&
    socket._extra?.dial?.aborted !== true
  ) {
    socket._queued = Math.max(0, channel.pendingPayload(socket))
  }
  socket._channel = null
  socket._slot = -1
  if (socket._state < State.closing && (socket._flags & Flag.errored) !== 0) socket._state = State.closing
  socket._settings.gone(socket)
  uncount(socket)
  const extra = socket._extra
  if (extra === null) return
  extra.dial?.settled()
  extra.dial?.ended()
  extra.pipe?.detach()
  const { callbacks, waiting } = extra
  if (callbacks.length === 0 && waiting.length === 0) return
  extra.callbacks = []
  extra.waiting = []
  extra.waitingBytes = 0
  const error = new HawserError('CONNECTION_CLOSED', 'The connection ended before the message was sent', {
    cause: extra.error,
  })
  for (const callback of callbacks) {
    try {
      callback(error)
    } catch (thrown) {
      report(thrown)
    }
  }
  for (const item of waiting) item.drop(error)
}

/** Emits `close`, once. */
export function closed(socket: WebSocket, aux: number, reason: string): void {
  if (socket._state === State.closed) return
  const code = aux & 0xffff
  const dial = socket._extra?.dial
  if (socket._state === State.connecting || dial?.aborted === true) {
    // A connection that never opened always tells why.
    if ((socket._flags & Flag.errored) === 0) {
      failed(socket, dial?.failure(0, 0, '') ?? new HawserError('ABORTED'))
    }
  }
  socket._state = State.closed
  socket._hold = Hold.flowing
  const listeners = socket._extra?.listeners
  try {
    socket.emit('close', code, reason)
  } finally {
    listeners?.dispatch(socket, new CloseEvent(socket, code, reason, aux >>> 16 !== 0))
  }
}

/** Counts a socket as something native that is open, and as a reason to stay alive. */
export function count(socket: WebSocket): void {
  socket._flags |= Flag.counted | Flag.refed
  const rt = runtime()
  rt.open()
  rt.ref()
}

function uncount(socket: WebSocket): void {
  if ((socket._flags & Flag.counted) === 0) return
  const rt = runtime()
  if ((socket._flags & Flag.refed) !== 0) rt.unref()
  rt.close()
  socket._flags &= ~(Flag.counted | Flag.refed)
}

/** Tells the reactor which control frames the program listens to, once it does not want them all. */
export function announceInterest(socket: WebSocket): void {
  const events = socket._events
  const bits = (events['ping'] === undefined ? 0 : 1) | (events['pong'] === undefined ? 0 : 2)
  if ((socket._flags & Flag.selective) !== 0 && socket._channel !== null && socket._slot >= 0) {
    socket._channel.command(Out.interest, socket._slot, bits)
  }
}
