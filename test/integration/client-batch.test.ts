// Batches that a server sends: each element is a message of its own.
import { Random } from '../support/random'
import { within } from '../support/waiters'
import { rejection, useManaged } from './support/managed'

const scope = useManaged()
const batch = (...payload: unknown[]): object => ({ type: 'batch', payload })
const tick = (n: number): object => ({ type: 'tick', payload: n })

test('each element goes to the routes that match it', async () => {
  const far = await scope.far()
  const { client } = await scope.connected(far)
  const seen: unknown[] = []
  client.on('tick', ({ payload }) => seen.push(payload))
  client.subscribe({ type: 'tick', where: { '/payload': { gt: 2 } } }, ({ payload }) => seen.push([payload]))
  client.subscribe({ type: 'news', batch: { max: 2, every: 10_000 } }, (news) =>
    seen.push(news.map(({ payload }) => payload)),
  )
  const done = new Promise((resolve) => client.on('last', resolve))
  far.say(
    batch(
      tick(1),
      { type: 'news', payload: 'a' },
      tick(3),
      { type: 'news', payload: 'b' },
      { type: 'other' },
    ),
  )
  far.say({ type: 'last' })
  await within(done, 'the last message')
  expect(seen).toEqual([1, 3, [3], ['a', 'b']])
  expect(client.getPerformanceMetrics()).toMatchObject({ messagesIn: 6, routed: 5, unrouted: 1 })
})

test('acks, replies, errors and heartbeats inside do what they do outside', async () => {
  const far = await scope.far()
  const watched = await scope.connected(far)
  const { client } = watched
  const acked = client.send('m', 1, { ack: true })
  const asked = client.request('ask')
  const refused = rejection(client.request('refused'))
  await far.messages(3)
  const [message, ask, no] = far.received
  far.say(
    batch(
      { type: 'ack', correlationId: message.id },
      { type: 'reply', correlationId: ask.id, payload: 'yes' },
      { type: 'reply', correlationId: no.id, error: { code: 'SERVER_ERROR', message: 'no' } },
      { type: 'error', error: { code: 'RATE_LIMIT_EXCEEDED' } },
      { type: 'heartbeat' },
    ),
  )
  await within(acked, 'ack')
  expect(await within(asked, 'reply')).toBe('yes')
  expect(await refused).toMatchObject({ code: 'SERVER_ERROR' })
  await watched.failedWith('RATE_LIMIT_EXCEEDED')
  await far.messages(1, 'heartbeat_ack')
})

test('a batch in a batch is refused, as is what has no type; the rest goes on', async () => {
  const far = await scope.far()
  const { client } = await scope.connected(far)
  const texts: string[] = []
  const seen: unknown[] = []
  client.on('message', (text) => texts.push(text))
  client.on('tick', ({ payload }) => seen.push(payload))
  const done = new Promise((resolve) => client.on('last', resolve))
  far.say(batch(tick(1), batch(tick(2)), { no: 'type' }, 5, 'x', null, [], tick(3), { type: 'last' }))
  await within(done, 'the last message')
  expect(seen).toEqual([1, 3])
  expect(texts).toEqual([
    '{"type":"batch","payload":[{"type":"tick","payload":2}]}',
    '{"no":"type"}',
    '5',
    '"x"',
    'null',
    '[]',
  ])
  expect(client.getPerformanceMetrics()).toMatchObject({ untyped: 3, notJson: 3 })
})

test('without hawser.v1, or without an array, it is a message like others', async () => {
  const far = await scope.far({ hawser: false })
  const { client } = await scope.connected(far)
  const seen: unknown[] = []
  client.on('*', ({ type }) => seen.push(type))
  const done = new Promise((resolve) => client.on('last', resolve))
  far.say(batch(tick(1)))
  far.say({ type: 'last' })
  await within(done, 'the last message')
  expect(seen).toEqual(['batch', 'last'])

  const own = await scope.far()
  const known = await scope.connected(own)
  const odd = new Promise((resolve) => known.client.on('batch', ({ payload }) => resolve(payload)))
  own.say({ type: 'batch', payload: { tick: 1 } })
  expect(await within(odd, 'the batch without an array')).toEqual({ tick: 1 })
})

