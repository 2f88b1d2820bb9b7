// What a page's client does before its part for sending is loaded, while it is, and where it cannot be: the files of
// dist/browser over undici's WebSocket, with a part that comes when the test says so.
import { late } from './support/late-parts'
import { WebSocket } from 'undici'
import type { ManagedClientOptions } from '../../lib'
import { answering } from '../integration/support/far-end'
import { useHubs } from '../integration/support/hubs'
import { fate, rejection } from '../integration/support/managed'
import { type Deferred, deferred, thrown, until, within } from '../support/waiters'

Object.assign(globalThis, { WebSocket })

const scope = useHubs()

/** When the part comes. */
let gate: Deferred<void>
beforeEach(() => {
  gate = late.sending.held()
})

const far = async (hawser = true) => {
  const end = await scope.far({ hawser })
  end.answer = answering
  return end
}
const bytes = (...all: number[]): Uint8Array => new Uint8Array(all)

test('a client that only listens does not ask for it', async () => {
  const end = await far()
  const { client, errors } = await scope.connected(end, { heartbeat: { interval: 5 } })
  const got: unknown[] = []
  client.on('m', ({ payload }) => got.push(payload))
  end.say({ type: 'ack', correlationId: 'x' })
  end.say({ type: 'reply', correlationId: 'y', payload: 1 })
  end.say({ type: 'm', payload: 1 })
  await until(() => got.length === 1)
  expect(errors).toEqual([])
  expect(client.getPerformanceMetrics()).toMatchObject({
    messagesIn: 3,
    messagesOut: 0,
    queued: 0,
    inFlight: 0,
    dropped: 0,
    requests: 0,
    lateReplies: 0,
  })
  expect(client.bufferedAmount).toBe(0)
  expect(await client.queued()).toEqual([])
  await client.drained()
  client.clearQueue()
  end.hangUp()
  await end.connections(2)
  await until(() => client.state === 'connected')
  await client.disconnect()
  await client.close()
  expect(late.sending.asked).toBe(0)
})

test('an error of the server is one of the client', async () => {
  const end = await far()
  const watched = await scope.connected(end)
  end.say({ type: 'error', correlationId: 'z', error: { code: 'RATE_LIMIT_EXCEEDED', message: 'slowly' } })
  await watched.failedWith('RATE_LIMIT_EXCEEDED')
  expect(late.sending.asked).toBe(0)
})

test('what is sent before connect() loses no time, and everything keeps its order', async () => {
  const end = await far()
  const { client } = scope.managed(end)
  const payload = { n: 1 }
  const data = bytes(1, 2)
  expect(client.send('one', payload)).toBe(true)
  expect(client.sendBinary(data)).toBe(true)
  payload.n = data[0] = 9
  const options = { priority: 'normal' as const, room: 'r', ttl: 60_000 }
  expect(client.send('two', [2], options)).toBe(true)
  options.room = 'other'
  const sum = client.request('ask', 3, { timeout: 60_000 })
  const acked = client.send('acked', 4, { ack: true })
  client.send('last')
  await within(client.connect(), 'connect()')
  // Reading does not wait for it either.
  const got: unknown[] = []
  client.on('m', ({ payload }) => got.push(payload))
  await end.connections(1)
  end.say({ type: 'm', payload: 'early' })
  await until(() => got.length === 1)
  expect(end.received).toEqual([])
  client.send('after', 5)
  gate.resolve()
  await end.messages(6)
  expect(end.received.map(({ type, payload, room }) => [type, payload, room])).toEqual([
    ['one', { n: 1 }, undefined],
    ['two', [2], 'r'],
    ['ask', 3, undefined],
    ['acked', 4, undefined],
    ['last', undefined, undefined],
    ['after', 5, undefined],
  ])
  expect(end.binaries.map((one) => [...one])).toEqual([[1, 2]])
  expect(await within(Promise.all([sum, acked]), 'answers')).toEqual([3, undefined])
  expect(late.sending.asked).toBe(1)
})

