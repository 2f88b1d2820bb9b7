// JSON pointers (RFC 6901): reading a value where one points.

export { valueAt as readAt } from './portable/matcher'

/** The keys that a pointer names, from the root on. */
export function tokens(pointer: string): string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replace(/~1/g, '/').replace(/~0/g, '~'))
}
