// Checks of JSON pointers (RFC 6901) that a program gives.
import { HawserTypeError } from '../core/error'
import { shown } from '../core/validate'
import { tokens } from './pointer'

const longest = 512
const deepest = 32

/** Throws INVALID_OPTION naming the option. */
export function checkPointer(name: string, value: unknown): string {
  const fail = (why: string): never => {
    throw new HawserTypeError(
      'INVALID_OPTION',
      `Option \`${name}\` must be a JSON pointer such as '/payload/symbol', not ${shown(value)}: ${why}`,
    )
  }
  if (typeof value !== 'string') return fail('it is no string')
  if (value === '') return fail('the empty one names the whole message')
  if (!value.startsWith('/')) return fail("it begins with '/'")
  if (/~(?![01])/.test(value)) return fail("'~' stands only in '~0' for '~' and '~1' for '/'")
  if (new TextEncoder().encode(value).length > longest) return fail(`it may have ${longest} bytes`)
  if (tokens(value).length > deepest) return fail(`it may be ${deepest} levels deep`)
  return value
}
