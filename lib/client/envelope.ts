// Envelopes: how a message of ours is laid out as JSON, and where its parts are found in one that came.
import type { Layout } from './layout'
import { payloadText } from './payload-text'
import { valueAt } from './portable/value-at'

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
  const payload = valueAt(message, layout.payload)
  const error = valueAt(message, layout.error)
  if (error !== undefined && error !== null) return { payload, error }
  // A server may have no `error` beside the payload in messages of the type `error`.
  const type = valueAt(message, layout.type)
  const refuses = type === 'error' || type === 'auth_error'
  return { payload, error: refuses ? (payload ?? type) : undefined }
}

/** Sets the value at a path, making the objects on the way. */
function writeAt(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = root
  for (let i = 0; i + 1 < path.length; i++) {
    const next = at[path[i]]
    at = next !== null && typeof next === 'object' ? (next as Record<string, unknown>) : (at[path[i]] = {})
  }
  at[path[path.length - 1]] = value
}
