// Payloads as JSON: what shows at the call whether a message can be written.
import { HawserTypeError } from '../core/error'
import { shown } from '../core/validate'

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
