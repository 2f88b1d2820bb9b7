// Stores that components below one connection share: they have one state, and are there while somebody watches.
import type { Connection } from './connection'
import type { Store, Surroundings } from './store'

type Known = Map<string, WeakRef<Store<object>>>

const stores = new WeakMap<Connection, WeakMap<object, Known>>()

/**
 * The store of a connection, frame source and key; made where there is none. Nothing but components holds it, so one
 * that was made for a rendering that came to nothing goes by itself.
 */
export function sharedStore<T extends Store<object>>(
  connection: Connection,
  surroundings: Surroundings,
  key: string,
  make: () => T,
): T {
  let byFrames = stores.get(connection)
  if (byFrames === undefined) stores.set(connection, (byFrames = new WeakMap()))
  let known = byFrames.get(surroundings.frames)
  if (known === undefined) byFrames.set(surroundings.frames, (known = new Map() as Known))
  const found = known.get(key)?.deref()
  if (found !== undefined) return found as T
  // Keys whose stores are gone stay no longer than this.
  for (const [name, other] of known) if (other.deref() === undefined) known.delete(name)
  const store = make()
  known.set(key, new WeakRef<Store<object>>(store))
  return store
}
