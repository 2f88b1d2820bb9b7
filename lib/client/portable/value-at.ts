// What routes and layouts see of a message: its parts. Says of an object what src/core/router says of the text that it was
// parsed from.

/** An index as JavaScript's arrays have them: no sign, no leading zero, below 2^32 - 1. */
const arrayIndex = /^(?:0|[1-9]\d{0,9})$/

/** The value at a path, or undefined. Of an array only the elements can be named. */
export function valueAt(root: unknown, path: readonly string[]): unknown {
  let at = root
  for (const key of path) {
    if (at === null || typeof at !== 'object') return undefined
    if (Array.isArray(at) ? !arrayIndex.test(key) : !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return at
}

/** A message's type, room or correlation id: a string, or a whole number of at most 15 digits as its digits. */
export function nameAt(message: unknown, path: readonly string[]): string | undefined {
  const value = valueAt(message, path)
  if (typeof value === 'string') return value
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 1e15) {
    return Object.is(value, -0) ? '-0' : String(value)
  }
  return undefined
}
