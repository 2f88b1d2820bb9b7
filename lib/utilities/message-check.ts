// Whether a value is a message as docs/protocol.md defines them: the rules of a hub, for programs without one.
import { longest } from '../client/message-bounds'
import type { Envelope } from '../client/protocol-map'

/** What is wrong with a message; an empty list: nothing. */
export function messageFaults(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return ['a message must be an object']
  const message = value as Record<string, unknown>
  const faults: string[] = []
  for (const [what, most] of Object.entries(longest)) {
    const name = what === 'user' ? 'userId' : what
    const part = message[name]
    if (part === undefined && name !== 'type') continue
    if (typeof part !== 'string' || part === '' || part.length > most) {
      faults.push(`\`${name}\` must be a string of 1 to ${most} characters`)
    }
  }
  if (message['timestamp'] !== undefined && !Number.isSafeInteger(message['timestamp'])) {
    faults.push('`timestamp` must be milliseconds since the epoch, a whole number')
  }
  if (message['ack'] !== undefined && typeof message['ack'] !== 'boolean') {
    faults.push('`ack` must be true or false')
  }
  const error = message['error'] as { code?: unknown } | null | undefined
  if (error !== undefined && typeof error?.code !== 'string') {
    faults.push('`error` must be an object with a `code`')
  }
  return faults
}

/** Whether a value is a message, of that type if one is given. What its payload holds is for a validator to say. */
export function isMessage(value: unknown, type?: string): value is Envelope {
  return messageFaults(value).length === 0 && (type === undefined || (value as Envelope).type === type)
}