test('what is thrown at the call: types, payloads, and what is too much; later the same as ever', async () => {
  const end = await far()
  const watched = scope.managed(end, { highWaterMark: 1_000, maxBackpressure: 5_000 })
  const { client } = watched
  const wrong = (call: () => unknown): string | undefined => thrown(call)?.code
  expect(wrong(() => client.send('', 1))).toBe('INVALID_ARGUMENT')
  expect(wrong(() => client.send('x'.repeat(129), 1))).toBe('INVALID_ARGUMENT')
  expect(wrong(() => client.send('x', 1n))).toBe('INVALID_ARGUMENT')
  expect(wrong(() => client.sendBinary('text' as never))).toBe('INVALID_ARGUMENT')
  expect((await rejection(client.request('', 1))).code).toBe('INVALID_ARGUMENT')
  expect((await rejection(client.request('x', () => 1))).code).toBe('INVALID_ARGUMENT')
  expect(late.sending.asked).toBe(0)

  expect(client.send('x', 'a'.repeat(600))).toBe(true)
  expect(client.bufferedAmount).toBeGreaterThan(600)
  expect(client.send('x', 'b'.repeat(3_000))).toBe(false)
  expect(wrong(() => client.send('x', 'c'.repeat(3_000)))).toBe('BACKPRESSURE_EXCEEDED')
  expect(wrong(() => client.sendBinary(new Uint8Array(3_000)))).toBe('BACKPRESSURE_EXCEEDED')
  expect((await rejection(client.request('x', 'd'.repeat(3_000)))).code).toBe('BACKPRESSURE_EXCEEDED')
  let drained = false
  const drain = client.drained().then(() => (drained = true))
  expect(client.getPerformanceMetrics()).toMatchObject({ queued: 2, queuedNormal: 2 })

  // Options are read when it is there.
  expect(client.send('x', 1, { priority: 'urgent' } as never)).toBe(false)
  const refused = [
    client.send('x', 1, { ack: true, room: 5 } as never),
    client.request('x', 1, { timeout: -1 }),
    client.request('x', 1, null as never),
  ].map((promise) => fate(promise as Promise<unknown>))
  expect(watched.errors).toEqual([])
  gate.resolve()
  expect(await Promise.all(refused)).toEqual(Array(3).fill('INVALID_OPTION'))
  await watched.failedWith('INVALID_OPTION')
  expect(watched.errors[0].message).toContain('priority')
  expect(watched.codes).toEqual(['INVALID_OPTION'])
  expect(wrong(() => client.send('x', 1, { priority: 'urgent' } as never))).toBe('INVALID_OPTION')
  expect((await client.queued()).map(({ priority }) => priority)).toEqual(['normal', 'normal'])
  expect(drained).toBe(false)
  await client.connect()
  await within(drain, 'drained()')
  await end.messages(2)
  expect(end.received.map(({ payload }) => (payload as string)[0])).toEqual(['a', 'b'])
})

test('bounds of the queue hold where there is no connection when it comes', async () => {
  const watched = scope.managed('ws://127.0.0.1:1', { queue: { maxMessages: 3 } })
  const { client } = watched
  for (let i = 0; i < 5; i++) client.send('x', i)
  const acked = fate(client.send('x', 5, { ack: true }))
  gate.resolve()
  await watched.failedWith('QUEUE_FULL')
  expect(watched.errors[0].message).toContain('3 messages')
  expect(await client.queued()).toHaveLength(3)
  expect(client.getPerformanceMetrics()).toMatchObject({ queued: 3, dropped: 3 })
  client.clearQueue()
  expect(await acked).toBe('ABORTED')
})

