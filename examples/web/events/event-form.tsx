import type { CalendarEvent, NewCalendarEvent } from 'hawser/react'
import { type SyntheticEvent, useState } from 'react'
import { Field } from '../shared/field'
import { Failure } from '../shared/shell'
import { fieldTime, nextSlot, reminders } from './model'

const minute = 60_000

interface EventFormProps {
  create: (event: NewCalendarEvent) => Promise<CalendarEvent>
  enabled: boolean
}

export function EventForm({ create, enabled }: EventFormProps) {
  const [title, setTitle] = useState('')
  const [starts, setStarts] = useState(() => fieldTime(nextSlot(Date.now())))
  const [minutes, setMinutes] = useState(30)
  const [place, setPlace] = useState('')
  const [before, setBefore] = useState(10 * minute)
  const [pending, setPending] = useState(false)
  const [error, setError] = useState<Error>()

  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    const startsAt = new Date(starts).getTime()
    if (title.trim() === '' || !Number.isFinite(startsAt)) return
    setPending(true)
    const times = {
      startsAt,
      endsAt: startsAt + minutes * minute,
      remindBefore: before < 0 ? (false as const) : before,
    }
    create({ title: title.trim(), location: place.trim(), ...times })
      .then(
        () => {
          setTitle('')
          setPlace('')
          setError(undefined)
        },
        (reason: unknown) => setError(reason as Error),
      )
      .finally(() => setPending(false))
  }
  return (
    <form className="card plan" onSubmit={submit} aria-labelledby="plan-title">
      <h2 id="plan-title">New event</h2>
      <Field label="Title">
        <input
          className="input"
          required
          maxLength={120}
          value={title}
          placeholder="Planning"
          onChange={(event) => setTitle(event.target.value)}
        />
      </Field>
      <Field label="Starts">
        <input
          className="input"
          type="datetime-local"
          required
          value={starts}
          onChange={(event) => setStarts(event.target.value)}
        />
      </Field>
      <Field label="Takes">
        <select
          className="input"
          value={minutes}
          onChange={(event) => setMinutes(Number(event.target.value))}
        >
          {[15, 30, 45, 60, 90, 120].map((one) => (
            <option key={one} value={one}>
              {one} minutes
            </option>
          ))}
        </select>
      </Field>
      <Field label="Place">
        <input
          className="input"
          maxLength={120}
          value={place}
          onChange={(event) => setPlace(event.target.value)}
        />
      </Field>
      <Field label="Remind everybody">
        <select className="input" value={before} onChange={(event) => setBefore(Number(event.target.value))}>
          {reminders.map((one) => (
            <option key={one.before} value={one.before}>
              {one.label}
            </option>
          ))}
        </select>
      </Field>
      <Failure error={error} />
      <button className="button primary" type="submit" disabled={pending || !enabled}>
        Add it
      </button>
    </form>
  )
}
