// The calendar as the page shows it.
import type { CalendarEvent } from 'hawser/react'
import { dayOf } from '../shared/time'

const minute = 60_000
/** Milliseconds before the start at which one may be reminded; -1 stands for never. */
export const reminders = [
  { before: 0, label: 'When it starts' },
  { before: minute, label: '1 minute before' },
  { before: 5 * minute, label: '5 minutes before' },
  { before: 10 * minute, label: '10 minutes before' },
  { before: 60 * minute, label: '1 hour before' },
  { before: -1, label: 'Not at all' },
]

export function goingOf({ data }: Pick<CalendarEvent, 'data'>): readonly string[] {
  const going = (data as { going?: unknown } | undefined)?.going
  return Array.isArray(going) ? going.filter((name) => typeof name === 'string') : []
}

/** Events by day, in the order of their starts. */
export function daysOf(events: readonly CalendarEvent[]): { day: number; events: CalendarEvent[] }[] {
  const days: { day: number; events: CalendarEvent[] }[] = []
  for (const event of [...events].sort((one, other) => one.startsAt - other.startsAt)) {
    const day = dayOf(event.startsAt)
    const last = days.at(-1)
    if (last?.day === day) last.events.push(event)
    else days.push({ day, events: [event] })
  }
  return days
}

export type Phase = 'past' | 'now' | 'soon' | 'later'

export function phaseOf(
  { startsAt, endsAt }: Pick<CalendarEvent, 'startsAt' | 'endsAt'>,
  now: number,
): Phase {
  if (now >= (endsAt ?? startsAt + 60 * minute)) return 'past'
  if (now >= startsAt) return 'now'
  return startsAt - now <= 60 * minute ? 'soon' : 'later'
}

/** A time as fields of the type `datetime-local` want it. */
export function fieldTime(at: number): string {
  const date = new Date(at)
  return new Date(at - date.getTimezoneOffset() * minute).toISOString().slice(0, 16)
}

/** The next half hour that is at least some minutes away. */
export function nextSlot(now: number): number {
  const half = 30 * minute
  return Math.ceil((now + 5 * minute) / half) * half
}
