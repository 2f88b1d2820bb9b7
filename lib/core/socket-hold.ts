// Records that wait: behind `pause()`, behind a `connection` listener that is not done, and their replay in order.
import { Hold } from '../native/endpoint'
import { In, Out } from '../native/records'
import { report } from './report'
import { Flag, State, extraOf, holdDropped } from './socket-state'
import { closed, failed, heard } from './socket-control'
import type { HawserError } from './error'
import type { WebSocket } from './websocket'

/** Held records that are handed out in one turn of the event loop. */
const replayBudget = 4096

/** Puts a record behind those that wait. */
export function keep(socket: WebSocket, kind: number, aux: number, data: unknown, isBinary: boolean): void {
  extraOf(socket).held.push({ kind, aux, data, isBinary })
}

/** True when an event has to line up behind records that wait. */
export function waits(socket: WebSocket): boolean {
  if ((socket._hold & Hold.listener) !== 0) return true
  const extra = socket._extra
  return extra !== null && extra.heldFirst < extra.held.length
}

/** Reasons for which messages stop until somebody takes them away. */
const stopping = Hold.paused | Hold.listener | Hold.hub

/** Stops the flow for a reason: Hold.paused, Hold.listener or Hold.hub. */
export function hold(socket: WebSocket, reason: number): void {
  socket._hold |= reason
  pauseNative(socket)
}

/** Takes a reason away; what waits comes in the next turn, in order. */
export function unhold(socket: WebSocket, reason: number): void {
  socket._hold &= ~reason
  if ((socket._hold & (stopping | Hold.replay)) !== 0) return
  const extra = socket._extra
  if (extra !== null && extra.heldFirst < extra.held.length) {
    socket._hold |= Hold.replay
    setImmediate(replay, socket)
  } else {
    resumeNative(socket)
  }
}

export function pauseNative(socket: WebSocket): void {
  // A connection that is still being made is paused when it opens.
  if (socket._state === State.connecting || socket._channel === null) return
  if ((socket._flags & Flag.nativePaused) !== 0 || socket._slot < 0) return
  socket._flags |= Flag.nativePaused
  socket._channel.command(Out.pause, socket._slot)
}

function resumeNative(socket: WebSocket): void {
  if ((socket._flags & Flag.nativePaused) === 0 || socket._channel === null) return
  socket._flags &= ~Flag.nativePaused
  socket._channel.command(Out.resume, socket._slot)
}

/** Drops what waits but for the error and the close, and hands those out. */
export function dropHeld(socket: WebSocket): void {
  socket._hold = (socket._hold | holdDropped) & ~stopping
  const extra = socket._extra
  if (extra === null || extra.heldFirst === extra.held.length) return
  extra.held = extra.held
    .slice(extra.heldFirst)
    .filter((item) => item.kind === In.error || item.kind === In.close)
  extra.heldFirst = 0
  if (extra.held.length > 0 && (socket._hold & Hold.replay) === 0) {
    socket._hold |= Hold.replay
    setImmediate(replay, socket)
  }
}

function replay(socket: WebSocket): void {
  const extra = extraOf(socket)
  const stopped = (): boolean => (socket._hold & stopping) !== 0
  for (let left = replayBudget; extra.heldFirst < extra.held.length && !stopped(); left--) {
    if (left === 0) {
      setImmediate(replay, socket)
      return
    }
    const item = extra.held[extra.heldFirst++]
    try {
      if (item.kind === In.message) socket._receive(item.data as string | Buffer, item.isBinary)
      else if (item.kind === In.close) closed(socket, item.aux, item.data as string)
      else if (item.kind === In.error) failed(socket, item.data as HawserError)
      else heard(socket, item.kind, item.data as Buffer)
    } catch (error) {
      report(error)
    }
  }
  socket._hold &= ~Hold.replay
  extra.held = extra.held.slice(extra.heldFirst)
  extra.heldFirst = 0
  if (!stopped() && extra.held.length === 0) resumeNative(socket)
}
