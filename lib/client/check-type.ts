// Types of messages on their way out.
import { badArgument } from '../core/validate'

/** Throws INVALID_ARGUMENT. */
export function checkType(type: unknown): asserts type is string {
  if (typeof type !== 'string' || type === '' || type.length > 128)
    badArgument('type', 'the type of the message, at most 128 characters', type)
}