describe('what is taken back, or has had its time, before it comes is not sent', () => {
  test('signals, timeouts and ttl', async () => {
    const end = await far()
    const { client, errors } = await scope.connected(end)
    const controller = new AbortController()
    const { signal } = controller
    const given = client.request('given', 1, { signal })
    const taken = client.send('given', 1, { ack: true, signal })
    controller.abort(new Error('enough'))
    expect(await rejection(given)).toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } })
    expect((await rejection(taken)).code).toBe('ABORTED')
    expect((await rejection(client.request('given', 1, { signal }))).code).toBe('ABORTED')
    client.send('old', 1, { ttl: 5 })
    expect((await rejection(client.request('ask', 1, { timeout: 20 }))).code).toBe('TIMEOUT')
    expect(client.getPerformanceMetrics()).toMatchObject({ requests: 1, requestTimeouts: 1 })
    const asked = client.request('ask', 2)
    gate.resolve()
    expect(await within(asked, 'reply')).toBe(2)
    expect(end.types).toEqual(['ask'])
    await until(() => errors.length > 0)
    expect(errors.map(({ code }) => code)).toEqual(['EXPIRED'])
  })

  test('clearQueue(), also where a connection opens first', async () => {
    const end = await far()
    const { client, errors } = scope.managed(end)
    client.send('x', 1)
    const acked = rejection(client.send('x', 2, { ack: true }))
    const listed = client.queued()
    client.clearQueue()
    client.send('y', 3)
    await within(client.connect(), 'connect()')
    gate.resolve()
    expect((await acked).code).toBe('ABORTED')
    expect(await listed).toHaveLength(2)
    await end.messages(1)
    expect(end.types).toEqual(['y'])
    expect(errors.map(({ code }) => code)).toEqual(['ABORTED'])
    await until(() => client.bufferedAmount === 0)
  })
})

describe('the end of a connection', () => {
  test('disconnect() comes behind what was sent, and connect() behind that', async () => {
    const end = await far()
    const { client } = await scope.connected(end)
    client.send('x', 1)
    const gone = client.disconnect()
    gate.resolve()
    await within(gone, 'disconnect()')
    await end.messages(1)
    expect(client.getPerformanceMetrics()).toMatchObject({ messagesOut: 1, queued: 0, inFlight: 0 })

    const next = scope.managed(end)
    gate = deferred()
    next.client.send('x', 2)
    const opened = next.client.connect()
    await within(opened, 'connect()')
    const ended = next.client.disconnect()
    const again = next.client.connect()
    gate.resolve()
    await within(Promise.all([ended, again]), 'both')
    await end.connections(3)
    expect(next.states).toEqual([
      'connecting',
      'connected',
      'disconnecting',
      'disconnected',
      'connecting',
      'connected',
    ])
    expect(new Set(end.payloads)).toEqual(new Set([1, 2]))
  })

  test('disconnect() before the first connection does not end it', async () => {
    const end = await far()
    const { client } = scope.managed(end)
    client.send('x', 1)
    await client.disconnect()
    const opened = client.connect()
    gate.resolve()
    await within(opened, 'connect()')
    await end.messages(1)
    expect(client.state).toBe('connected')
  })

  test('close() lets out what was sent, where there is a connection', async () => {
    const end = await far()
    const { client, errors } = await scope.connected(end)
    client.send('x', 1)
    client.sendBinary(bytes(2))
    const asked = fate(client.request('ask', 3))
    const closed = client.close()
    expect(thrown(() => client.send('x', 4))?.code).toBe('INVALID_STATE')
    expect(thrown(() => client.sendBinary(bytes(4)))?.code).toBe('INVALID_STATE')
    expect((await rejection(client.request('x', 4))).code).toBe('INVALID_STATE')
    expect((await rejection(client.joinRoom('r'))).code).toBe('INVALID_STATE')
    gate.resolve()
    await within(closed, 'close()')
    await end.messages(2)
    expect([end.types, end.binaries.length]).toEqual([['x', 'ask'], 1])
    expect(['resolved', 'CONNECTION_LOST', 'CONNECTION_CLOSED']).toContain(await asked)
    expect(errors).toEqual([])
  })

  test('close() gives it up, and says so, where there is none', async () => {
    const { client, errors } = scope.managed('ws://127.0.0.1:1')
    client.send('x', 1)
    client.send('x', 2)
    const acked = fate(client.send('x', 3, { ack: true }))
    const closed = client.close()
    gate.resolve()
    await within(closed, 'close()')
    expect(await acked).toBe('CONNECTION_CLOSED')
    expect(errors.map(({ code, message }) => [code, /\d/.exec(message)?.[0]])).toEqual([
      ['CONNECTION_CLOSED', '2'],
    ])
  })

  test.each<Partial<ManagedClientOptions>>([{}, { sendBatch: true }])(
    'close() waits no longer than closeTimeout for it: %j',
    async (options) => {
      const end = await far()
      const watched = await scope.connected(end, { ...options, closeTimeout: 30 })
      const { client, errors } = watched
      client.send('x', 1)
      client.send('x', 2)
      const all = [client.send('x', 3, { ack: true }), client.request('x', 4), client.joinRoom('r')].map(fate)
      const listed = client.queued()
      await within(client.close(), 'close()')
      expect(await Promise.all(all)).toEqual(Array(3).fill('CONNECTION_CLOSED'))
      expect(await listed).toEqual([])
      expect(errors.map(({ code, message }) => [code, message.includes('2')])).toEqual([
        ['CONNECTION_CLOSED', true],
      ])
      gate.resolve()
    },
  )
})

