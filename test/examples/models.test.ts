// What the pages make of what they know: names, times, lists.
import type { CalendarEvent, ChatMessage, Presence } from '../../lib/react'
import { gist, sectionsOf, sizeWords, typingWords } from '../../examples/web/chat/model'
import { daysOf, fieldTime, goingOf, nextSlot, phaseOf } from '../../examples/web/events/model'
import { floorOf, whereaboutsOf } from '../../examples/web/presence/model'
import { hueOf, initialsOf, tidyName } from '../../examples/web/shared/people'
import { clockTime, dayName, relativeTime } from '../../examples/web/shared/time'

const minute = 60_000
const noon = new Date(2026, 5, 17, 12, 0).getTime()

test('names', () => {
  expect(tidyName('  Ada\n\t/ Lovelace  ')).toBe('Ada Lovelace')
  expect(tidyName(' \u202e\u0000 ')).toBeUndefined()
  expect(tidyName('x'.repeat(30))).toHaveLength(24)
  expect(['Ada', 'ada lovelace', 'Ada King Lovelace', '🚢 Captain', ''].map(initialsOf)).toEqual([
    'A',
    'AL',
    'AL',
    '🚢C',
    '',
  ])
  expect(hueOf('Ada')).toBe(hueOf('Ada'))
  expect(hueOf('Ada')).not.toBe(hueOf('Ben'))
})

test('times', () => {
  expect(clockTime(noon)).toMatch(/12.00/)
  const days = [-1, 0, 1].map((days_) => dayName(noon + days_ * 24 * 60 * minute, noon))
  expect(days).toEqual(['Yesterday', 'Today', 'Tomorrow'])
  expect(dayName(noon + 5 * 24 * 60 * minute, noon)).toMatch(/22/)
  const said = [0, -5 * minute, 7 * minute, 180 * minute, -3 * 24 * 60 * minute].map((ms) =>
    relativeTime(noon + ms, noon),
  )
  expect(said).toEqual(['just now', '5 min ago', 'in 7 min', 'in 3 h', '3 d ago'])
  expect(relativeTime(noon + 1000, noon)).toBe('in less than a minute')
})

test('messages stand under days and names', () => {
  const message = (id: string, from: string, at: number) =>
    ({ id, from, at, own: from === 'Ada' }) as ChatMessage
  const sections = sectionsOf([
    message('0', 'Ada', noon - 24 * 60 * minute),
    message('1', 'Ada', noon),
    message('2', 'Ada', noon + minute),
    message('3', 'Ben', noon + minute),
    message('4', 'Ada', noon + minute),
    message('5', 'Ada', noon + 20 * minute),
  ])
  const ids = sections.map(({ groups }) => groups.map(({ messages }) => messages.map(({ id }) => id).join()))
  expect(ids).toEqual([['0'], ['1,2', '3', '4', '5']])
  expect(sections[1]?.groups.map(({ own }) => own)).toEqual([true, false, true, true])
  expect(sectionsOf([])).toEqual([])
})

test('words of the chat', () => {
  expect([[], ['Ada'], ['Ada', 'Ben'], ['Ada', 'Ben', 'Cleo']].map(typingWords)).toEqual([
    '',
    'Ada is typing …',
    'Ada and Ben are typing …',
    '3 people are typing …',
  ])
  expect([5, 1500, 131_072, 2_345_678].map(sizeWords)).toEqual(['5 B', '2 kB', '131 kB', '2.3 MB'])
  const file = { name: 'notes.txt', size: 1, type: '', url: 'data:,' }
  expect(gist({ text: ' two\n lines ', files: [] })).toBe('two lines')
  expect(gist({ text: '', files: [file] })).toBe('notes.txt')
  expect(gist(undefined)).toBe('')
})

test('events by day, and how near they are', () => {
  const event = (id: string, startsAt: number) => ({ id, title: id, startsAt }) as CalendarEvent
  const days = daysOf([event('b', noon + 1), event('c', noon + 24 * 60 * minute), event('a', noon)])
  expect(days.map(({ events }) => events.map(({ id }) => id).join(''))).toEqual(['ab', 'c'])
  const times = { startsAt: noon, endsAt: noon + 30 * minute }
  const phases = [-61, -60, 0, 29, 30].map((minutes) => phaseOf(times, noon + minutes * minute))
  expect(phases).toEqual(['later', 'soon', 'now', 'now', 'past'])
  expect(phaseOf({ startsAt: noon }, noon + 59 * minute)).toBe('now')
  expect(goingOf({ data: { going: ['Ada', 5] } })).toEqual(['Ada'])
  expect([undefined, null, 'x', { going: 'Ada' }].map((data) => goingOf({ data }).length)).toEqual([
    0, 0, 0, 0,
  ])
  expect(new Date(fieldTime(noon)).getTime()).toBe(noon)
  expect(nextSlot(noon) - noon).toBe(30 * minute)
  expect(nextSlot(noon + 26 * minute) - noon).toBe(60 * minute)
})

test('people on the floor, whatever they have said', () => {
  const person = (userId: string, status: Presence['status'], custom?: unknown): Presence => ({
    userId,
    status,
    lastSeen: 0,
    ...(custom !== undefined && { custom }),
  })
  const { rooms, gone } = floorOf([
    person('Cleo', 'online', { place: 'Kitchen', note: 'tea' }),
    person('Ben', 'away'),
    person('Ada', 'online', { place: 'the moon', note: 5 }),
    person('Dan', 'offline', { place: 'Kitchen' }),
  ])
  expect(rooms.get('Kitchen')?.map(({ userId }) => userId)).toEqual(['Cleo'])
  expect(rooms.get('Desk')?.map(({ userId }) => userId)).toEqual(['Ada', 'Ben'])
  expect(gone.map(({ userId }) => userId)).toEqual(['Dan'])
  expect(whereaboutsOf({ custom: { place: 'Library', note: 'x'.repeat(100) } })).toEqual({
    place: 'Library',
    note: 'x'.repeat(80),
  })
})
