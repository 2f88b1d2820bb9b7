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

/** A message as JSON text. Throws INVALID_ARGUMENT for a payload that JSON cannot hold. */
export function encode(layout: Layout, type: string, parts: Parts, now: number): string {
  let payload: string | undefined
  try {
    payload = parts.payload === undefined ? undefined : JSON.stringify(parts.payload)
  } catch (cause) {
    throw new HawserTypeError(
      'INVALID_ARGUMENT',
      `The payload of '${type}' cannot be written as JSON: ${(cause as Error).message}`,
      cause,
    )
  }
  if (parts.payload !== undefined && payload === undefined) {
    throw new HawserTypeError(
      'INVALID_ARGUMENT',
      `The payload of '${type}' cannot be written as JSON: it is ${shown(parts.payload)}`,
    )
  }
  if (layout.standard) {
    let text = `{"id":"${parts.id}","type":${typeText(type)},"timestamp":${now}`
    if (parts.correlationId !== undefined) {
      // A request's own id, of which no character needs an escape, or what the program chose.
      const own = parts.correlationId === parts.id
      text += own
        ? `,"correlationId":"${parts.id}"`
        : `,"correlationId":${JSON.stringify(parts.correlationId)}`
    }
    if (parts.room !== undefined) text += `,"room":${JSON.stringify(parts.room)}`
    if (parts.ack === true) text += ',"ack":true'
    return payload === undefined ? `${text}}` : `${text},"payload":${payload}}`
  }
  return JSON.stringify(envelope(layout, type, parts, now))
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

/** Makes ids that no other source makes: a random prefix and a count. At most 64 characters, no escapes in JSON. */
export function idSource(): () => string {
  const [high, low] = globalThis.crypto.getRandomValues(new Uint32Array(2))
  const prefix = ((BigInt(high) << 32n) | BigInt(low)).toString(16).padStart(16, '0')
  let count = 0
  return () => `${prefix}-${(++count).toString(36)}`
}

let ids: (() => string) | undefined

/** An id for a message of any client: all of them share one source. */
export function messageId(): string {
  ids ??= idSource()
  return ids()
}