describe('a part that cannot be loaded', () => {
  test('is an error, and asked for again: nothing is lost', async () => {
    const end = await far()
    const watched = scope.managed(end)
    const { client } = watched
    late.sending.comes = () => Promise.reject(new Error('blocked'))
    client.send('x', 1)
    const asked = client.request('ask', 2)
    await client.connect()
    await watched.failedWith('CONNECTION_FAILED')
    expect(watched.errors[0].message).toContain('blocked')
    client.send('x', 3)
    late.sending.comes = () => Promise.resolve()
    expect(await within(asked, 'reply')).toBe(2)
    await end.messages(3)
    expect(end.payloads).toEqual([1, 2, 3])
    expect([watched.codes, late.sending.asked]).toEqual([['CONNECTION_FAILED'], 2])
  })

  test('is not waited for at the end', async () => {
    const watched = scope.managed('ws://127.0.0.1:1')
    const { client } = watched
    late.sending.comes = () => Promise.reject(new Error('blocked'))
    client.send('x', 1)
    const asked = fate(client.request('x', 2))
    await watched.failedWith('CONNECTION_FAILED')
    await within(client.close(), 'close()')
    expect(await asked).toBe('CONNECTION_CLOSED')
    expect(watched.codes).toEqual(['CONNECTION_FAILED', 'CONNECTION_CLOSED'])
    expect(await within(client.queued(), 'queued()')).toEqual([])
  })
})

test('rooms are joined in their turn, and before the first connection is there', async () => {
  const { hub, url } = await scope.hub()
  const got: unknown[] = []
  hub.on('x', (payload) => void got.push([payload, hub.size('r')]))
  const watched = scope.managed(url)
  const { client } = watched
  client.send('x', 1)
  const joined = client.joinRoom('r')
  client.send('x', 2)
  await within(client.connect(), 'connect()')
  expect(client.joinedRooms).toEqual(['r'])
  gate.resolve()
  await within(joined, 'joinRoom()')
  await until(() => got.length === 2)
  // Joining has priority, as always among what waits.
  expect(got).toEqual([
    [1, 1],
    [2, 1],
  ])
  await client.reconnect()
  await until(() => hub.size('r') === 1)
  expect(watched.errors).toEqual([])
})

test('shaped messages keep their places among others', async () => {
  const end = await far()
  const { client } = await scope.connected(end)
  client.send('a', 1)
  client.send('b', 2, { throttle: 60_000 })
  client.send('b', 3, { throttle: 60_000 })
  client.sendBinary(bytes(1), { throttle: 60_000 })
  client.send('c', 4)
  gate.resolve()
  await end.messages(3)
  expect(end.payloads).toEqual([1, 2, 4])
  await until(() => end.binaries.length === 1)
  await client.disconnect()
  await end.messages(4)
  expect(end.payloads).toEqual([1, 2, 4, 3])
})
