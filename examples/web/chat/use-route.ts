import { useSyncExternalStore } from 'react'

const subscribe = (changed: () => void): (() => void) => {
  addEventListener('hashchange', changed)
  return () => removeEventListener('hashchange', changed)
}
const read = (): string => {
  try {
    return decodeURIComponent(location.hash.slice(1))
  } catch {
    return '' // somebody has typed it
  }
}

/** The room that the address names, so that the browser's back leads to the list on a phone. '' is none. */
export function useRoute(): [string, (room: string) => void] {
  const room = useSyncExternalStore(subscribe, read)
  return [
    room,
    (next) => {
      location.hash = encodeURIComponent(next)
    },
  ]
}
