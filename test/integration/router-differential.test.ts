// The native router against a plain reading with JSON.parse, over generated and mutated texts: both must agree on what is
// JSON, on types, conditions and columns, for every text.
import type { Where } from '../../lib'
import { Random } from '../support/random'
import { within } from '../support/waiters'
import { type Json, generated, mutated } from './support/json-texts'
import { useManaged } from './support/managed'

const scope = useManaged()
const TEXTS = 12_000

const conditions: Where[] = [
  { '/payload/a': 1 },
  { '/payload/a': ['x', 1, null, true, 'é', '\ud800'] },
  { '/payload/a': { gt: -1, lte: 1e21 } },
  { '/payload/a': { gte: 1.7976931348623157e308 } },
  { '/payload/b~1c/d~0e': null },
  { '/payload/kéy': 'x', '/payload/a': { lt: 100 } },
  { '/payload/list/0': [0, ''] },
  { '/payload/list/01': null },
  { '/payload/__proto__': 1 },
  { '/list/1/a': [true, false] },
]
const columns = { a: '/payload/a', first: '/payload/list/0', whole: '/a' }

function at(value: Json, pointer: string): Json | undefined {
  let here: Json | undefined = value
  for (const raw of pointer.split('/').slice(1)) {
    const key = raw.replace(/~1/g, '/').replace(/~0/g, '~')
    if (Array.isArray(here)) here = /^(0|[1-9]\d*)$/.test(key) ? here[Number(key)] : undefined
    else if (typeof here === 'object' && here !== null && Object.hasOwn(here, key)) here = here[key]
    else return undefined
  }
  return here
}

function holds(value: Json, where: Where): boolean {
  return Object.entries(where).every(([pointer, wanted]) => {
    const found = at(value, pointer)
    if (typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted)) {
      const range = wanted as { gt?: number; gte?: number; lt?: number; lte?: number }
      if (typeof found !== 'number') return false
      return (
        !(range.gt !== undefined && !(found > range.gt)) &&
        !(range.gte !== undefined && !(found >= range.gte)) &&
        !(range.lt !== undefined && !(found < range.lt)) &&
        !(range.lte !== undefined && !(found <= range.lte))
      )
    }
    const set = Array.isArray(wanted) ? (wanted as Json[]) : [wanted as Json]
    return set.some((one) => (one === null ? found === null || found === undefined : found === one))
  })
}

/** What one text came to: not JSON, or no type, or what it matched. */
interface Verdict {
  text: string
  base: 'text' | 'typed'
  type?: unknown
  exact: boolean
  prefix: boolean
  met: number[]
}

/**
 * Numbers that are no plain whole ones of at most 15 digits become objects: they are no types, and what JSON.parse makes
 * of them does not say how they were written.
 */
function withOddNumbersWrapped(text: string): string {
  const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
  return text.replace(tokens, (token) => (/^("|(?!-0)-?\d{1,15}$)/.test(token) ? token : `{"n":${token}}`))
}

function expected(text: string): { verdict: Verdict; json: boolean; value: Json | undefined } {
  const none = { text, base: 'text' as const, exact: false, prefix: false, met: [] }
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    return { verdict: none, json: false, value: undefined }
  }
  if (typeof value !== 'object' || value === null) return { verdict: none, json: false, value: undefined }
  let type = at(JSON.parse(withOddNumbersWrapped(text)) as Json, '/type')
  if (typeof type === 'number') type = String(type)
  if (typeof type !== 'string') return { verdict: none, json: true, value: undefined }
  const met = conditions.flatMap((where, i) => (holds(value, where) ? [i] : []))
  const verdict: Verdict = {
    text,
    base: 'typed',
    type: at(value, '/type'),
    exact: type === 'tick',
    prefix: type.startsWith('a.') && type !== 'a.',
    met,
  }
  return { verdict, json: true, value }
}

test(`${TEXTS} texts: the native router and JSON.parse agree on all of them`, async () => {
  const random = new Random()
  const far = await scope.far({ hawser: false })
  const watched = await scope.connected(far, { hawser: false })
  const { client } = watched

  const seen: Omit<Verdict, 'text'>[] = []
  const row = (base: 'text' | 'typed', type?: unknown): void => {
    seen.push({ base, ...(base === 'typed' && { type }), exact: false, prefix: false, met: [] })
  }
  const values: Record<string, number[]> = { a: [], first: [], whole: [] }
  client.on('message', () => row('text'))
  client.on('*', (message) => row('typed', message.type))
  client.on('tick', () => (seen[seen.length - 1].exact = true))
  client.on('a.*', () => (seen[seen.length - 1].prefix = true))
  conditions.forEach((where, i) =>
    client.subscribe({ type: '*', where }, () => seen[seen.length - 1].met.push(i)),
  )
  let rows = 0
  const spec = { type: '*', columns, batch: { max: 256, every: 20 } } as const
  const all = new Promise<void>((resolve) => {
    client.subscribe(spec, (batch) => {
      for (const name of ['a', 'first', 'whole'] as const) values[name].push(...batch[name])
      rows += batch.rows
      if (batch.a.includes(-4711.5)) resolve()
    })
  })
  // Sent behind the subscriptions, so the texts come after them.
  client.send('ready')
  await far.messages(1)

  const texts = Array.from({ length: TEXTS }, () => {
    const text = generated(random)
    const changed = random.below(3) === 0 ? mutated(random, text) : text
    return Buffer.from(changed).toString() // as it travels: lone surrogates are none in UTF-8
  })
  for (const text of texts) far.socket.send(text)
  const mark = JSON.stringify({ type: 'mark', payload: { a: -4711.5 } })
  far.socket.send(mark)
  await within(all, 'the last batch')

  const wanted = [...texts, mark].map(expected)
  expect(seen.length).toBe(wanted.length)
  const wrong = wanted.flatMap(({ verdict: { text, ...verdict } }, i) =>
    JSON.stringify(verdict) === JSON.stringify({ ...seen[i] }) ? [] : [{ text, verdict, seen: seen[i] }],
  )
  expect({ count: wrong.length, first: wrong.slice(0, 3) }).toEqual({ count: 0, first: [] })

  const typed = wanted.flatMap(({ verdict, value }) => (verdict.base === 'typed' ? [value as Json] : []))
  expect(rows).toBe(typed.length)
  for (const [name, pointer] of Object.entries(columns)) {
    const reference = typed.map((value) => {
      const found = at(value, pointer)
      return typeof found === 'number' ? found : NaN
    })
    const differing = reference.findIndex((value, i) => !Object.is(value, values[name][i]))
    expect([name, differing]).toEqual([name, -1])
  }
  const { notJson, untyped, unrouted } = client.getPerformanceMetrics()
  expect({ notJson, untyped, unrouted }).toEqual({
    notJson: wanted.filter(({ json }) => !json).length,
    untyped: wanted.filter(({ json, verdict }) => json && verdict.base === 'text').length,
    unrouted: 0,
  })
  expect(watched.errors).toEqual([])
  // The texts were worth it: each kind came often.
  for (const kind of ['text', 'typed']) {
    expect(seen.filter(({ base }) => base === kind).length).toBeGreaterThan(TEXTS / 20)
  }
  for (const i of conditions.keys()) {
    expect([i, seen.some(({ met }) => met.includes(i))]).toEqual([i, true])
  }
})
