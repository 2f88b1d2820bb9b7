// Who is there.
import { useMemo } from 'react'
import type { Presence, PresenceStatus } from '../server/hub/presence'
import { useConnection, useStoreWith, useSurroundings } from './context'
import { PresenceStore } from './presence-store'
import { sharedStore } from './shared-stores'
import type { SomeClientOption } from './use-messages'

export type { Presence, PresenceStatus }

export interface UsePresenceOptions extends SomeClientOption {
  /** Joins this room while the component is there, and lists its users. */
  room?: string
  /** Users to watch, in whatever rooms they are; the first 100 of them. */
  users?: readonly string[]
}

export interface UsePresenceResult {
  /** Users of the room, and those that are watched, by their ids. */
  users: readonly Presence[]
  /** Those that are online or away. */
  present: readonly Presence[]
  /** Of one user; undefined while unknown. */
  get(userId: string): Presence | undefined
  statusOf(userId: string): PresenceStatus
  /** Says how oneself is, now and after each reconnect; `custom` is JSON of at most 1024 characters. */
  setStatus(status: 'online' | 'away', custom?: unknown): void
  /** Whether the list is there. */
  ready: boolean
  /** Why the room cannot be joined, or a user not be watched. */
  error: Error | undefined
}

/** @example const { present, setStatus } = usePresence({ room: 'lobby' }) */
export function usePresence(options: UsePresenceOptions = {}): UsePresenceResult {
  const { client, room, users = [] } = options
  const surroundings = useSurroundings()
  const connection = useConnection('usePresence', client)
  const key = JSON.stringify(['presence', room, users])
  const store = useMemo(
    () =>
      sharedStore(connection, surroundings, key, () => {
        return new PresenceStore(surroundings, connection, room, users)
      }),
    // The key says what `room` and `users` are.
    [connection, surroundings, key],
  )
  return useStoreWith(store)
}
