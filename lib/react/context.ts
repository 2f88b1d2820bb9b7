// What a provider gives to the hooks below it, and how hooks find their connection.
import { createContext, useContext, useInsertionEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import { reportUncaught } from '../client/client-listeners'
import { systemClock } from './clock'
import { type Connection, lent, noConnection } from './connection'
import { badState } from './engine'
import { pageFrames } from './frames'
import type { Store, Surroundings } from './store'
import type { SomeClient } from './use-messages'

export interface Provided extends Surroundings {
  readonly connection: Connection
}

export const ConnectionContext = createContext<Provided | undefined>(undefined)

const plain: Surroundings = { frames: pageFrames, clock: systemClock }

export function useSurroundings(): Surroundings {
  return useContext(ConnectionContext) ?? plain
}

/** The connection of a hook: its option `client`, else the provider's. */
export function useConnection(hook: string, client: SomeClient | null | undefined): Connection {
  const provided = useContext(ConnectionContext)
  if (client === null) return noConnection
  if (client !== undefined) return lent(client, false)
  if (provided === undefined) {
    badState(`${hook} needs a <WebSocketProvider> above it, or the option \`client\``)
  }
  return provided.connection
}

/** The snapshot of a store. */
export function useStore<S extends object>(store: Store<S>): S {
  return useSyncExternalStore(store.subscribe, store.getSnapshot, store.getServerSnapshot)
}

/** The snapshot of a store together with what can be done. */
export function useStoreWith<S extends object, A extends object>(store: Store<S> & { actions: A }): S & A {
  const snapshot = useStore(store)
  return useMemo(() => ({ ...snapshot, ...store.actions }), [snapshot, store])
}

/**
 * A function that stays the same and calls the one of the latest rendering. What that throws is reported as uncaught, and
 * costs nobody else a call.
 */
export function useLatest<A extends unknown[]>(
  handler: ((...args: A) => unknown) | undefined,
): (...args: A) => void {
  const latest = useRef(handler)
  useInsertionEffect(() => {
    latest.current = handler
  })
  return useRef((...args: A): void => {
    try {
      latest.current?.(...args)
    } catch (error) {
      reportUncaught(error)
    }
  }).current
}
