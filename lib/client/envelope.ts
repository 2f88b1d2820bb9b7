// Envelopes: how a message of ours is laid out as JSON, and where its parts are found in one that came.
import { HawserTypeError } from '../core/error'
import { shown } from '../core/validate'
import type { Layout } from './layout'
import { readAt, writeAt } from './pointer'

export { type Layout, type RoutingOptions, readLayout } from './layout'

/** Parts of a message on its way out; what is undefined is left out. */
export interface Parts {
  id: string
  payload: unknown
  room: string | undefined
  correlationId: string | undefined
  /** The server is asked for an ack. */
  ack?: boolean
}

/** The JSON of a message type, kept: programs have few. */
const typeTexts = new Map<string, string>()
function typeText(type: string): string {
  let text = typeTexts.get(type)
  if (text === undefined) {
    if (typeTexts.size >= 1024) typeTexts.clear()
    text = JSON.stringify(type)
    typeTexts.set(type, text)
  }
  return text
}

/** A payload as JSON; undefined when there is none. Throws INVALID_ARGUMENT for what JSON cannot hold. */
export function payloadText(type: string, payload: unknown): string | undefined {
  if (payload === undefined) return undefined
  let text: string | undefined
  let why: string | undefined
  let cause: unknown
  try {
    // Undefined for functions and symbols, whatever the declaration says.
    text = JSON.stringify(payload)
  } catch (error) {
    cause = error
    why = (error as Error).message
  }
  if (text !== undefined) return text
  throw new HawserTypeError(
    'INVALID_ARGUMENT',
    `The payload of '${type}' cannot be written as JSON: ${why ?? `it is ${shown(payload)}`}`,
    cause,
  )
}

/** A message as JSON text. Throws INVALID_ARGUMENT for a payload that JSON cannot hold. */
export function encode(layout: Layout, type: string, parts: Parts, now: number): string {
  const payload = payloadText(type, parts.payload)
  if (layout.standard) return envelopeText(type, parts, payload, now)
  return JSON.stringify(envelope(layout, type, parts, now))
}

/** A message of the standard layout. `payload` is JSON text. */
export function envelopeText(
  type: string,
  { id, correlationId, room, ack }: Omit<Parts, 'payload'>,
  payload: string | undefined,
  now: number | string,
): string {
  let text = `{"id":"${id}","type":${typeText(type)},"timestamp":${now}`
  if (correlationId !== undefined) {
    // A request's own id, of which no character needs an escape, or what the program chose.
    text += `,"correlationId":${correlationId === id ? `"${id}"` : JSON.stringify(correlationId)}`
  }
  if (room !== undefined) text += `,"room":${JSON.stringify(room)}`
  if (ack === true) text += ',"ack":true'
  return payload === undefined ? `${text}}` : `${text},"payload":${payload}}`
}

/** A message as an object. */
export function envelope(layout: Layout, type: string, parts: Parts, now: number): Record<string, unknown> {
  const message: Record<string, unknown> = {}
  if (layout.id !== undefined) writeAt(message, layout.id, parts.id)
  writeAt(message, layout.type, type)
  if (layout.timestamp !== undefined) writeAt(message, layout.timestamp, now)
  if (parts.correlationId !== undefined) writeAt(message, layout.correlationId, parts.correlationId)
  if (parts.room !== undefined) writeAt(message, layout.room, parts.room)
  if (parts.payload !== undefined) writeAt(message, layout.payload, parts.payload)
  return message
}

/** What a reply says: its payload, or its error; undefined or null: it has none. */
export function readReply(layout: Layout, message: unknown): { payload: unknown; error: unknown } {
  const payload = readAt(message, layout.payload)
  const error = readAt(message, layout.error)
  if (error !== undefined && error !== null) return { payload, error }
  // A server may have no `error` beside the payload in messages of the type `error`.
  const type = readAt(message, layout.type)
  const refuses = type === 'error' || type === 'auth_error'
  return { payload, error: refuses ? (payload ?? type) : undefined }
}

/** 64 random bits in 16 characters. */
export function idPrefix(): string {
  const [high, low] = globalThis.crypto.getRandomValues(new Uint32Array(2))
  return ((BigInt(high) << 32n) | BigInt(low)).toString(16).padStart(16, '0')
}

/** Makes ids that no other source makes: a random prefix and a count. At most 64 characters, no escapes in JSON. */
export function idSource(): () => string {
  const prefix = idPrefix()
  let count = 0
  return () => `${prefix}-${(++count).toString(36)}`
}

/** Where the number of a request begins, as no number does: a late answer to one is told from one to a message by it. */
export const requestMark = '0'

let prefix: string | undefined
let count = 0

/** What ids of all clients here begin with. */
export function clientPrefix(): string {
  return (prefix ??= `${idPrefix()}-`)
}

/** Whether this is the id of a request that a client here has made. */
export function asked(id: unknown): boolean {
  return String(id).startsWith(clientPrefix() + requestMark)
}

/** An id for a message of any client: all of them share one source. */
export function messageId(mark = ''): string {
  return clientPrefix() + mark + (++count).toString(36)
}
