// The calendar's half of the hub: keeps the events of the team, and tells everybody of changes.
import { randomUUID } from 'node:crypto'
import { Journal } from './journal.mjs'

/** @typedef {import('hawser/react').CalendarEvent} CalendarEvent */
/** @typedef {{ set?: CalendarEvent, gone?: string }} Entry */

const room = 'events'
const mostEvents = 500
/** Events go a day after they have begun. */
const old = 24 * 3_600_000
/** The last moment that there is a date of: pages cannot show a later one. */
const lastMoment = 8.64e15
/** @param {unknown} at */
const isTime = (at) => Number.isSafeInteger(at) && Math.abs(/** @type {number} */ (at)) <= lastMoment

/**
 * What is wrong with an event; undefined: nothing.
 * @param {Partial<CalendarEvent>} event
 */
export function eventFault({ title, startsAt, endsAt, description = '', location = '', remindBefore }) {
  if (typeof title !== 'string' || title.trim() === '' || title.length > 120)
    return 'A title has 1 to 120 characters'
  if (!isTime(startsAt)) return 'An event starts at a time'
  if (endsAt !== undefined && !(isTime(endsAt) && endsAt >= /** @type {number} */ (startsAt)))
    return 'An event ends after its start'
  if (typeof description !== 'string' || description.length > 1000)
    return 'A description has at most 1000 characters'
  if (typeof location !== 'string' || location.length > 120) return 'A place has at most 120 characters'
  const reminds = remindBefore === undefined || remindBefore === false || Number.isSafeInteger(remindBefore)
  return reminds ? undefined : 'A reminder is a number of milliseconds, or false'
}

/**
 * @param {import('hawser').Hub<import('../protocol/events.js').EventAppProtocol>} hub
 * @param {{ HubError: typeof import('hawser').HubError }} hawser
 * @param {string | undefined} data
 */
export function serveEvents(hub, { HubError }, data) {
  /** @type {Journal<Entry>} */
  const journal = new Journal(data, 'events')
  /** @type {Map<string, CalendarEvent>} */
  const events = new Map()
  /** @param {Entry} entry */
  const apply = ({ set, gone }) => {
    if (set !== undefined) events.set(set.id, set)
    if (gone !== undefined) events.delete(gone)
  }
  /** @param {Entry} entry */
  const keep = (entry) => {
    journal.add(entry)
    apply(entry)
  }
  for (const entry of journal.entries) apply(entry)
  /** @param {string} id */
  const find = (id) => {
    const event = events.get(id)
    if (event === undefined) throw new HubError('NOT_FOUND', 'This event is gone')
    return event
  }
  /**
   * What people say of an event. Nothing else that they send is kept.
   * @param {import('hawser/react').NewCalendarEvent} draft
   */
  const read = (draft) => {
    const wrong = eventFault(draft)
    if (wrong !== undefined) throw new HubError('INVALID_MESSAGE', wrong)
    const { title, startsAt, endsAt, description, location, remindBefore } = draft
    return { title: title.trim(), startsAt, endsAt, description, location, remindBefore }
  }
  const tidy = () => {
    for (const { id, startsAt } of events.values()) if (startsAt < Date.now() - old) keep({ gone: id })
  }

  hub.handle('event.list', () => {
    tidy()
    return [...events.values()].sort((one, other) => one.startsAt - other.startsAt)
  })
  hub.handle('event.create', (draft, { userId = '' }) => {
    const said = read(draft)
    if (events.size >= mostEvents)
      throw new HubError('CALENDAR_FULL', 'There are too many events. Remove some')
    const set = { ...said, id: randomUUID(), createdBy: userId, data: { going: [userId] } }
    keep({ set })
    hub.to(room).send('event.created', set)
    return set
  })
  /** @param {CalendarEvent} set */
  const change = (set) => {
    keep({ set })
    hub.to(room).send('event.updated', set)
    return set
  }
  hub.handle('event.update', (draft) => {
    const event = find(draft.id)
    return change({ ...event, ...read({ ...event, ...draft }) })
  })
  hub.handle('event.rsvp', ({ id, going }, { userId = '' }) => {
    const event = find(id)
    const others = /** @type {import('../protocol/events.js').EventPeople} */ (event.data).going.filter(
      (name) => name !== userId,
    )
    return change({ ...event, data: { going: going ? [...others, userId] : others } })
  })
  hub.handle('event.delete', ({ id }) => {
    find(id)
    keep({ gone: id })
    hub.to(room).send('event.deleted', { id })
    return { id }
  })
  return () => journal.close()
}
