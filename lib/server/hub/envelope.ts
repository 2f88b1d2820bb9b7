// Envelopes of the hub: read with one JSON.parse, written with one JSON.stringify. docs/protocol.md defines them.
import { longest } from '../../client/message-bounds'
import { HubError, type WireError } from './hub-error'
import { readMembership } from './membership-text'

export { payloadText } from '../../client/payload-text'

export { longest }

/** A message of a peer whose shape was checked. Middleware may change it. */
export interface HubMessage<Type extends string = string, Payload = unknown> {
  id?: string
  type: Type
  timestamp?: number
  payload: Payload
  correlationId?: string
  room?: string
  /** The user that sent it, as the hub knows it; what the peer claims is overwritten. */
  userId?: string
  /** The peer wants an `ack`. */
  ack?: boolean
}

/** What is wrong with a message, and with which. */
export class Fault extends HubError {
  correlationId: string | undefined
}

/** The message of a text, or what is wrong with it. */
export function readMessage(text: string): HubMessage | Fault {
  const membership = readMembership(text)
  if (membership !== undefined) return checkMessage(membership)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return new Fault('PARSE_ERROR', 'The message is no JSON')
  }
  return checkMessage(value)
}

/** The same of something that was parsed already: a part of a batch. */
export function checkMessage(value: unknown): HubMessage | Fault {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new Fault('INVALID_MESSAGE', 'A message must be a JSON object')
  }
  const message = value as HubMessage
  const { id, correlationId, room, timestamp, ack } = message
  if (
    isName(message.type, longest.type) &&
    (id === undefined || isName(id, longest.id)) &&
    (correlationId === undefined || isName(correlationId, longest.correlationId)) &&
    (room === undefined || isName(room, longest.room)) &&
    (timestamp === undefined || typeof timestamp === 'number') &&
    (ack === undefined || typeof ack === 'boolean')
  ) {
    return message
  }
  return faultOf(message)
}

function faultOf(message: HubMessage): Fault {
  let what = ''
  for (const name of ['ack', 'timestamp', 'room', 'correlationId', 'id', 'type'] as const) {
    const value: unknown = message[name]
    if (value === undefined && name !== 'type') continue
    if (name === 'ack') what = typeof value === 'boolean' ? what : '`ack` must be true or false'
    else if (name === 'timestamp') what = typeof value === 'number' ? what : '`timestamp` must be a number'
    else if (!isName(value, longest[name]))
      what = `\`${name}\` must be a string of 1 to ${longest[name]} characters`
  }
  const fault = new Fault('INVALID_MESSAGE', what)
  if (isName(message.id, longest.id)) fault.correlationId = message.id
  if (isName(message.correlationId, longest.correlationId)) fault.correlationId = message.correlationId
  return fault
}

/** What an answer to the message carries as its correlation id. */
export function correlationOf(message: HubMessage): string | undefined {
  return message.correlationId ?? message.id
}

/** Whether a value is a string of 1 to `most` characters. */
export function isName(value: unknown, most: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= most
}

/** Parts of a message on its way out; what is undefined is left out. */
export interface OutgoingParts {
  id?: string
  correlationId?: string
  room?: string
  userId?: string
  error?: WireError
  /** JSON text, see `payloadText`. */
  payload?: string
}

/** JSON texts of types and rooms, kept: programs have few. */
const texts = new Map<string, string>()
function quoted(value: string): string {
  let text = texts.get(value)
  if (text === undefined) {
    if (texts.size >= 1024) texts.clear()
    text = JSON.stringify(value)
    texts.set(value, text)
  }
  return text
}

/** A message as JSON text. */
export function writeMessage(type: string, parts: OutgoingParts, now: number): string {
  return `${openMessage(type, parts, now)}}`
}

/** The same without its end, for `placed`: so it is written once, and goes to several rooms. */
export function openMessage(type: string, parts: OutgoingParts, now: number): string {
  let text = `{"type":${quoted(type)},"timestamp":${now}`
  if (parts.id !== undefined) text += `,"id":"${parts.id}"`
  if (parts.correlationId !== undefined) text += `,"correlationId":${JSON.stringify(parts.correlationId)}`
  if (parts.room !== undefined) text += `,"room":${quoted(parts.room)}`
  if (parts.userId !== undefined) text += `,"userId":${JSON.stringify(parts.userId)}`
  if (parts.error !== undefined) text += `,"error":${JSON.stringify(parts.error)}`
  return parts.payload === undefined ? text : `${text},"payload":${parts.payload}`
}

/** Room and place, and the end, of a message that was opened. `epoch` and `offset`: of a room that keeps its messages. */
export function placed(open: string, room: string | undefined, epoch?: string, offset?: number): string {
  if (room === undefined) return `${open}}`
  if (offset === undefined) return `${open},"room":${quoted(room)}}`
  return `${open},"room":${quoted(room)},"epoch":"${epoch ?? ''}","offset":${offset}}`
}
