// Envelopes in few bytes: the same texts as those of lib/client/envelope.ts, whose place it takes.
import { type Parts, envelope } from '../client/envelope'
import type { Layout } from '../client/layout'
import { payloadText } from '../client/payload-text'

export type * from '../client/envelope'
export { envelope, readReply } from '../client/envelope'

/** A message as JSON text. Throws INVALID_ARGUMENT for a payload that JSON cannot hold. */
export function encode(layout: Layout, type: string, parts: Parts, now: number): string {
  const { id, correlationId, room, ack } = parts
  const payload = payloadText(type, parts.payload)
  if (!layout.standard) return JSON.stringify(envelope(layout, type, parts, now))
  const head = JSON.stringify({ id, type, timestamp: now, correlationId, room, ack: ack || undefined })
  return payload === undefined ? head : `${head.slice(0, -1)},"payload":${payload}}`
}
