// What the page of the demo makes of what it hears: rates, the table of flights, the journal, round trips.
import { Departures } from '../../examples/web/dashboard/departures'
import { duration, percent, short, tick, tickTime } from '../../examples/web/dashboard/format'
import { History } from '../../examples/web/dashboard/history'
import { Journal } from '../../examples/web/dashboard/journal'
import { Trips } from '../../examples/web/dashboard/trips'
import type { Sample } from '../../examples/web/protocol/dashboard'

const sample = (at: number, messages: number, life = 1, lag = 1): Sample => ({
  ...{ id: `${life}.${at}`, at, life, pid: 1, js: messages / 100, busy: 0.5, cpu: 1 },
  feed: { connected: true, messages, bytes: messages * 80 },
  hub: { people: 1, messages: 0, bytes: 0, heartbeats: 0 },
  lag: { p50: 0, p99: lag, max: lag },
  memory: { rss: 1, heap: 1 },
})

describe('history', () => {
  test('rates are over the last second of one life', () => {
    const history = new History()
    for (let i = 0; i <= 8; i++) history.add(sample(1000 + i * 250, i * 500), 7)
    expect(history.latest('feed')).toBe(2000)
    expect(history.latest('bytes')).toBe(160_000)
    expect(history.latest('js')).toBe(20)
    expect(history.latest('page')).toBe(7)
    // Counters of another life begin anew: nothing is known until there are two.
    history.add(sample(3250, 10, 2), null)
    expect(history.points.at(-1)).toMatchObject({ feed: null, page: null, lag: 1 })
    history.add(sample(3500, 510, 2), null)
    expect(history.latest('feed')).toBe(2000)
  })

  test('a line breaks where nothing is known; what comes late or twice is left out', () => {
    const history = new History()
    for (const at of [1000, 1250, 1250, 1100, 6300]) history.add(sample(at, at), null)
    expect(history.points.map(({ at, lag }) => [at, lag])).toEqual([
      [1000, 1],
      [1250, 1],
      [1251, null],
      [6300, 1],
    ])
  })

  test('is bounded', () => {
    const history = new History()
    for (let i = 0; i < 1000; i++) history.add(sample(i * 250, i), null)
    expect(history.points.length).toBe(300)
  })
})

describe('departures', () => {
  test('the busiest come first, each with its latest flight', () => {
    const board = new Departures()
    const fly = (origin: string, times: number, delay: number): void => {
      for (let i = 0; i < times; i++) board.add({ origin, destination: 'JFK', delay: delay + i })
    }
    fly('AAA', 2, 10)
    fly('BBB', 5, 20)
    expect(board.top(5, 1000)).toEqual([
      { origin: 'BBB', destination: 'JFK', delay: 24, rate: 0 },
      { origin: 'AAA', destination: 'JFK', delay: 11, rate: 0 },
    ])
    fly('AAA', 10, 50)
    // Within the second the order stays.
    expect(board.top(1, 1500)).toEqual([{ origin: 'BBB', destination: 'JFK', delay: 24, rate: 0 }])
    expect(board.top(1, 2000)).toEqual([{ origin: 'AAA', destination: 'JFK', delay: 59, rate: 10 }])
  })

  test('are bounded', () => {
    const board = new Departures()
    for (let i = 0; i < 1000; i++) board.add({ origin: `A${i}`, destination: 'JFK', delay: 1 })
    expect(board.top(1000, 1).length).toBe(500)
  })
})

describe('journal', () => {
  test('says who did what, each incident once, the latest first', () => {
    const journal = new Journal()
    journal.incident({ id: '1', at: 1, kind: 'cut', by: 'Ann', ms: 4000 }, 'Bob')
    const blocked = { kind: 'blocked', by: 'Bob', ms: 5001, messages: 12_345, heartbeats: 1 } as const
    for (let i = 0; i < 2; i++) journal.incident({ id: '2', at: 2, ...blocked }, 'Bob')
    journal.incident({ id: '3', at: 3, kind: 'restarted', by: '', ms: 700, life: 2 }, 'Bob')
    expect(journal.entries.map(({ text }) => text)).toEqual([
      'The demo killed the server. Process number 2 listened after 700 ms.',
      'You blocked the event loop for 5.00 s. Meanwhile the I/O thread took in 12,345 messages and answered 1 heartbeat.',
      'Ann cut a connection. The server refuses it for 4.00 s.',
    ])
  })

  test('is bounded', () => {
    const journal = new Journal()
    for (let i = 0; i < 100; i++) journal.add('plain', String(i), i)
    expect(journal.entries.length).toBe(40)
    expect(journal.entries[0]?.text).toBe('99')
  })
})

test('round trips are those that the counters tell of', () => {
  const trips = new Trips()
  trips.look(0, 0, 1000)
  trips.look(1, 5, 1250)
  trips.look(1, 5, 1500)
  trips.look(3, 9, 1750)
  trips.look(4, 2, 9000)
  expect(trips.list).toEqual([
    { at: 1250, ms: 5 },
    { at: 1750, ms: 9 },
    { at: 1751, ms: null },
    { at: 9000, ms: 2 },
  ])
  expect(trips).toMatchObject({ total: 4, latest: 2 })
  expect(trips.since(1500)).toEqual({ count: 2, slowest: 9 })
  for (let i = 5; i < 1000; i++) trips.look(i, 1, 9000 + i)
  expect(trips.list.length).toBe(300)
})

test('numbers are short', () => {
  expect([0, 44, 999.4, 999.6, 5321, 99_960, 999_400, 999_600, 2_634_012].map(short)).toEqual([
    ...['0', '44', '999', '1.00 k', '5.32 k', '100 k', '999 k', '1.00 M', '2.63 M'],
  ])
  expect([0, 500, 2000, 2500, 10_000, 1_250_000].map(tick)).toEqual([
    '0',
    '500',
    '2 k',
    '2.5 k',
    '10 k',
    '1.25 M',
  ])
  expect([0.1, 100, 10_000].map(tickTime)).toEqual(['0.1 ms', '100 ms', '10 s'])
  expect([0.42, 1.5, 12.3, 5003, 12_000].map(duration)).toEqual([
    '0.42 ms',
    '1.5 ms',
    '12 ms',
    '5.00 s',
    '12 s',
  ])
  expect([0, 0.002, 0.0567, 0.42].map(percent)).toEqual(['0.00 %', '0.20 %', '5.7 %', '42 %'])
})
