// The parts of the demo with the page that decide something: the log of the rooms, what is checked, what is shown.
import { Book } from '../../examples/demo/book.mjs'
import { Continuity } from '../../examples/demo/live/continuity.mjs'
import { Keeper } from '../../examples/demo/live/keeper.mjs'
import { type LiveState, liveLine, liveScreen } from '../../examples/demo/live/screen.mjs'
import { type LiveOutcome, liveSummary, liveTroubles } from '../../examples/demo/live/summary.mjs'
import { nameIn } from '../../examples/demo/live/visitors.mjs'
import { plain, width } from '../../examples/demo/paint.mjs'

describe('the log', () => {
  const bounds = { count: 3, bytes: 1000 }

  test('counts up, and keeps the latest', () => {
    const keeper = new Keeper()
    expect(keeper.append('r', ['a', 'b'], bounds).map(({ offset }) => offset)).toEqual([1, 2])
    keeper.append('r', ['c', 'd'], bounds)
    const all = keeper.read('r', null, 10)
    expect(all.entries.map(({ text }) => text)).toEqual(['b', 'c', 'd'])
    expect(all).toMatchObject({ offset: 4, anew: false })
    expect(keeper.read('r', null, 1).entries.map(({ text }) => text)).toEqual(['d'])
    expect(keeper.read('r', { epoch: all.epoch, offset: 2 }, 1).entries.map(({ text }) => text)).toEqual([
      'c',
    ])
    expect(keeper.read('other', null, 10)).toMatchObject({ offset: 0, entries: [] })
  })

  test('is bounded in bytes too', () => {
    const keeper = new Keeper()
    keeper.append('r', ['x'.repeat(600), 'y'.repeat(600)], bounds)
    expect(keeper.read('r', null, 10).entries.map(({ offset }) => offset)).toEqual([2])
  })

  test('a place of another log is anew, a renewal is another epoch', () => {
    const keeper = new Keeper()
    const [{ epoch }] = keeper.append('r', ['a'], bounds)
    expect(keeper.read('r', { epoch: 'another-0', offset: 7 }, 10)).toMatchObject({ anew: true })
    keeper.renew('r', 'not this one')
    expect(keeper.read('r', null, 10).epoch).toBe(epoch)
    keeper.renew('r', epoch)
    const [next] = keeper.append('r', ['b'], bounds)
    expect(next.epoch).not.toBe(epoch)
    expect(next.offset).toBe(2)
    expect(keeper.read('r', { epoch, offset: 1 }, 10)).toMatchObject({ anew: false, entries: [next] })
  })
})

test('what is missing or comes again is counted, for each room', () => {
  const seen = new Continuity()
  const take = (room: string, offset: number, epoch = 'e'): boolean => seen.take({ room, epoch, offset })
  expect([take('a', 5), take('b', 1), take('a', 6), take('a', 6), take('a', 9), take('b', 2)]).toEqual([
    ...[true, true, true, false, true, true],
  ])
  expect(seen).toMatchObject({ taken: 5, missed: 2, repeated: 1 })
  // Another epoch begins anew; what says no place is of no interest.
  expect([take('a', 3, 'f'), seen.take({ room: 'a' })]).toEqual([true, true])
  expect(seen).toMatchObject({ taken: 6, missed: 2, repeated: 1 })
  expect(seen.place('a')).toEqual({ epoch: 'f', offset: 3 })
})

test('what came out of turn or again is counted once', () => {
  const book = new Book()
  for (const number of [1, 3, 2, 2, 5, 1]) book.enter(number)
  expect(book).toMatchObject({ entered: 4, repeated: 2 })
})

test.each([
  ['/live?name=Amber%20Falcon%2042', 'Amber Falcon 42'],
  ['/live?name=The+demo+itself', 'The demo itself'],
  ['/live?name=%3Cb%3E', ''],
  ['/live?name=Amber%20Falcon%204200', ''],
  ['/live', ''],
])('the name in %s is %j', (url, name) => {
  expect(nameIn(url)).toBe(name)
})

