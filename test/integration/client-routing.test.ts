// What reaches handlers: patterns, conditions, shaping, columns, texts of other makers, and what is no message at all.
import { MessageRouter } from '../../lib'
import type { Envelope } from '../../lib'
import { within } from '../support/waiters'
import type { FarEnd } from './support/far-end'
import { type Watched, useManaged } from './support/managed'

const scope = useManaged()

/** A connected client, and a way to know that all that was said has been heard. */
async function feed(options: Parameters<typeof scope.connected>[1] = {}, router?: MessageRouter) {
  const far = await scope.far()
  const watched = await scope.connected(
    far,
    router === undefined ? options : { ...options, routing: router as never },
  )
  return { far, watched, client: watched.client }
}
let mark = 0
async function heard(far: FarEnd, watched: Watched): Promise<void> {
  const type = `mark ${++mark}`
  const come = new Promise((resolve) => watched.client.router.once(type, resolve))
  // A request goes after the subscription, so that the mark is not said too soon.
  far.answer = (message) => far.say({ type: 'reply', correlationId: message.correlationId })
  await watched.client.request('sync')
  far.say({ type })
  await within(come, 'mark')
}

test('exact, prefix and wildcard, several for one message, in the order of the messages', async () => {
  const { far, watched, client } = await feed()
  const got: string[] = []
  client.on('chat.room.said', (m) => got.push(`exact ${m.payload}`))
  client.on('chat.*', (m) => got.push(`prefix ${m.payload}`))
  client.on('chat.room.*', (m) => got.push(`deeper ${m.payload}`))
  client.on('*', (m) => {
    if (m.payload !== undefined) got.push(`all ${m.payload}`)
  })
  await heard(far, watched)
  far.say({ type: 'chat.room.said', payload: 1 })
  far.say({ type: 'chat.left', payload: 2 })
  far.say({ type: 'chat', payload: 3 })
  far.say({ type: 'chatter.x', payload: 4 })
  await heard(far, watched)
  expect(got.filter((one) => one.endsWith('1')).sort()).toEqual(['all 1', 'deeper 1', 'exact 1', 'prefix 1'])
  expect(got.filter((one) => one.endsWith('2')).sort()).toEqual(['all 2', 'prefix 2'])
  expect(got.slice(6)).toEqual(['all 3', 'all 4'])
})

test('off, once and unsubscribe end what on and subscribe began', async () => {
  const { far, watched, client } = await feed()
  const got: string[] = []
  const listener = (m: Envelope): void => void got.push(`on ${m.payload as number}`)
  client.on('t', listener)
  client.router.once('t', (m) => got.push(`once ${m.payload}`))
  const subscription = client.subscribe({ type: 't', where: { '/payload': { gt: 0 } } }, (m) =>
    got.push(`where ${m.payload}`),
  )
  await heard(far, watched)
  far.say({ type: 't', payload: 1 })
  await heard(far, watched)
  expect(got.splice(0).sort()).toEqual(['on 1', 'once 1', 'where 1'])
  client.off('t', listener)
  expect(subscription.closed).toBe(false)
  far.say({ type: 't', payload: 2 })
  await heard(far, watched)
  expect(got.splice(0)).toEqual(['where 2'])
  subscription.unsubscribe()
  subscription.unsubscribe()
  expect(subscription.closed).toBe(true)
  const { unrouted } = client.getPerformanceMetrics()
  far.say({ type: 't', payload: 3 })
  await heard(far, watched)
  expect(got).toEqual([])
  expect(client.getPerformanceMetrics().unrouted).toBe(unrouted + 1)
})

