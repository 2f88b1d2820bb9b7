// Routes evaluated in JavaScript, with the times passed in: patterns, conditions, and when stages let messages go.
import type { RouteSpec } from '../../lib/client/engine'
import type { ColumnBatch } from '../../lib/client/message-router'
import { matchesPattern } from '../../lib/client/portable/matcher'
import { nameAt, valueAt } from '../../lib/client/portable/value-at'
import type { ShaperLimits } from '../../lib/client/portable/route-shaper'
import { RouteSet } from '../../lib/client/portable/route-set'

/** What came out, each with the route's number. */
function rig(spec: Partial<RouteSpec>, limits?: ShaperLimits) {
  const out: unknown[] = []
  const set = new RouteSet(
    {
      message: (routes, message) => out.push([...routes, message]),
      batch: (route, messages) => out.push([route, messages]),
    },
    limits,
  )
  set.add(1, { pattern: 't', ...spec })
  const take = (now: number, message: unknown, bytes = 1): void => set.take('t', message, bytes, now)
  /** Takes what came out since. */
  const came = (now?: number): unknown[] => {
    if (now !== undefined) set.run(now)
    return out.splice(0)
  }
  return { set, take, came }
}

test.each([
  ['a.b', 'a.b', true],
  ['a.b', 'a.bc', false],
  ['a.*', 'a.b.c', true],
  ['a.*', 'a.', false],
  ['a.*', 'a', false],
  ['*', 'anything', true],
])('pattern %s and type %s: %s', (pattern, type, matches) => {
  expect(matchesPattern(pattern, type)).toBe(matches)
})

test('pointers name own members and elements, nothing else', () => {
  const root = JSON.parse('{"a":[1,{"b":2}],"__proto__":{"x":3},"":4}') as unknown
  expect(valueAt(root, ['a', '1', 'b'])).toBe(2)
  expect(valueAt(root, ['a', 'length'])).toBeUndefined()
  expect(valueAt(root, ['a', '00'])).toBeUndefined()
  expect(valueAt(root, ['__proto__', 'x'])).toBe(3)
  expect(valueAt(root, ['toString'])).toBeUndefined()
  expect(valueAt(root, [''])).toBe(4)
})

test('whole numbers of 15 digits are names', () => {
  const named = (value: unknown) => nameAt({ type: value }, ['type'])
  expect([named('x'), named(5), named(-5), named(999_999_999_999_999)]).toEqual([
    'x',
    '5',
    '-5',
    '999999999999999',
  ])
  expect([named(1e15), named(1.5), named(true), named(null), named({})]).toEqual([...Array<undefined>(5)])
})

test('routes are called in the order of their subscriptions, one that left and came back last', () => {
  const { set, take, came } = rig({})
  set.add(2, { pattern: '*' })
  set.add(3, { pattern: 't', where: [{ pointer: '/n', any: [1, null] }] })
  set.remove(1)
  set.add(1, { pattern: 't' })
  take(0, { n: 1 })
  take(0, { n: 2 })
  take(0, {})
  expect(came()).toEqual([
    [2, 3, 1, { n: 1 }],
    [2, 1, { n: 2 }],
    [2, 3, 1, {}],
  ])
  set.take('u', {}, 1, 0)
  set.remove(2)
  set.take('u', {}, 1, 0)
  expect([set.routed, set.unrouted]).toEqual([4, 1])
})

test('sample: the latest at the end of each interval, which follow each other from the first message on', () => {
  const { set, take, came } = rig({ sample: { mode: 'sample', every: 10 } })
  take(100, 'a')
  take(109, 'b')
  expect([came(109), set.deadline, came(110)]).toEqual([[], 110, [[1, 'b']]])
  take(125, 'c')
  expect([set.deadline, came(129), came(200)]).toEqual([130, [], [[1, 'c']]])
  expect(set.deadline).toBe(Infinity)
  expect(set.counters).toMatchObject({ sampledOut: 1 })
})