const stream = { rate: 2_634_012, mean: 2_000_000, total: 12_345_678, bytes: 233e6, history: [1, 2, 3] }
const state = (more: Partial<LiveState> = {}): LiveState => ({
  elapsed: 12.3,
  seconds: 0,
  url: 'http://127.0.0.1:4780/',
  ending: false,
  in: stream,
  js: { ...stream, rate: 5_321, bytes: 0 },
  out: { ...stream, rate: 5_367 },
  service: {
    ...{ pid: 4711, restarts: 2, crashes: 0, feed: true, people: 2 },
    ...{
      busy: 0.42,
      cpu: 1.31,
      lag: { p50: 0.2, p99: 3.4, max: 12.3 },
      rss: 120e6,
      heap: 30e6,
      heartbeats: 99,
    },
  },
  watcher: {
    ...{ taken: 1234, missed: 0, reconnects: 2 },
    ...{ sent: 600, acked: 599, repeated: 1 },
  },
  ...more,
})
const wide = { columns: 120, rows: 40, colours: false, unicode: true }

describe('the screen', () => {
  test('has the address at its top, and all figures', () => {
    const lines = liveScreen(state(), wide)
    expect(lines.slice(0, 2).join('\n')).toContain('http://127.0.0.1:4780/')
    for (const text of [
      ...['2,634,012', '5,321', '5,367', '42 % busy', 'p99 3.4 ms', 'process 4711, 2 restarts', 'cpu 131 %'],
      ...['2 visitors', '99 heartbeats answered', '1,234 kept messages read, 0 missed, 2 reconnects'],
      ...['599 of 600 acknowledged, 1 sent again', 'Ctrl-C ends it'],
    ])
      expect(lines.join('\n')).toContain(text)
  })

  test.each([20, 60, 200])('keeps to %d columns', (columns) => {
    const lines = liveScreen(state(), { ...wide, columns, rows: 10, colours: true })
    expect(lines.length).toBe(10)
    for (const each of lines) expect(width(each)).toBeLessThanOrEqual(columns)
    expect(plain(lines.join(''))).toContain('hawser')
  })

  test('says when it ends by itself', () => {
    expect(liveScreen(state({ left: 41.2 }), wide).join('\n')).toContain('ends in 42 s')
    expect(liveScreen(state({ ending: true }), wide).join('\n')).toContain('The demo ends')
  })

  test('a line where there is no screen', () => {
    expect(liveLine(state())).toMatch(/^ 12\.3s {2}in 2,634,012\/s 233\.0 MB\/s {2}to JS 5,321\/s .*missed 0/)
  })
})

const outcome = (more: Partial<LiveOutcome> = {}): LiveOutcome => ({
  elapsed: 10,
  totals: { in: 26e6, inBytes: 2.3e9, js: 53_000, out: 53_400, outBytes: 9e6 },
  service: { busy: 0.2, cpu: 1.1, worst: 5001, peak: 130e6 },
  restarts: 2,
  crashes: 0,
  watcher: { taken: 40, missed: 0, broken: 0, reconnects: 2 },
  ledger: { sent: 500, acked: 500, booked: 500, repeated: 3 },
  trouble: '',
  ...more,
})

describe('the summary', () => {
  test('of a run in which all is well', () => {
    const text = liveSummary(outcome(), { colours: false }).join('\n')
    expect(liveTroubles(outcome())).toEqual([])
    for (const part of [
      ...[
        'hawser demo, 00:10',
        '26,000,000 messages, 2,600,000/s, 230.0 MB/s',
        '500 sent, 500 acknowledged, 0 lost',
      ],
      ...['lag at most 5001 ms', '2 of the service, 2 reconnects', 'Checked by a watcher: nothing missed'],
    ])
      expect(text).toContain(part)
  })

  test.each([
    [{ trouble: 'The feeder ended: it broke.' }, 'The feeder ended: it broke.'],
    [{ crashes: 1 }, 'The service ended one time without being asked to.'],
    [
      { watcher: { taken: 40, missed: 2, broken: 0, reconnects: 2 } },
      'Missed in rooms that keep their messages: 2.',
    ],
    [
      { watcher: { taken: 40, missed: 0, broken: 1, reconnects: 2 } },
      'Positions that could not be resumed: 1.',
    ],
    [{ ledger: { sent: 500, acked: 499, booked: 498, repeated: 0 } }, 'Lost in ack mode: 2 messages.'],
    [{ totals: { ...outcome().totals, in: 0 } }, 'Nothing came from the feed.'],
  ])('says what is wrong: %j', (more, words) => {
    expect(liveTroubles(outcome(more))).toEqual([words])
    expect(liveSummary(outcome(more), { colours: false }).join('\n')).toContain(words)
  })
})
