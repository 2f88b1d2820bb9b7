// What hubs of several processes know of each other: pure state, step by step.
import type { RoomEntry, RoomPage } from '../../lib'
import { Outbox } from '../../lib/adapters/outbox'
import { PresenceBook } from '../../lib/server/hub/presence'
import { RoomCursor } from '../../lib/server/hub/room-cursor'
import { Roster } from '../../lib/server/hub/roster'
import { Sequences } from '../../lib/server/hub/sequences'
import { Random } from '../support/random'

const entry = (offset: number, epoch = 'a-0'): RoomEntry => ({ epoch, offset, text: `${epoch} ${offset}` })
const entries = (...offsets: number[]): RoomEntry[] => offsets.map((offset) => entry(offset))
const page = (offset: number, list: RoomEntry[], epoch = 'a-0', anew = false): RoomPage => ({
  ...{ epoch, offset, entries: list, anew },
})
const offsets = (list: readonly RoomEntry[]): number[] => list.map(({ offset }) => offset)

describe('the cursor of a room', () => {
  /** One that has read up to an offset. */
  const at = (offset: number): RoomCursor => {
    const cursor = new RoomCursor()
    cursor.read()
    cursor.page(page(offset, []), 10)
    return cursor
  }

  test('takes what is pushed in order; copies do nothing, a gap asks for a read', () => {
    const cursor = at(4)
    expect(cursor.push(entries(5, 6))).toEqual({ entries: entries(5, 6), more: false })
    expect(cursor.push(entries(5, 6))).toEqual({ entries: [], more: false })
    expect(cursor.push(entries(7, 9))).toEqual({ entries: entries(7), more: true })
    expect(cursor.place).toEqual(entry(7))
    expect(new RoomCursor().push(entries(1))).toEqual({ entries: [], more: true })
  })

  test('keeps what is pushed while it reads, and takes it behind the page', () => {
    const cursor = at(4)
    cursor.read()
    expect(cursor.push(entries(6, 7, 8))).toEqual({ entries: [], more: false })
    const taken = cursor.page(page(7, entries(5, 6, 7)), 10)
    expect(taken).toEqual({ entries: entries(5, 6, 7, 8), more: false, stand: undefined })
    expect(cursor.push(entries(9)).entries).toEqual(entries(9))
  })

  test('reads on where a page was full, where too much was pushed, and where something is missing behind it', () => {
    const cursor = at(0)
    cursor.read()
    expect(cursor.page(page(9, entries(1, 2)), 2)).toMatchObject({ more: true, stand: undefined })
    cursor.read()
    for (let i = 0; i < 5000; i++) cursor.push(entries(10 + i))
    expect(cursor.page(page(9, entries(3, 4, 5, 6, 7, 8, 9)), 10)).toMatchObject({ more: true })
    cursor.read()
    cursor.push(entries(12))
    expect(cursor.page(page(10, entries(10)), 10)).toEqual({
      entries: entries(10),
      more: true,
      stand: undefined,
    })
  })

  test('another epoch that follows is taken; one that does not is read, and where the log stands is known', () => {
    const cursor = at(4)
    const next = entry(5, 'a-1')
    expect(cursor.push([next])).toEqual({ entries: [next], more: false })
    expect(cursor.push([entry(1, 'b-0')])).toEqual({ entries: [], more: true })
    cursor.read()
    const anew = [entry(1, 'b-0'), entry(2, 'b-0')]
    expect(cursor.page(page(2, anew, 'b-0', true), 10)).toEqual({
      entries: anew,
      more: false,
      stand: undefined,
    })
    cursor.read()
    const stand = { epoch: 'b-1', offset: 100 }
    expect(cursor.page(page(100, [], 'b-1'), 10)).toEqual({ entries: [], more: false, stand })
    expect(cursor.push([entry(101, 'b-1')]).entries.length).toBe(1)
  })

  test('whatever is pushed, lost, doubled and read, everything is taken once and in order', () => {
    const random = new Random()
    for (let round = 0; round < 200; round++) {
      const cursor = at(0)
      const log: RoomEntry[] = []
      const taken: RoomEntry[] = []
      let reading: RoomPage | undefined
      const most = 1 + random.below(5)
      const read = (): void => {
        const after = cursor.place?.offset ?? 0
        cursor.read()
        reading = page(log.length, log.slice(after, after + most))
      }
      const answer = (): void => {
        if (reading === undefined) return
        const got = cursor.page(reading, most)
        reading = undefined
        taken.push(...got.entries)
        if (got.more) read()
      }
      for (let step = 0; step < 60; step++) {
        if (random.below(4) === 0) answer()
        log.push(entry(log.length + 1))
        if (random.below(5) === 0) continue
        const from = Math.max(0, log.length - 1 - random.below(3))
        const got = cursor.push(log.slice(from))
        taken.push(...got.entries)
        if (got.more && reading === undefined) read()
      }
      while (reading !== undefined) answer()
      if (taken.length < log.length) {
        read()
        while (reading !== undefined) answer()
      }
      expect(offsets(taken)).toEqual(log.map((_, i) => i + 1))
    }
  })
})