test('throttle and debounce', () => {
  const throttle = rig({ sample: { mode: 'throttle', every: 10 } })
  for (const now of [0, 5, 9, 10, 19, 25]) throttle.take(now, now)
  expect(throttle.came()).toEqual([0, 10, 25].map((n) => [1, n]))
  const debounce = rig({ sample: { mode: 'debounce', every: 10 } })
  for (const now of [0, 5, 14, 24]) debounce.take(now, now)
  expect([debounce.came(), debounce.set.deadline, debounce.came(34)]).toEqual([[[1, 14]], 34, [[1, 24]]])
})

test('conflate: the latest of each key at the end of its interval, in the order of the keys', () => {
  const { set, take, came } = rig({ conflate: { key: '/k', every: 10 } })
  take(0, { k: 'a', n: 1 })
  take(3, { k: 'b', n: 2 })
  take(9, { k: 'a', n: 3 })
  expect(came(10)).toEqual([[1, { k: 'a', n: 3 }]])
  take(11, { k: 'a', n: 4 })
  expect(came(13)).toEqual([[1, { k: 'b', n: 2 }]])
  set.flush(14)
  expect([came(), set.counters.conflated]).toEqual([[[1, { k: 'a', n: 4 }]], 1])
})

test('bounds on keys and on bytes send the oldest key early', () => {
  const keys = rig({ conflate: { key: '/k', every: 10, maxKeys: 2 } })
  for (const k of [1, 2, 3]) keys.take(0, { k })
  expect(keys.came()).toEqual([[1, { k: 1 }]])
  const bytes = rig({ conflate: { key: '/k', every: 10 } }, { conflateBytes: 100, batchBytes: 100 })
  bytes.take(0, { k: 1 }, 60)
  bytes.take(0, { k: 2 }, 60)
  expect(bytes.came()).toEqual([[1, { k: 1 }]])
})

test('a batch goes when it is full, when its time has come, or before one that would be too much', () => {
  const { take, came } = rig({ batch: { max: 3, every: 10 } }, { conflateBytes: 100, batchBytes: 100 })
  for (const n of [1, 2, 3, 4]) take(n, n)
  expect([came(), came(13), came(14)]).toEqual([[[1, [1, 2, 3]]], [], [[1, [4]]]])
  take(20, 'a', 50)
  take(21, 'b', 50)
  expect([came(), came(31)]).toEqual([[[1, ['a']]], [[1, ['b']]]])
  take(40, 'huge', 500)
  expect(came()).toEqual([[1, ['huge']]])
})

test('columns: numbers one behind the other, NaN where there is none', () => {
  const columns = [
    { name: 'p', pointer: '/p' },
    { name: 'q', pointer: '/q/0' },
  ]
  const { set, take, came } = rig({ columns, batch: { max: 2, every: 10 } })
  take(0, { p: 1, q: [10] })
  take(0, { p: '2', q: [20] })
  const [[route, batch]] = came() as [[number, ColumnBatch<'p' | 'q'>]]
  expect([route, batch.rows, batch.missing]).toEqual([1, 2, 1])
  expect([[...batch.p], [...batch.q], Object.keys(batch)]).toEqual([
    [1, NaN],
    [10, 20],
    ['p', 'q'],
  ])
  expect(set.counters.notNumbers).toBe(1)
})

test('what is due goes before a message of the same time is taken, stages in order', () => {
  const { take, came } = rig({
    sample: { mode: 'sample', every: 5 },
    conflate: { key: '/k', every: 10 },
    batch: { max: 10, every: 20 },
  })
  take(0, { k: 1, n: 1 }) // sampled until 5, conflated until 15, in the batch until 35
  take(5, { k: 1, n: 2 }) // sampled until 10, takes the place of the first
  expect([came(34), came(35)]).toEqual([[], [[1, [{ k: 1, n: 2 }]]]])
})
