// The pure parts of the hub, with times passed in.
import { DedupeWindow } from '../../lib/server/hub/dedupe'
import { Deadlines } from '../../lib/server/hub/deadlines'
import { payloadText, openMessage, placed, writeMessage } from '../../lib/server/hub/envelope'
import { HubError, wireError } from '../../lib/server/hub/hub-error'
import { Counters, latencyBounds } from '../../lib/server/hub/metrics'
import { PresenceBook } from '../../lib/server/hub/presence'
import { readServerGauges, serverGauges } from '../../lib/native/server-gauges'
import { prometheusText } from '../../lib/server/hub/prometheus'
import { Random } from '../support/random'
import { toldBy } from '../../lib/server/hub/farewell'

describe('deadlines', () => {
  test('run in the order of their times, and not when cancelled; a random order does not matter', () => {
    const random = new Random()
    const deadlines = new Deadlines(() => 0)
    const ran: number[] = []
    const expected: number[] = []
    for (let i = 0; i < 500; i++) {
      const at = random.below(1000)
      const deadline = deadlines.add(at, () => ran.push(at))
      if (random.below(3) === 0) deadline.cancel()
      else expected.push(at)
    }
    expected.sort((a, b) => a - b)
    deadlines.due(499)
    expect(ran).toEqual(expected.filter((at) => at <= 499))
    deadlines.due(1000)
    expect(ran).toEqual(expected)
    deadlines.close()
  })

  test('one that adds another is no trouble', () => {
    const deadlines = new Deadlines(() => 0)
    const ran: string[] = []
    deadlines.add(1, () => {
      ran.push('first')
      deadlines.add(2, () => ran.push('second'))
      deadlines.add(9, () => ran.push('later'))
    })
    deadlines.due(5)
    expect(ran).toEqual(['first', 'second'])
    deadlines.close()
  })
})

test('the window of copies is bounded by number and by age', () => {
  const window = new DedupeWindow<string>(2, 100)
  window.add('a', 'w', 0).answer = 'done'
  expect(window.find('a', 100)?.answer).toBe('done')
  expect(window.find('a', 101)).toBeUndefined()
  window.add('b', 'w', 10)
  window.add('c', 'w', 20)
  expect([window.find('a', 20), window.find('b', 20)?.waiter, window.size]).toEqual([undefined, 'w', 2])
  window.add('d', 'w', 200)
  expect(window.size).toBe(1)
  window.add('d', 'x', 201)
  expect([window.size, window.find('d', 201)?.waiter]).toEqual([1, 'x'])
})

test('presence: opened, away, closed, due', () => {
  const book = new PresenceBook(30)
  expect(book.opened('a', 1)).toEqual({ presence: { userId: 'a', status: 'online', lastSeen: 1 }, rooms: [] })
  expect(book.opened('a', 2)).toBeUndefined()
  expect(book.set('a', 'online', undefined)).toBeUndefined()
  expect(book.set('a', 'away', 'lunch')?.presence).toEqual({
    userId: 'a',
    status: 'away',
    custom: 'lunch',
    lastSeen: 1,
  })
  book.closed('a', 10, ['r'])
  expect(book.next()).toBe(0)
  book.closed('a', 20, ['s'])
  expect([book.next(), book.due(49), book.get('a')?.status]).toEqual([50, [], 'away'])
  expect(book.set('a', 'online', undefined)).toBeUndefined()
  expect(book.due(50)).toEqual([{ presence: { userId: 'a', status: 'offline', lastSeen: 20 }, rooms: ['s'] }])
  expect([book.next(), book.due(100)]).toEqual([0, []])
  expect(book.opened('a', 60)?.presence).toEqual({ userId: 'a', status: 'online', lastSeen: 60 })
  // Back in time: nobody was told that it had gone.
  book.closed('a', 70, [])
  expect(book.opened('a', 80)).toBeUndefined()
  expect([book.next(), book.due(1000)]).toEqual([0, []])
  book.closed('nobody', 1, [])
})

test('presence forgets those that have been offline longest', () => {
  const book = new PresenceBook(0)
  for (let i = 0; i < 10_005; i++) {
    book.opened(`u${i}`, i)
    book.closed(`u${i}`, i, [])
    book.due(i)
  }
  expect([book.size, book.get('u4'), book.get('u5')?.status]).toEqual([10_000, undefined, 'offline'])
})