test('a function subscribed twice is two subscriptions; `on` twice is one', async () => {
  const far = await scope.far()
  const { client } = await scope.connected(far)
  let calls = 0
  const handler = (): unknown => calls++
  const spoken = async (): Promise<number> => {
    calls = 0
    const last = new Promise((resolve) => client.router.once('last', resolve))
    far.say({ type: 'm' })
    far.say({ type: 'last' })
    await within(last, 'the last message')
    return calls
  }
  const first = client.subscribe({ type: 'm' }, handler)
  const second = client.subscribe({ type: 'm' }, handler)
  expect(await spoken()).toBe(2)
  client.on('m', handler).on('m', handler)
  expect(await spoken()).toBe(3)
  first.unsubscribe()
  first.unsubscribe()
  expect(await spoken()).toBe(2)
  client.off('m', handler)
  expect(await spoken()).toBe(1)
  client.off('m', handler)
  expect(await spoken()).toBe(1)
  second.unsubscribe()
  expect(await spoken()).toBe(0)
  expect(client.router.size).toBe(0)
})

test('a handler may add handlers and take off others while it runs', async () => {
  const { far, watched, client } = await feed()
  const got: string[] = []
  const second = (): void => void got.push('second')
  let rounds = 0
  client.on('t', () => {
    got.push('first')
    client.off('t', second)
    client.router.once('t', () => got.push(`added ${++rounds}`))
  })
  client.on('t', second)
  await heard(far, watched)
  far.say({ type: 't' })
  await heard(far, watched)
  expect(got.splice(0)).toEqual(['first'])
  far.say({ type: 't' })
  await heard(far, watched)
  expect(got).toEqual(['first', 'added 1'])
})

test('messages that come with the first `connected` are not lost on handlers set behind it', async () => {
  const far = await scope.far()
  far.greet = (socket) => {
    for (let i = 0; i < 10; i++) far.say({ type: 't', payload: i }, socket)
  }
  const { client } = scope.managed(far)
  await client.connect()
  const got: number[] = []
  await within(
    new Promise<void>((resolve) => {
      client.on('t', (m) => {
        if (got.push(m.payload) === 10) resolve()
      })
    }),
    'ten messages',
  )
  expect(got).toEqual([...Array(10).keys()])
})

test('where: values, sets, ranges, all of them together', async () => {
  const { far, watched, client } = await feed()
  const got: Record<string, number[]> = { set: [], one: [], range: [], both: [], none: [], nested: [] }
  client.subscribe({ type: 't', where: { '/payload/s': ['A', 'B', 3, null, true] } }, (m) =>
    got['set'].push(m.payload.i),
  )
  client.subscribe({ type: 't', where: { '/payload/s': 'A' } }, (m) => got['one'].push(m.payload.i))
  client.subscribe({ type: 't', where: { '/payload/n': { gte: 1, lt: 3 } } }, (m) =>
    got['range'].push(m.payload.i),
  )
  client.subscribe({ type: 't', where: { '/payload/s': 'A', '/payload/n': { gt: 1 } } }, (m) =>
    got['both'].push(m.payload.i),
  )
  client.subscribe({ type: 't', where: { '/nothing/here': 1 } }, (m) => got['none'].push(m.payload.i))
  client.subscribe({ type: 't', where: { '/payload/list/1/x~1y': 5 } }, (m) =>
    got['nested'].push(m.payload.i),
  )
  await heard(far, watched)
  const payloads = [
    { s: 'A', n: 1 },
    { s: 'B', n: 2.5 },
    { s: 'C', n: 3 },
    { s: 3, n: 0.999 },
    { s: null, n: '2' },
    { s: true, n: 1 },
    { s: 'A', n: 1.0001, list: [0, { 'x/y': 5 }] },
    { s: 'a', n: -1, list: [0, { 'x/y': '5' }] },
  ]
  payloads.forEach((payload, i) => far.say({ type: 't', payload: { i, ...payload } }))
  await heard(far, watched)
  expect(got).toEqual({
    set: [0, 1, 3, 4, 5, 6],
    one: [0, 6],
    range: [0, 1, 5, 6],
    both: [6],
    none: [],
    nested: [6],
  })
})

