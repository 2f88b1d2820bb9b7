// A shared calendar: its events, and reminders of them.
import { useEffect, useMemo } from 'react'
import type { CalendarEvent, CalendarEventChange, NewCalendarEvent } from './event-protocol'
import { useConnection, useLatest, useStoreWith, useSurroundings } from './context'
import { EventStore } from './event-store'
import { sharedStore } from './shared-stores'
import type { SomeClientOption } from './use-messages'

export interface EventReminder {
  event: CalendarEvent
  /** When it came due, in milliseconds since the epoch. */
  at: number
}

export interface UseEventsOptions extends SomeClientOption {
  /** Joins this room while the component is there; requests name it. */
  room?: string
  /** Milliseconds before the start at which events without one of their own remind; false: never. Default 600000. */
  remindBefore?: number | false
  /** Called when a reminder comes due, also after a `snooze`. */
  onReminder?: (reminder: EventReminder) => void
}

export interface UseEventsResult {
  /** By their start. */
  events: readonly CalendarEvent[]
  /** Those that have not ended. */
  upcoming: readonly CalendarEvent[]
  /** Reminders that are due and not dismissed, oldest first. */
  reminders: readonly EventReminder[]
  create(event: NewCalendarEvent): Promise<CalendarEvent>
  update(change: CalendarEventChange): Promise<CalendarEvent>
  remove(id: string): Promise<void>
  dismissReminder(id: string): void
  /** Reminds again after so many milliseconds, default 300000. */
  snooze(id: string, ms?: number): void
  isLoading: boolean
  error: Error | undefined
  /** Asks for the list again. */
  reload(): void
}

/**
 * Events of a room, or of the user. Components that name the same room share them; the options of the first count.
 *
 * @example const { upcoming, reminders, create } = useEvents({ room: 'team' })
 */
export function useEvents(options: UseEventsOptions = {}): UseEventsResult {
  const { client, room, onReminder } = options
  const surroundings = useSurroundings()
  const connection = useConnection('useEvents', client)
  const store = useMemo(
    () =>
      sharedStore(connection, surroundings, JSON.stringify(['events', room]), () => {
        return new EventStore(surroundings, connection, options)
      }),
    // The options are those of the first rendering.
    [connection, surroundings, room],
  )
  const heard = useLatest(onReminder)
  useEffect(() => {
    store.hears.add(heard)
    return () => void store.hears.delete(heard)
  }, [store, heard])
  return useStoreWith(store)
}