test('the token may be accepted by a batch; what stands behind it waits for the program', async () => {
  const far = await scope.far()
  far.answer = ({ type }, socket) => {
    if (type === 'auth') far.say(batch({ type: 'auth_ok' }, tick(1), tick(2)), socket)
  }
  const { client } = scope.managed(far, { auth: { token: () => 'secret', as: 'message' } })
  await within(client.connect(), 'connect()')
  const seen: unknown[] = []
  const done = new Promise<void>((resolve) => {
    client.on('tick', ({ payload }) => {
      seen.push(payload)
      if (seen.length === 2) resolve()
    })
  })
  await within(done, 'both ticks')
  expect(seen).toEqual([1, 2])
})

test('what stands behind a refusal of the token goes nowhere', async () => {
  const far = await scope.far()
  let refusals = 0
  far.answer = ({ type }, socket) => {
    if (type !== 'auth') return
    if (refusals++ === 0) far.say(batch({ type: 'auth_error' }, tick(1), { type: 'auth_ok' }), socket)
    else far.say(batch({ type: 'auth_ok' }, tick(2)), socket)
  }
  const { client } = scope.managed(far, { auth: { token: () => 'secret', as: 'message' } })
  const seen: unknown[] = []
  client.on('tick', ({ payload }) => seen.push(payload))
  await within(client.connect(), 'connect()')
  await within(
    new Promise((resolve) => client.on('last', resolve).on('tick', () => far.say({ type: 'last' }))),
    'last',
  )
  expect(seen).toEqual([2])
})

// More than the rings hold, while the event loop is busy: the engine has to stop within batches and go on there.
test('in batches or one by one, the same messages come, once and in order', async () => {
  const random = new Random()
  const far = await scope.far({ maker: 'hawser' })
  const one = await scope.connected(far)
  const other = await scope.connected(far)
  await far.connections(2)
  const [single, joined] = far.sockets
  const heard = [one, other].map(({ client }) => {
    const seen: unknown[] = []
    client.on('tick', ({ payload }) => seen.push((payload as number[])[0]))
    client.subscribe({ type: 'tick', batch: { max: 7, every: 60_000 } }, (all) =>
      seen.push(all.map(({ payload }) => (payload as number[])[0])),
    )
    const done = new Promise((resolve) => client.on('last', resolve))
    return { seen, done }
  })
  const count = 7 * 600
  const fill = 'x'.repeat(12_000)
  let group: object[] = []
  for (let i = 0; i < count; i++) {
    const message = {
      type: 'tick',
      payload: [i, random.below(3) === 0 ? fill : `"],[{"\\${'é'.repeat(random.below(9))}`],
    }
    far.say(message, single)
    group.push(message)
    if (random.below(200) === 0 || i === count - 1) {
      far.say(batch(...group), joined)
      group = []
    }
  }
  far.say({ type: 'last' }, single)
  far.say({ type: 'last' }, joined)
  // The I/O thread does what it can meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  await within(Promise.all(heard.map(({ done }) => done)), `the last messages (${random.seed})`)
  expect(heard[0].seen.length).toBe(count + 600)
  expect(heard[1].seen).toEqual(heard[0].seen)
})

test('a batch that its link does not outlive is not resumed on the next one', async () => {
  const far = await scope.far()
  const watched = await scope.connected(far)
  const seen: unknown[] = []
  watched.client.on('tick', ({ payload }) => seen.push(payload))
  far.say(batch(tick(1), tick(2)))
  far.hangUp()
  await watched.reached('connected', 2)
  const done = new Promise((resolve) => watched.client.on('last', resolve))
  far.say(batch(tick(3), tick(4), { type: 'last' }))
  await within(done, 'the last message')
  expect(seen.slice(-2)).toEqual([3, 4])
})
