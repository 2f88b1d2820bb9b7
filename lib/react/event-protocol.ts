// What `useEvents` and its hub say to each other; docs/react.md has it as a table.

/** An entry of a shared calendar. */
export interface CalendarEvent {
  id: string
  title: string
  /** Milliseconds since the epoch. */
  startsAt: number
  endsAt?: number
  description?: string
  location?: string
  /** So many milliseconds before the start it reminds; false: never. Default: option `remindBefore` of `useEvents`. */
  remindBefore?: number | false
  /** The hub fills it in. */
  createdBy?: string
  /** What the program wants to add; JSON. */
  data?: unknown
}
export type NewCalendarEvent = Omit<CalendarEvent, 'id' | 'createdBy'>
export type CalendarEventChange = Pick<CalendarEvent, 'id'> & Partial<Omit<CalendarEvent, 'id' | 'createdBy'>>

/** The requests name the room that the events belong to, if there is one; the hub tells its members. */
export interface EventProtocol {
  receive: {
    'event.created': CalendarEvent
    'event.updated': CalendarEvent
    'event.deleted': { id: string }
  }
  send: object
  requests: {
    'event.list': { request: undefined; reply: CalendarEvent[] }
    'event.create': { request: NewCalendarEvent; reply: CalendarEvent }
    'event.update': { request: CalendarEventChange; reply: CalendarEvent }
    'event.delete': { request: { id: string }; reply: { id: string } }
  }
}
