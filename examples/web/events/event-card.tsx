import type { CalendarEvent } from 'hawser/react'
import { Avatar } from '../shared/avatar'
import { BinIcon, CheckIcon, PinIcon } from '../shared/icons'
import { clockTime, relativeTime } from '../shared/time'
import { goingOf, phaseOf } from './model'

interface EventCardProps {
  name: string
  event: CalendarEvent
  now: number
  enabled: boolean
  onGoing: (going: boolean) => void
  onRemove: () => void
}

export function EventCard({ name, event, now, enabled, onGoing, onRemove }: EventCardProps) {
  const { title, startsAt, endsAt, location, description, createdBy } = event
  const going = goingOf(event)
  const isGoing = going.includes(name)
  const phase = phaseOf(event, now)
  return (
    <li className={`card event ${phase}`}>
      <div className="when number">
        <time dateTime={new Date(startsAt).toISOString()}>{clockTime(startsAt)}</time>
        {endsAt !== undefined && <span className="small muted">{clockTime(endsAt)}</span>}
      </div>
      <div className="grow stack tight">
        <h3>
          {title} {phase === 'now' && <span className="tag good">now</span>}
          {phase === 'soon' && <span className="tag signal">{relativeTime(startsAt, now)}</span>}
        </h3>
        {location !== undefined && location !== '' && (
          <p className="row small muted place">
            <PinIcon /> {location}
          </p>
        )}
        {description !== undefined && description !== '' && <p>{description}</p>}
        <div className="people">
          <ul
            className="row"
            aria-label={going.length === 0 ? 'Nobody goes yet' : `Going: ${going.join(', ')}`}
          >
            {going.slice(0, 6).map((person) => (
              <li key={person} title={person}>
                <Avatar name={person} little />
              </li>
            ))}
          </ul>
          <span className="small muted">
            {going.length === 0 ? 'Nobody goes yet' : `${going.length} going`}
            {createdBy !== undefined && `, by ${createdBy}`}
          </span>
        </div>
      </div>
      <div className="row actions">
        <button
          className={isGoing ? 'button tiny going' : 'button tiny'}
          type="button"
          aria-pressed={isGoing}
          aria-label={`Going to ${title}`}
          disabled={!enabled}
          onClick={() => onGoing(!isGoing)}
        >
          {isGoing && <CheckIcon />} Going
        </button>
        {createdBy === name && (
          <button
            className="button icon quiet"
            type="button"
            aria-label={`Remove ${title}`}
            disabled={!enabled}
            onClick={onRemove}
          >
            <BinIcon />
          </button>
        )}
      </div>
    </li>
  )
}