test('what is written is JSON with what was given', () => {
  const parts = {
    id: 'i-1',
    correlationId: 'c"',
    room: 'r\n',
    userId: 'ü',
    error: { code: 'X', message: 'y' },
    payload: payloadText('t', { a: [1] }) as string,
  }
  expect(JSON.parse(writeMessage('t"', parts, 7))).toEqual({
    ...parts,
    type: 't"',
    timestamp: 7,
    payload: { a: [1] },
  })
  expect(writeMessage('t', {}, 7)).toBe('{"type":"t","timestamp":7}')
  const open = openMessage('t', { payload: '[1]' }, 7)
  expect(placed(open, undefined)).toBe('{"type":"t","timestamp":7,"payload":[1]}')
  expect(JSON.parse(placed(open, 'r"'))).toEqual({ type: 't', timestamp: 7, payload: [1], room: 'r"' })
  expect(JSON.parse(placed(open, 'r', 'e', 5))).toMatchObject({ room: 'r', epoch: 'e', offset: 5 })
  expect(payloadText('t', undefined)).toBeUndefined()
})

test('peers are told of a HubError as it is, and of nothing else', () => {
  expect(wireError(new HubError('A', 'b', { retryAfter: 1, details: [2] }))).toEqual({
    code: 'A',
    message: 'b',
    retryAfter: 1,
    details: [2],
  })
  for (const thrown of [new Error('secret'), 'secret', undefined, { code: 'X', message: 'secret' }]) {
    expect(wireError(thrown)).toEqual({
      code: 'SERVER_ERROR',
      message: 'The message could not be handled',
    })
  }
})

test('metrics as text for Prometheus', () => {
  const counters = new Counters()
  counters.messagesIn = 3
  for (const took of [0.05, 0.1, 7, 99_999]) counters.took(took)
  counters.failed('PARSE_ERROR')
  counters.failed('a"b\\c\n')
  for (let i = 0; i < 100; i++) counters.failed(`own ${i}`)
  const metrics = counters.snapshot({
    connections: 2,
    authenticated: 1,
    rooms: 1,
    memberships: 2,
    largestRoom: 2,
    server: readServerGauges(Float64Array.from(serverGauges, (_, i) => 100 + i)),
    ...{ nodes: 1, missed: 0, uncarried: 0, logQueue: 0 },
  })
  expect(metrics.latency.counts.reduce((sum, each) => sum + each)).toBe(metrics.latency.count)
  expect(metrics.latency.counts).toHaveLength(latencyBounds.length + 1)
  const text = prometheusText(metrics)
  for (const line of [
    'hawser_hub_connections 2',
    'hawser_hub_messages_in_total 3',
    'hawser_hub_errors_total{code="PARSE_ERROR"} 1',
    'hawser_hub_errors_total{code="a\\"b\\\\c\\n"} 1',
    'hawser_hub_errors_total{code="other"} 38',
    'hawser_hub_handling_seconds_bucket{le="0.0001"} 2',
    'hawser_hub_handling_seconds_bucket{le="0.01"} 3',
    'hawser_hub_handling_seconds_bucket{le="+Inf"} 4',
    'hawser_hub_handling_seconds_count 4',
    'hawser_hub_kept_messages 100',
    'hawser_hub_refused_upgrades_total{reason="address"} 108',
    'hawser_hub_rate_limited_messages_total 109',
  ]) {
    expect(text.split('\n')).toContain(line)
  }
  // Everything that the I/O threads count is there, and each name is described once, before its samples.
  serverGauges.forEach((_, i) => expect(text).toMatch(new RegExp(` ${100 + i}$`, 'm')))
  const described = new Set<string>()
  for (const line of text.trimEnd().split('\n')) {
    const [, name] = /^# TYPE (\S+) (?:gauge|counter|histogram)$/.exec(line) ?? []
    if (name !== undefined) {
      expect([name, described.has(name)]).toEqual([name, false])
      described.add(name)
    } else if (!line.startsWith('#')) {
      const sample = line.split(/[{ ]/)[0].replace(/_(bucket|sum|count)$/, '')
      expect([line, described.has(sample)]).toEqual([line, true])
    }
  }
  // Each line is a comment or a sample.
  const sample = /^(#.*|[a-z_]+(\{[a-z]+="([^"\\]|\\.)*"\})? [0-9.e+-]+)$/
  expect(
    text
      .trimEnd()
      .split('\n')
      .filter((line) => !sample.test(line)),
  ).toEqual([])
})

describe('goodbyes', () => {
  test('are spread evenly: the first at once, the last before the time is over', () => {
    const told = [0, 1, 99, 100, 250, 899, 900, 1000, 5000].map((elapsed) => toldBy(elapsed, 1000, 10))
    expect(told).toEqual([1, 1, 1, 2, 3, 9, 10, 10, 10])
  })
  test('without a time all at once', () => {
    expect(toldBy(0, 0, 10_000)).toBe(10_000)
    expect(toldBy(0, 1000, 0)).toBe(0)
  })
})
