// Envelopes in few bytes: the same texts as those of lib/client/envelope.ts, whose place it takes.
import { type Layout, type Parts, envelope } from '../client/envelope'
import { HawserTypeError } from '../core/error'
import { shown } from './validate'

export type * from '../client/envelope'
export { envelope, idSource, messageId, readReply } from '../client/envelope'
export { readLayout } from './layout'

/** A message as JSON text. Throws INVALID_ARGUMENT for a payload that JSON cannot hold. */
export function encode(layout: Layout, type: string, parts: Parts, now: number): string {
  const { id, correlationId, room, ack, payload } = parts
  let text: string | undefined
  let cause: unknown
  try {
    text = payload === undefined ? '' : JSON.stringify(payload)
  } catch (error) {
    cause = error
  }
  if (text === undefined) {
    const why = cause === undefined ? `it is ${shown(payload)}` : (cause as Error).message
    throw new HawserTypeError(
      'INVALID_ARGUMENT',
      `The payload of '${type}' cannot be written as JSON: ${why}`,
      cause,
    )
  }
  if (!layout.standard) return JSON.stringify(envelope(layout, type, parts, now))
  const head = JSON.stringify({ id, type, timestamp: now, correlationId, room, ack: ack || undefined })
  return text === '' ? head : `${head.slice(0, -1)},"payload":${text}}`
}
