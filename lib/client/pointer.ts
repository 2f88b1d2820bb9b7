// JSON pointers (RFC 6901): checks, and writing a value where one points.
import { HawserTypeError } from '../core/error'
import { shown } from '../core/validate'

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

/** The keys that a pointer names, from the root on. */
export function tokens(pointer: string): string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replace(/~1/g, '/').replace(/~0/g, '~'))
}

/** The value at a pointer, or undefined. */
export function readAt(root: unknown, path: readonly string[]): unknown {
  let at = root
  for (const key of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return at
}

/** Sets the value at a path, making the objects on the way. */
export function writeAt(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = root
  for (let i = 0; i + 1 < path.length; i++) {
    const next = at[path[i]]
    at = next !== null && typeof next === 'object' ? (next as Record<string, unknown>) : (at[path[i]] = {})
  }
  at[path[path.length - 1]] = value
}
