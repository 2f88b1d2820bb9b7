// The waiting room: the line of the server, and what the widgets make of it.
import { MockWebSocketClient, schedulerClock } from 'hawser/testing'
import { map } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { about, placeOf, pointsOf, waitOf } from '../../examples/web/queue/model'
import { WaitingRoom } from '../../examples/web/queue/streams'
import { until } from '../support/waiters'
import { Line } from '../../examples/web/server/line.mjs'
import type { Board } from '../../examples/web/protocol/queue'

describe('the line', () => {
  test('tickets count up, a name has one, and who leaves frees no number', () => {
    const line = new Line()
    expect(line.take('Ada', 1)).toEqual({ number: 1, name: 'Ada', since: 1 })
    expect(line.take('Ben', 2)?.number).toBe(2)
    expect(line.take('Ada', 3)).toEqual({ number: 1, name: 'Ada', since: 1 })
    expect(line.leave('Ada')?.number).toBe(1)
    expect(line.leave('Ada')).toBeUndefined()
    expect(line.take('Ada', 4)?.number).toBe(3)
    expect(line.board.waiting.map(({ name }) => name)).toEqual(['Ben', 'Ada'])
  })

  test('a desk has one at a time; the pace is that of the latest at desks', () => {
    const line = new Line(2)
    for (const name of ['Ada', 'Ben', 'Cleo']) line.take(name, 0)
    expect(line.call(1, 1000)?.name).toBe('Ada')
    expect(line.call(1, 1000)).toBeUndefined()
    expect(line.call(7, 1000)).toBeUndefined()
    expect(line.take('Ada', 1500)?.number).toBe(1) // at the desk still
    expect(line.finish(2, 2000)).toBeUndefined()
    expect(line.finish(1, 5000)?.name).toBe('Ada')
    expect(line.board).toMatchObject({ served: 1, pace: 4000 })
    expect(line.call(2, 5000)?.name).toBe('Ben')
    expect(line.call(1, 5000)?.name).toBe('Cleo')
    expect(line.finish(2, 5000)?.name).toBe('Ben')
    expect(line.call(2, 6000)).toBeUndefined()
    expect(line.board).toMatchObject({ served: 2, pace: 2000, waiting: [] })
  })

  test('it has a bound', () => {
    const line = new Line()
    for (let i = 0; i < 200; i++) expect(line.take(`guest ${i}`, 0)).toBeDefined()
    expect(line.take('one more', 0)).toBeUndefined()
  })
})

const board = (waiting: string[], serving: (string | null)[], pace = 10_000): Board => ({
  waiting: waiting.map((name, i) => ({ number: 10 + i, name, since: 0 })),
  desks: serving.map((name, i) => ({
    desk: i + 1,
    serving: name === null ? null : { number: i + 1, name, since: 0 },
    called: name === null ? null : 0,
  })),
  served: 0,
  pace,
})

test('a place is out, in line, or at a desk', () => {
  expect(placeOf(board([], [null]), 'Ada')).toEqual({ state: 'out' })
  expect(placeOf(board(['Ben', 'Ada'], ['Cleo', 'Dan']), 'Ada')).toMatchObject({
    state: 'waiting',
    number: 11,
    ahead: 1,
  })
  expect(placeOf(board(['Ben'], ['Cleo', 'Ada']), 'Ada')).toEqual({ state: 'called', number: 2, desk: 2 })
})

test('the wait is that of whole rounds of the desks', () => {
  expect(waitOf(0, board([], [null, 'Ben']))).toBe(0)
  expect(waitOf(1, board([], [null, 'Ben']))).toBe(10_000)
  expect(waitOf(4, board([], ['Ada', 'Ben']))).toBe(30_000)
  expect(waitOf(0, board([], ['Ada'], 0))).toBe(60_000)
  expect([0, 20_000, 50_000, 400_000].map(about)).toEqual([
    'any moment',
    'about 15 s',
    'about 45 s',
    'about 7 min',
  ])
})

test('the chart ends at the right, whatever there is', () => {
  expect(pointsOf([], 3, 100, 10)).toBe('')
  expect(pointsOf([4], 3, 100, 10)).toBe('100.0,0.0')
  expect(pointsOf([0, 2, 8], 3, 100, 10)).toBe('0.0,10.0 50.0,7.5 100.0,0.0')
})

describe('streams', () => {
  test('widgets share one client and one subscription a kind, and leave nothing', async () => {
    const mocks: MockWebSocketClient[] = []
    const make = () => {
      const mock = new MockWebSocketClient()
      mocks.push(mock)
      return mock.asClient()
    }
    const room = new WaitingRoom(make as never, 'Ada')
    const places: string[] = []
    const lengths: number[] = []
    const happened: string[][] = []
    const ends = [
      room.place$.subscribe((place) => places.push(place.state)),
      room.board$.subscribe(({ waiting }) => lengths.push(waiting.length)),
      room.happenings$(2).subscribe((list) => happened.push(list.map(({ name }) => name))),
    ]
    expect(mocks).toHaveLength(1)
    const [mock] = mocks as [MockWebSocketClient]
    mock.simulateMessage('queue.board', board(['Ada'], [null]))
    mock.simulateMessage('queue.board', board(['Ada'], [null])) // nothing new
    mock.simulateMessage('queue.board', board([], ['Ada']))
    for (const name of ['Ada', 'Ben', 'Cleo'])
      mock.simulateMessage('queue.event', { what: 'took', name, number: 1, at: 0 })
    expect(places).toEqual(['waiting', 'called'])
    expect(lengths).toEqual([1, 1, 0])
    expect(happened.at(-1)).toEqual(['Cleo', 'Ben'])
    const late: string[] = []
    ends.push(room.place$.subscribe((place) => late.push(place.state)))
    expect(late).toEqual(['called'])
    expect(mocks).toHaveLength(1)
    for (const end of ends) end.unsubscribe()
    await until(() => room.client === undefined)
    expect(mock.state).toBe('disconnected')
  })

  test('the chart has a value a second', () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
    scheduler.run(({ cold, expectObservable }) => {
      const mock = new MockWebSocketClient({ clock: schedulerClock(scheduler) })
      const room = new WaitingRoom((() => mock.asClient()) as never, 'Ada')
      const names = (length: number) => Array.from({ length }, (_, i) => String(i))
      cold('-a 1499ms b', { a: 1, b: 3 }).subscribe((length) =>
        mock.simulateMessage('queue.board', board(names(length), [null])),
      )
      // A change shows at once, in the place of this second's value.
      const lengths = room.lengths$.pipe(map((list) => list.join()))
      expectObservable(lengths, '2100ms !').toBe('-a 999ms b 499ms c', { a: '1', b: '1,1', c: '1,3' })
    })
  })
})
