// What the calendar says beside `EventProtocol` of hawser/react: who comes.
import type { CalendarEvent, EventProtocol } from 'hawser/react'

/** `data` of an event. */
export interface EventPeople {
  going: string[]
}

export interface EventAppProtocol {
  receive: EventProtocol['receive']
  send: EventProtocol['send']
  requests: EventProtocol['requests'] & {
    'event.rsvp': { request: { id: string; going: boolean }; reply: CalendarEvent }
  }
}
