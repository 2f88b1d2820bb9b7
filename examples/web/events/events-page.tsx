import { type CalendarEvent, createHooks, useConnectionStatus, useEvents } from 'hawser/react'
import { useState } from 'react'
import type { EventAppProtocol } from '../protocol/events'
import { CalendarIcon } from '../shared/icons'
import { Failure, Offline } from '../shared/shell'
import { dayName } from '../shared/time'
import { useNow } from '../shared/use-now'
import { EventCard } from './event-card'
import { EventForm } from './event-form'
import { daysOf } from './model'
import { Reminders } from './reminders'

const { useRequest } = createHooks<EventAppProtocol>()

export function EventsPage({ name }: { name: string }) {
  const calendar = useEvents({ room: 'events', remindBefore: 10 * 60_000 })
  const rsvp = useRequest('event.rsvp')
  const { isConnected } = useConnectionStatus({ poll: 0 })
  const [failure, setFailure] = useState<Error>()
  const now = useNow(5000)
  const { upcoming, isLoading, error } = calendar
  const tried = (work: Promise<unknown>): void => {
    work.then(
      () => setFailure(undefined),
      (reason: unknown) => setFailure(reason as Error),
    )
  }
  const card = (event: CalendarEvent) => (
    <EventCard
      key={event.id}
      name={name}
      event={event}
      now={now}
      enabled={isConnected}
      onGoing={(going) => tried(rsvp.request({ id: event.id, going }))}
      onRemove={() => tried(calendar.remove(event.id))}
    />
  )
  return (
    <main className="page" id="main">
      <Reminders
        reminders={calendar.reminders}
        onDismiss={calendar.dismissReminder}
        onSnooze={calendar.snooze}
        now={now}
      />
      <Offline>Reminders go on; changes come once you are back.</Offline>
      <Failure error={failure ?? (upcoming.length === 0 ? error : undefined)} />
      <div className="calendar">
        <section className="stack" aria-label="Upcoming events">
          {daysOf(upcoming).map(({ day, events }) => (
            <section key={day} aria-labelledby={`day-${day}`}>
              <h2 className="day" id={`day-${day}`}>
                {dayName(day, now)}
              </h2>
              <ul className="stack events">{events.map(card)}</ul>
            </section>
          ))}
          {upcoming.length === 0 &&
            (isLoading ? (
              <div className="stack" role="status" aria-label="Loading">
                <div className="bone tall" />
                <div className="bone tall" />
              </div>
            ) : (
              <div className="card empty">
                <CalendarIcon />
                <strong>Nothing is planned</strong>
                <span>Add the first event: everybody is reminded in time.</span>
              </div>
            ))}
        </section>
        <EventForm create={calendar.create} enabled={isConnected} />
      </div>
    </main>
  )
}