test('a roster tells who is news: the first node that has a name, and the last that loses it', () => {
  const roster = new Roster()
  expect(roster.change('n1', 'r', ['u:a'], [], 1, 0)).toBeUndefined()
  roster.open('r')
  expect(roster.change('n1', 'r', ['u:a'], [], 1, 0)).toEqual({ room: 'r', joined: ['u:a'], left: [] })
  expect(roster.change('n2', 'r', ['u:a', 'u:b'], [], 5, 10)?.joined).toEqual(['u:b'])
  expect([roster.size('r'), [...roster.names('r')], [...roster.roomsOf('u:a')]]).toEqual([
    6,
    ['u:a', 'u:b'],
    ['r'],
  ])
  expect(roster.change('n1', 'r', [], ['u:a', 'u:x'], 0, 20)?.left).toEqual([])
  expect(roster.has('r', 'u:a')).toBe(true)
  // All that a node says replaces what it said.
  expect(roster.whole('n2', 'r', ['u:c'], 1, 30)).toEqual({
    room: 'r',
    joined: ['u:c'],
    left: ['u:a', 'u:b'],
  })
  expect(roster.expire(25)).toEqual([{ room: 'r', joined: [], left: [] }])
  expect(roster.gone('n2')).toEqual([{ room: 'r', joined: [], left: ['u:c'] }])
  expect([roster.size('r'), roster.has('r', 'u:c')]).toEqual([0, false])
  roster.change('n1', 'r', ['u:a'], [], 1, 0)
  roster.close('r')
  expect([roster.isOpen('r'), [...roster.roomsOf('u:a')]]).toEqual([false, []])
})

test('sequences tell how much of a node was missed on a channel', () => {
  const [a, b] = [new Sequences(), new Sequences()]
  expect([a.next('x'), a.next('x'), a.next('y'), a.next('x')]).toEqual([1, 2, 1, 3])
  expect([
    b.missed('a', 'x', 7),
    b.missed('a', 'x', 8),
    b.missed('a', 'x', 11),
    b.missed('c', 'x', 1),
  ]).toEqual([0, 0, 2, 0])
  // It began anew; nobody listened; it is gone.
  expect(b.missed('a', 'x', 2)).toBe(0)
  b.left('x')
  expect(b.missed('a', 'x', 9)).toBe(0)
  b.gone('a')
  expect(b.missed('a', 'x', 20)).toBe(0)
})

test('an outbox drops the oldest at its bounds, and says how many', () => {
  const outbox = new Outbox(3, 10)
  const push = (text: string): number => outbox.push({ channel: 'x', text })
  expect(['a', 'b', 'c', 'd'].map(push)).toEqual([0, 0, 0, 1])
  expect(push('12345678')).toBe(1)
  expect(push('123')).toBe(3)
  expect([outbox.size, outbox.shift()?.text, outbox.shift()]).toEqual([1, '123', undefined])
  const long = new Outbox(10_000, 1e6)
  for (let i = 0; i < 5000; i++) long.push({ channel: 'x', text: String(i) })
  for (let i = 0; i < 5000; i++) expect(long.shift()?.text).toBe(String(i))
  push('z')
  expect([outbox.clear(), outbox.size]).toEqual([1, 0])
})

test('presence: a user is there while any node has it', () => {
  const book = new PresenceBook(100)
  const online = { userId: 'u', status: 'online', lastSeen: 1 } as const
  expect(book.elsewhere('n1', online, true, 1, [])).toEqual({ presence: online, rooms: [] })
  expect(book.elsewhere('n2', online, true, 2, [])).toBeUndefined()
  expect(book.elsewhere('n2', { ...online, status: 'away' }, true, 3, [])?.presence.status).toBe('away')
  expect(book.opened('u', 4)).toBeUndefined()
  expect([...book.here()].map(({ status }) => status)).toEqual(['away'])
  book.nodeGone('n1', 5, () => ['r'])
  book.closed('u', 6, [])
  expect([book.next(), [...book.here()]]).toEqual([0, []])
  expect(book.elsewhere('n2', online, false, 10, ['r'])).toBeUndefined()
  expect([book.next(), book.due(109)]).toEqual([110, []])
  expect(book.due(110)).toEqual([{ presence: { userId: 'u', status: 'offline', lastSeen: 1 }, rooms: ['r'] }])
  expect(book.elsewhere('n3', online, true, 200, [])?.presence.status).toBe('online')
})