test('batches hold what came, in order, at most `max`', async () => {
  const { far, watched, client } = await feed()
  const batches: number[][] = []
  let count = 0
  const all = new Promise<void>((resolve) => {
    client.subscribe({ type: 't', batch: { max: 10, every: 50 } }, (batch) => {
      batches.push(batch.map((m: Envelope) => m.payload as number))
      count += batch.length
      if (count === 25) resolve()
    })
  })
  await heard(far, watched)
  for (let i = 0; i < 25; i++) far.say({ type: 't', payload: i })
  await within(all, '25 messages')
  expect(batches.flat()).toEqual([...Array(25).keys()])
  expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(10)
})

test('conflate: of each key the latest', async () => {
  const { far, watched, client } = await feed()
  const got: Record<string, number[]> = { A: [], B: [] }
  const last = new Promise<void>((resolve) => {
    client.subscribe({ type: 't', conflate: { key: '/payload/s', every: 40 } }, (m) => {
      const { s, n } = m.payload as { s: string; n: number }
      got[s].push(n)
      if (got['A'].at(-1) === 499 && got['B'].at(-1) === 499) resolve()
    })
  })
  await heard(far, watched)
  far.sayAll(
    Array.from({ length: 1_000 }, (_, i) => ({
      type: 't',
      payload: { s: i % 2 === 0 ? 'A' : 'B', n: Math.floor(i / 2) },
    })),
  )
  await within(last, 'the latest of both')
  const delivered = got['A'].length + got['B'].length
  expect(client.getPerformanceMetrics().conflated).toBe(1_000 - delivered)
  expect(delivered).toBeLessThan(1_000)
  for (const list of Object.values(got)) expect(list).toEqual([...list].sort((a, b) => a - b))
})

test('sample and debounce end with the latest, throttle begins with the first', async () => {
  const { far, watched, client } = await feed()
  const got: Record<string, number[]> = { sample: [], throttle: [], debounce: [] }
  const done = new Promise<void>((resolve) => {
    for (const mode of ['sample', 'throttle', 'debounce'] as const) {
      client.subscribe({ type: 't', sample: { every: mode === 'throttle' ? 60_000 : 30, mode } }, (m) => {
        got[mode].push(m.payload)
        if (got['sample'].at(-1) === 99 && got['debounce'].at(-1) === 99) resolve()
      })
    }
  })
  await heard(far, watched)
  for (let i = 0; i < 100; i++) far.say({ type: 't', payload: i })
  await within(done, 'the latest')
  expect(got['throttle']).toEqual([0])
})

test('columns are arrays of numbers; what is none is NaN and counted', async () => {
  const { far, watched, client } = await feed()
  const rows: { rows: number; missing: number; p: number[]; q: number[] }[] = []
  const full = new Promise<void>((resolve) => {
    client.subscribe(
      { type: 't', columns: { p: '/payload/p', q: '/payload/q' }, batch: { max: 4, every: 10_000 } },
      (batch) => {
        rows.push({ rows: batch.rows, missing: batch.missing, p: [...batch.p], q: [...batch.q] })
        resolve()
      },
    )
  })
  await heard(far, watched)
  for (const payload of [{ p: 1, q: 2 }, { p: 1.5 }, { p: '3', q: null }, { p: -1e300, q: 0 }]) {
    far.say({ type: 't', payload })
  }
  await within(full, 'columns')
  expect(rows).toEqual([{ rows: 4, missing: 3, p: [1, 1.5, NaN, -1e300], q: [2, NaN, NaN, 0] }])
})

