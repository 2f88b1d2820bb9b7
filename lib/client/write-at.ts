// Writing a value where a JSON pointer (RFC 6901) points.

/** Sets the value at a path, making the objects on the way. */
export function writeAt(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = root
  for (let i = 0; i + 1 < path.length; i++) {
    const next = at[path[i]]
    at = next !== null && typeof next === 'object' ? (next as Record<string, unknown>) : (at[path[i]] = {})
  }
  at[path[path.length - 1]] = value
}
