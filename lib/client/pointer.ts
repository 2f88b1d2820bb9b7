// JSON pointers (RFC 6901).

/** The keys that a pointer names, from the root on. */
export function tokens(pointer: string): string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replace(/~1/g, '/').replace(/~0/g, '~'))
}
