import type { EventReminder } from 'hawser/react'
import { BellIcon } from '../shared/icons'
import { clockTime, relativeTime } from '../shared/time'

interface RemindersProps {
  reminders: readonly EventReminder[]
  onDismiss: (id: string) => void
  onSnooze: (id: string, ms?: number) => void
  now: number
}

/** What is about to begin, above everything else until somebody has seen it. */
export function Reminders({ reminders, onDismiss, onSnooze, now }: RemindersProps) {
  return (
    <ul className="reminders" aria-live="assertive" aria-label="Reminders">
      {reminders.map(({ event: { id, title, startsAt, location } }) => (
        <li key={id} className="reminder">
          <BellIcon />
          <div className="grow">
            <strong>{title}</strong>
            <p className="small muted">
              {clockTime(startsAt)}, {startsAt > now ? relativeTime(startsAt, now) : 'it has begun'}
              {location !== undefined && location !== '' && `, ${location}`}
            </p>
          </div>
          <button className="button tiny" type="button" onClick={() => onSnooze(id, 60_000)}>
            In 1 min
          </button>
          <button className="button tiny primary" type="button" onClick={() => onDismiss(id)}>
            OK<span className="unseen">, {title}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}
