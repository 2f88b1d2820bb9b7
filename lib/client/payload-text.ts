// Payloads as JSON: what shows at the call whether a message can be written.
import { HawserTypeError } from '../core/error'
import { shown } from '../core/validate'

/** A payload as JSON; undefined when there is none. Throws INVALID_ARGUMENT for what JSON cannot hold. */
export function payloadText(type: string, payload: unknown): string | undefined {
  let cause: unknown
  try {
    // Undefined for functions and symbols too, whatever the declaration says.
    const text = JSON.stringify(payload) as string | undefined
    if (text !== undefined || payload === undefined) return text
  } catch (error) {
    cause = error
  }
  const why = (cause as Error | undefined)?.message
  throw new HawserTypeError(
    'INVALID_ARGUMENT',
    `The payload of '${type}' cannot be written as JSON: ${why ?? `it is ${shown(payload)}`}`,
    cause,
  )
}
