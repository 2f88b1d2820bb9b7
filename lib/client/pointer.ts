// JSON pointers (RFC 6901): reading and writing a value where one points.

export { valueAt as readAt } from './portable/matcher'

/** The keys that a pointer names, from the root on. */
export function tokens(pointer: string): string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replace(/~1/g, '/').replace(/~0/g, '~'))
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
