// The routes that JavaScript evaluates against those of the core: the same messages, the same subscriptions, the same
// calls. Intervals are a day long, so that only messages, bounds and the end of the feed move anything.
import type { RouteSpec } from '../../lib/client/engine'
import { nameAt } from '../../lib/client/portable/value-at'
import { RouteSet } from '../../lib/client/portable/route-set'
import { type SubscribeSpec, readSpec } from '../../lib/client/subscription-spec'
import { Random } from '../support/random'
import { within } from '../support/waiters'
import { useManaged } from './support/managed'

const scope = useManaged()
const day = 86_400_000

const scalars = ['a', 'b', '', '\ud800', 'é', 0, -0, 1, 1.5, -3, 1e300, true, false, null] as const
const pointers = [
  '/payload/s',
  '/payload/n',
  '/payload/a/0',
  '/payload/a/1/x',
  '/missing',
  '/type',
  '/a~1b',
  '/payload',
]

function oneIn(from: Random, n: number): boolean {
  return from.below(n) === 0
}

function value(from: Random, depth = 0): unknown {
  const roll = from.below(depth > 1 ? 8 : 11)
  if (roll < 8) return scalars[from.below(scalars.length)]
  if (roll === 8) return Array.from({ length: from.below(3) }, () => value(from, depth + 1))
  return Object.fromEntries(['s', 'n', 'x'].map((key) => [key, value(from, depth + 1)]))
}

function message(from: Random): Record<string, unknown> {
  const out: Record<string, unknown> = { type: ['t', 't.a', 't.a.b', 'u', 5][from.below(5)] }
  if (!oneIn(from, 8)) {
    out.payload = {
      s: scalars[from.below(scalars.length)],
      n: from.below(5),
      a: [value(from), { x: value(from) }],
    }
  }
  if (oneIn(from, 3)) out['a/b'] = value(from)
  return out
}

function spec(from: Random): SubscribeSpec {
  const pick = <T>(list: readonly T[]): T => list[from.below(list.length)]
  const out: SubscribeSpec = { type: pick(['t', 't.*', '*', 't.a', 'u', '5']) }
  const where: Record<string, never> = {}
  for (let n = from.below(3); n > 0; n--) {
    const wanted = oneIn(from, 2)
      ? Array.from({ length: 1 + from.below(6) }, () => pick(scalars))
      : { [pick(['gt', 'gte'])]: from.below(3) - 1, [pick(['lt', 'lte'])]: 1 + from.below(4) }
    where[pick(pointers)] = wanted as never
  }
  if (Object.keys(where).length > 0) out.where = where
  if (oneIn(from, 4)) out.sample = { every: day, mode: pick(['sample', 'throttle', 'debounce'] as const) }
  if (oneIn(from, 3)) out.conflate = { key: pick(pointers), every: day, maxKeys: 1 + from.below(6) }
  if (oneIn(from, 3)) out.batch = { max: 1 + from.below(9), every: day }
  if (oneIn(from, 5)) out.columns = { one: pick(pointers), two: pick(pointers) }
  return out
}

/** A call of a handler in words that compare. */
function told(route: number, what: unknown): string {
  return `${route} ${JSON.stringify(what, (_key, item: unknown) => {
    if (item instanceof Float64Array) return [...item].map(String)
    return Object.is(item, -0) ? '-0' : item
  })}`
}

test('the same feed makes the same calls', async () => {
  const from = new Random()
  const { seed } = from
  for (let round = 0; round < 6; round++) {
    const far = await scope.far({ hawser: false })
    const { client } = await scope.connected(far)
    const native: string[] = []
    const portable: string[] = []
    const specs: RouteSpec[] = []
    const given = Array.from({ length: 12 }, () => spec(from))
    // Equal subscriptions share a route: each is made once.
    const unique = [...new Map(given.map((one) => [JSON.stringify(readSpec(one)), one])).values()]
    unique.forEach((one, at) => {
      specs.push(readSpec(one))
      client.subscribe(one, (what: unknown) => native.push(told(at + 1, what)))
    })
    const set = new RouteSet({
      message: (routes, what) => routes.forEach((route) => portable.push(told(route, what))),
      batch: (route, what) => portable.push(told(route, what)),
    })
    specs.forEach((one, at) => set.add(at + 1, one))

    const done = new Promise((resolve) => client.on('end', resolve))
    const texts = Array.from({ length: 400 }, () => JSON.stringify(message(from)))
    for (const text of texts) far.socket.send(text)
    far.say({ type: 'end' })
    await within(done, 'the end of the feed')
    const before = client.getPerformanceMetrics()
    await client.close()
    for (const text of [...texts, '{"type":"end"}']) {
      const parsed = JSON.parse(text) as unknown
      set.take(nameAt(parsed, ['type'])!, parsed, text.length, 0)
    }
    const { conflated, sampledOut, notNumbers } = client.getPerformanceMetrics()
    set.flush(1)
    expect({ conflated, sampledOut, notNumbers }).toEqual(set.counters)
    expect(before.routed + before.unrouted).toBe(texts.length + 1)
    for (let route = 1; route <= specs.length; route++) {
      const of = (calls: string[]) => calls.filter((call) => call.startsWith(`${route} `))
      expect({ seed, round, spec: unique[route - 1], calls: of(portable) }).toEqual({
        seed,
        round,
        spec: unique[route - 1],
        calls: of(native),
      })
    }
  }
})
