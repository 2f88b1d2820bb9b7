// The send queue of the portable engine, with the times passed in: order, bounds, expiry, acks and their retries; and
// against a model, at random.
import type { EngineSend } from '../../lib/client/engine'
import { plain } from '../../lib/client/outgoing'
import { Latencies } from '../../lib/client/portable/latency'
import { Requests } from '../../lib/client/portable/requests'
import { type DropReason, type QueueSettings, SendQueue } from '../../lib/client/portable/send-queue'
import { SendShaper } from '../../lib/client/portable/send-shaping'
import { sizeOf } from '../../lib/client/portable/size'
import { Random } from '../support/random'

const settings: QueueSettings = {
  maxMessages: 100,
  maxBytes: 10_000,
  overflow: 0,
  ackTimeout: 100,
  retries: 2,
  ttl: 0,
}
let ids = 0
function message(data: string, more: Partial<EngineSend> = {}): EngineSend {
  const own = more.acked === true || more.durable === true ? { id: `id${++ids}` } : {}
  return { ...plain, joinable: true, data, ...own, ...more }
}
function rig(more: Partial<QueueSettings> = {}) {
  const done: unknown[] = []
  const dropped: [unknown, DropReason][] = []
  const queue = new SendQueue(
    { ...settings, ...more },
    {
      done: ({ what }) => done.push(what.data),
      dropped: ({ what }, why) => dropped.push([what.data, why]),
    },
  )
  const push = (data: string, how: Partial<EngineSend> = {}, now = 0, connected = false) => {
    const what = message(data, how)
    return { what, result: queue.push(what, data.length, now, connected) }
  }
  /** What goes out now. */
  const out = (now = 0): unknown[] => {
    const all: unknown[] = []
    for (let one = queue.next(now); one !== undefined; one = queue.next(now)) all.push(one.what.data)
    return all
  }
  return { queue, push, out, done, dropped }
}

test('high before normal before low, in order within; what the link lost goes first again', () => {
  const { queue, push, out, done } = rig()
  push('l', { priority: 2 })
  push('n1')
  push('h', { priority: 0 })
  push('n2', { acked: true })
  expect(out()).toEqual(['h', 'n1', 'n2', 'l'])
  queue.flushed(2, 1)
  expect(done).toEqual(['h', 'n1'])
  queue.linkLost()
  push('n3')
  expect(out()).toEqual(['n2', 'n3', 'l'])
})

test.each([
  [0, ['b', 'c', 'new'], ['a']],
  [1, ['a', 'b', 'c'], []],
  [2, ['a', 'b', 'new'], ['c']],
  [3, ['a', 'b', 'c'], []],
])('overflow policy %i', (overflow, left, gone) => {
  const { push, out, dropped } = rig({ maxMessages: 3, overflow })
  push('a')
  push('b')
  push('c', { priority: 2 })
  const { result } = push('new')
  expect(result).toBe(['accepted', 'dropped', 'accepted', 'rejected'][overflow])
  expect(dropped.map(([data]) => data)).toEqual(gone)
  expect(out().sort()).toEqual([...left].sort())
})

test('acked messages are never evicted; bytes are bounded too', () => {
  const { queue, push } = rig({ maxMessages: 2 })
  push('a', { acked: true })
  push('b', { acked: true })
  expect(push('c').result).toBe('rejected')
  expect(push('c', { acked: true }).result).toBe('rejected')
  expect(push('x'.repeat(10_001), {}, 0, true).result).toBe('rejected')
  expect(queue.size).toBe(2)
})

test('what waits longer than it may is dropped, on the timer and on the way out', () => {
  const { queue, push, out, dropped } = rig({ ttl: 50 })
  push('a')
  expect(queue.deadline).toBe(64)
  queue.onTimer(64)
  push('b', {}, 64)
  expect(out(200)).toEqual([])
  expect(dropped).toEqual([
    ['a', 'expired'],
    ['b', 'expired'],
  ])
  expect(queue.counters.expired).toBe(2)
})

test('without an ack it is sent again, with what came behind it, in order; then given up', () => {
  const { queue, push, out, dropped } = rig()
  push('a', { acked: true })
  push('b', { acked: true })
  for (let round = 0; round < 3; round++) {
    const now = round * 100
    expect(out(now)).toEqual(['a', 'b'])
    queue.flushed(2, now)
    expect(queue.deadline).toBe(now + 100)
    queue.onTimer(now + 100)
  }
  expect(dropped).toEqual([
    ['a', 'failed'],
    ['b', 'failed'],
  ])
  expect(queue.counters.retried).toBe(4)
})

test('an ack is good at any time: waiting, in flight, and behind', () => {
  const { queue, push, out, done } = rig()
  const { what } = push('a', { acked: true })
  const { what: other } = push('b', { acked: true })
  out()
  expect(queue.acknowledged(what.id)).toBe(true)
  expect(queue.acknowledged(what.id)).toBe(false)
  queue.flushed(2, 0)
  queue.linkLost()
  expect(queue.acknowledged(other.id)).toBe(true)
  expect(done).toEqual(['a', 'b'])
  expect([queue.size, queue.bytes, queue.waiting]).toEqual([0, 0, 0])
})

