// Whether a message's type is meant by a route: what src/core/router says of patterns.

export function matchesPattern(pattern: string, type: string): boolean {
  if (pattern === '*') return true
  if (!pattern.endsWith('.*')) return pattern === type
  // More than the stem: `chat.*` does not match `chat.`.
  return type.length > pattern.length - 1 && type.startsWith(pattern.slice(0, -1))
}
