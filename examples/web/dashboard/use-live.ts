import { createContext, useContext, useSyncExternalStore } from 'react'
import type { Live, Snapshot } from './live'

export const LiveContext = createContext<Live | null>(null)

export function useLiveModel(): Live {
  const live = useContext(LiveContext)
  if (live === null) throw new Error('there is no model above this component')
  return live
}

/** A part of the page's model; a component renders when that part is another one. */
export function useLive<Part>(select: (snapshot: Snapshot) => Part): Part {
  const live = useLiveModel()
  const read = (): Part => select(live.getSnapshot())
  return useSyncExternalStore(live.subscribe, read, read)
}