test('restored ones go before all others of their priority', () => {
  const { queue, push, out } = rig()
  push('new')
  queue.restore(message('old 7', { durable: true }), 1, 0, Infinity, 7)
  queue.restore(message('old 9', { durable: true }), 1, 0, Infinity, 9)
  queue.restore(message('old 8', { durable: true }), 1, 0, Infinity, 8)
  expect(out()).toEqual(['old 7', 'old 8', 'old 9', 'new'])
})

test('at random: nothing is lost, doubled or out of order, and the figures add up', () => {
  const random = new Random()
  const { queue, push, done, dropped } = rig({
    maxMessages: 20,
    maxBytes: 400,
    ackTimeout: 50,
    retries: 1_000,
  })
  let now = 0
  let accepted = 0
  const order = new Map<string, number>()
  const flight: string[] = []
  const acks = new Set<string>()
  const names = new Map<string, string>()
  const ranks = ['high', 'normal', 'low']
  let [early, over] = [0, 0]
  for (let step = 0; step < 10_000; step++) {
    now += random.below(5)
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2: {
        const acked = random.below(3) === 0
        const data = `${step}`.padEnd(1 + random.below(40), '.')
        const { what, result } = push(data, { acked, priority: random.below(3) }, now, random.below(2) === 0)
        if (result === 'accepted') {
          accepted++
          order.set(data, accepted)
          if (acked) names.set(data, what.id)
        }
        break
      }
      case 3: {
        const next = queue.next(now)
        if (next === undefined) break
        const data = next.what.data as string
        flight.push(data)
        if (next.what.acked) acks.add(data)
        // Nothing that waits should have gone before it.
        const waiting = queue.snapshot(now, 1_000).slice(queue.inFlight)
        early += waiting.filter(({ priority }) => ranks.indexOf(priority) < next.what.priority).length
        break
      }
      case 4: {
        const count = random.below(3)
        queue.flushed(count, now)
        flight.splice(0, count)
        break
      }
      case 5: {
        const [first] = acks
        if (first === undefined) break
        acks.delete(first)
        queue.acknowledged(names.get(first) as string)
        break
      }
      case 6:
        if (random.below(20) !== 0) break
        queue.linkLost()
        flight.length = 0
        break
      case 7:
        queue.onTimer(now)
        break
    }
    if (queue.bytes > 400 || queue.size < 0) over++
  }
  expect([early, over]).toEqual([0, 0])
  expect(queue.size).toBe(accepted - done.length - dropped.length)
  expect(new Set(done).size).toBe(done.length)
  expect(done.filter((data) => dropped.some(([other]) => other === data))).toEqual([])
})

test('throttle: the first at once, then the latest; debounce: the latest when none came', () => {
  const out: unknown[] = []
  const shaper = new SendShaper(({ data }) => out.push(data))
  const offer = (data: string, mode: 'throttle' | 'debounce', now: number, key = 'k'): boolean =>
    shaper.offer(message(data, { shape: { mode, every: 50, key } }), now)
  expect(offer('a', 'throttle', 0)).toBe(false)
  expect([offer('b', 'throttle', 1), offer('c', 'throttle', 2), shaper.deadline]).toEqual([true, true, 50])
  offer('d', 'debounce', 10)
  offer('e', 'debounce', 40)
  shaper.run(50)
  expect(out).toEqual(['c'])
  shaper.run(90)
  expect(out).toEqual(['c', 'e'])
  expect([shaper.replaced, shaper.held]).toEqual([2, 0])
  for (let i = 0; i < 5_000; i++) offer('x', 'debounce', 100 + i, `k${i}`)
  expect([shaper.held, out.length]).toEqual([4_096, 2 + 904])
})

test('requests: by id, by token, with the link, in time', () => {
  const requests = new Requests(3)
  expect(requests.take('nothing')).toBeUndefined()
  requests.add('a', 1, 100)
  requests.add('b', 2, 50)
  requests.add('c', 3, 200)
  expect([requests.add('d', 4, 1), requests.deadline]).toEqual([false, 64])
  expect(requests.expire(64)).toEqual([2])
  expect([requests.take('b'), requests.take('a'), requests.counters.late]).toEqual([undefined, 1, 1])
  expect([requests.markSent(3), requests.markSent(9)]).toEqual([true, false])
  requests.add('e', 5, 500)
  expect(requests.linkLost()).toEqual([3])
  expect(requests.clear()).toEqual([5])
})

test('sizes are those of UTF-8; percentiles are those of the native histogram', () => {
  for (const text of ['', 'abc', 'é', '€', '🚢', 'a🚢b', '\ud800', 'x\udc00', '\ud800\ud800\udc00']) {
    expect(sizeOf(text)).toBe(Buffer.byteLength(text))
  }
  const all = new Latencies()
  for (let i = 1; i <= 1_000; i++) all.record(i / 10)
  expect(all.percentile(50) / 50).toBeCloseTo(1, 1)
  expect(all.percentile(99) / 99).toBeCloseTo(1, 1)
  expect([all.count, all.min, all.max, all.last]).toEqual([1_000, 0.1, 100, 100])
})
