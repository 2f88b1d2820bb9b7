// Joins and leaves whose answer the reactor writes: a record says who, which topic and how many, and not the whole text.
// Bytes are counted by the rules of src/core/hub/membership_text.hpp.
import type { WebSocket } from '../core/websocket'
import { Flag, State } from '../core/socket-state'
import { membershipHead, messageOverhead } from './records'
import { isUsualTime, setWide, timeDigits } from './timestamp'

const joinedBytes = '{"type":"joined","timestamp":,"room":"","payload":{"members":}}'.length + timeDigits
const leftBytes = '{"type":"left","timestamp":,"room":""}'.length + timeDigits
const correlationBytes = ',"correlationId":""'.length
const head = new Uint32Array(membershipHead / 4)

/**
 * Subscribes the socket to a topic and says `joined`, or takes that back and says `left`. The room is the topic without its
 * first `prefix` characters. Returns the bytes of the answer, or 0: it has to be done another way.
 */
export function announceMembership(
  socket: WebSocket,
  joined: boolean,
  topic: string,
  prefix: number,
  correlationId: string,
  members: number,
): number {
  const channel = socket._channel
  const now = Date.now()
  if (channel === null || socket._state !== State.open || (socket._flags & Flag.slowSend) !== 0) return 0
  if (!isUsualTime(now) || !plain(topic) || !plain(correlationId)) return 0
  let size = topic.length - prefix + (joined ? joinedBytes + digits(members) : leftBytes)
  if (correlationId !== '') size += correlationBytes + correlationId.length
  if (channel.pending(socket) + size + messageOverhead > socket._settings.highWaterMark) return 0
  setWide(head, 0, now)
  head[2] = members
  head[3] = correlationId.length | (prefix << 16)
  const flags = socket._flags & Flag.deflate
  return channel.membership(socket, flags, joined ? 1 : 0, head, correlationId, topic, size) ? size : 0
}

function digits(number: number): number {
  let count = 1
  for (let limit = 10; number >= limit; limit *= 10) count++
  return count
}

/** Whether it is in JSON what it is here, a byte for each character. */
function plain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 32 || code > 126 || code === 34 || code === 92) return false
  }
  return text.length < 0x10000
}