describe('what is no message of ours', () => {
  test('texts without a type and texts that are no JSON are `message`, bytes are `binary`', async () => {
    const { far, watched, client } = await feed()
    const texts: string[] = []
    const bytes: Buffer[] = []
    client.on('message', (text) => texts.push(text))
    client.on('binary', (data) => bytes.push(data))
    await heard(far, watched)
    for (const text of ['no json', '{"x":1}', '[1,2]', '5', '', '{"type":{}}', '{"type":"t"'])
      far.socket.send(text)
    far.socket.send(Buffer.from([0, 255]))
    await heard(far, watched)
    expect(texts).toEqual(['no json', '{"x":1}', '[1,2]', '5', '', '{"type":{}}', '{"type":"t"'])
    expect(bytes).toEqual([Buffer.from([0, 255])])
    expect(client.getPerformanceMetrics()).toMatchObject({ binary: 1 })
    expect(watched.errors).toEqual([])
  })

  test('of duplicate keys the last wins, as in JSON.parse', async () => {
    const { far, watched, client } = await feed()
    const got: unknown[] = []
    client.on('b', (m) => got.push(m))
    client.on('a', (m) => got.push(m))
    client.subscribe({ type: 'c', where: { '/payload/x': 2 } }, (m) => got.push(m))
    await heard(far, watched)
    far.socket.send('{"type":"a","type":"b","payload":1,"payload":2}')
    far.socket.send('{"type":"c","payload":{"x":2,"x":1}}')
    far.socket.send('{"type":"c","payload":{"x":1,"x":2}}')
    await heard(far, watched)
    expect(got).toEqual([
      { type: 'b', payload: 2 },
      { type: 'c', payload: { x: 2 } },
    ])
  })

  test('escapes and Unicode in types and values', async () => {
    const { far, watched, client } = await feed()
    const got: unknown[] = []
    client.on('Zürich "🚢"', (m) => got.push(m.payload))
    client.subscribe({ type: 't', where: { '/payload': 'Zürich' } }, (m) => got.push(m.payload))
    await heard(far, watched)
    far.socket.send('{"type":"Z\\u00fcrich \\"\\ud83d\\udea2\\"","payload":1}')
    far.socket.send('{"type":"t","payload":"Z\\u00FCrich"}')
    await heard(far, watched)
    expect(got).toEqual([1, 'Zürich'])
  })
})

describe('feeds of other makers', () => {
  test('{ stream, data }', async () => {
    const { far, watched, client } = await feed({
      hawser: false,
      routing: { type: '/stream', payload: '/data' },
    })
    const got: unknown[] = []
    client.subscribe({ type: 'btcusdt@trade' as never, where: { '/data/p': { gt: 1 } } }, (m) => got.push(m))
    const come = new Promise((resolve) => client.on('end', resolve))
    await client.queued()
    far.say({ stream: 'btcusdt@trade', data: { p: 1 } })
    far.say({ stream: 'btcusdt@trade', data: { p: 2 } })
    far.say({ stream: 'end' })
    await within(come, 'end')
    expect(got).toEqual([{ stream: 'btcusdt@trade', data: { p: 2 } }])
    client.send('watch', { symbols: ['A'] })
    await far.messages(1)
    expect(far.received[0]).toMatchObject({ stream: 'watch', data: { symbols: ['A'] } })
    expect(watched.errors).toEqual([])
  })

  test('{ channel, … } with replies that carry the id anywhere', async () => {
    const { far, client } = await feed({
      hawser: false,
      routing: {
        type: '/channel/name',
        correlationId: '/req/id',
        payload: '/body',
        reply: false,
        id: false,
        timestamp: false,
      },
    })
    far.answer = (message) => {
      const { req } = message as unknown as { req: { id: string } }
      far.say({ result: 'ok', req: { id: req.id }, body: 5 })
    }
    expect(await client.request('ask', { a: 1 })).toBe(5)
    expect(far.received[0]).toEqual({
      channel: { name: 'ask' },
      req: { id: expect.any(String) as string },
      body: { a: 1 },
    })
  })
})

test('one router serves several clients; the context says which', async () => {
  const router = new MessageRouter()
  const one = await feed({}, router)
  const two = await feed({}, router)
  const got: [boolean, number][] = []
  router.on('t', (m, context) => got.push([context.client === one.client, m.payload as number]))
  await heard(one.far, one.watched)
  await heard(two.far, two.watched)
  one.far.say({ type: 't', payload: 1 })
  await heard(one.far, one.watched)
  two.far.say({ type: 't', payload: 2 })
  await heard(two.far, two.watched)
  expect(got).toEqual([
    [true, 1],
    [false, 2],
  ])
  await one.client.close()
  two.far.say({ type: 't', payload: 3 })
  await heard(two.far, two.watched)
  expect(got.at(-1)).toEqual([false, 3])
})
