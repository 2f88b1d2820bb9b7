// What a page's client does before the part that keeps its connection is loaded, while it is, and where it cannot be: the
// files of dist/browser over undici's WebSocket, with a part that comes when the test says so.
import { late } from './support/late-parts'
import { WebSocket } from 'undici'
import { answering } from '../integration/support/far-end'
import { useHubs } from '../integration/support/hubs'
import { fate, rejection } from '../integration/support/managed'
import { type Deferred, until, within } from '../support/waiters'

/** What the platform has told of sockets so far. */
const told = { open: 0, message: 0, close: 0 }
class Seen extends WebSocket {
  constructor(...how: ConstructorParameters<typeof WebSocket>) {
    super(...how)
    for (const name of ['open', 'message', 'close'] as const) this.addEventListener(name, () => told[name]++)
  }
}
Object.assign(globalThis, { WebSocket: Seen })

const scope = useHubs()

/** When the part comes. */
let gate: Deferred<void>
beforeEach(() => {
  late.routes.held().resolve()
  gate = late.keeping.held()
  Object.assign(told, { open: 0, message: 0, close: 0 })
})

const far = async () => {
  const end = await scope.far()
  end.answer = answering
  return end
}

test('it is asked for when the client connects, once; the socket does not wait for it', async () => {
  const end = await far()
  const watched = scope.managed(end)
  const { client } = watched
  const got: unknown[] = []
  client.on('m', ({ payload }) => got.push(payload))
  expect(late.keeping.asked).toBe(0)
  const connected = client.connect()
  await end.connections(1)
  end.sayAll([1, 2, 3].map((payload) => ({ type: 'm', payload })))
  await until(() => told.message === 3)
  expect([watched.states, client.state, got]).toEqual([['connecting'], 'connecting', []])
  expect(client.getPerformanceMetrics()).toMatchObject({
    state: 'connecting',
    messagesIn: 0,
    latencyCount: 0,
    health: 0,
  })
  gate.resolve()
  await within(connected, 'connect()')
  await until(() => got.length === 3)
  expect(got).toEqual([1, 2, 3])
  end.hangUp()
  await watched.reached('connected', 2)
  expect(late.keeping.asked).toBe(1)
})

test('what is sent before it is there goes when it is, in order', async () => {
  const end = await far()
  const { client } = scope.managed(end)
  client.send('a', 1)
  const connected = client.connect()
  const asked = client.request('ask', 2)
  client.send('b', 3)
  await until(() => told.open === 1)
  expect(end.received).toEqual([])
  gate.resolve()
  await within(connected, 'connect()')
  expect(await within(asked, 'reply')).toBe(2)
  expect(end.payloads).toEqual([1, 2, 3])
})

describe('ends that came before it', () => {
  test('of a connection: what came ahead is read, then the client connects again', async () => {
    const end = await far()
    const watched = scope.managed(end)
    const got: unknown[] = []
    watched.client.on('m', ({ payload }) => got.push(payload))
    const connected = watched.client.connect()
    await end.connections(1)
    end.say({ type: 'm', payload: 1 })
    end.socket.close(1001)
    await until(() => told.close === 1)
    gate.resolve()
    await within(connected, 'connect()')
    await watched.reached('connected', 2)
    expect(watched.states).toEqual(['connecting', 'connected', 'reconnecting', 'connected'])
    expect(got).toEqual([1])
  })

  test('of a dial', async () => {
    const end = await scope.farDown()
    const watched = scope.managed(end)
    const connected = watched.client.connect()
    await until(() => told.close === 2)
    expect(watched.states).toEqual(['connecting'])
    gate.resolve()
    await watched.reached('reconnecting')
    await end.start()
    await within(connected, 'connect()')
    expect(watched.codes[0]).toBe('CONNECTION_FAILED')
  })

  test('of a dial, where nothing is tried again', async () => {
    const watched = scope.managed('ws://127.0.0.1:1', { reconnect: false })
    const connected = rejection(watched.client.connect())
    await until(() => told.close === 2)
    gate.resolve()
    expect((await connected).code).toBe('CONNECTION_FAILED')
    expect(watched.states).toEqual(['connecting', 'failed'])
  })
})

describe('what the program asks for meanwhile', () => {
  test('disconnect() is done when it is there', async () => {
    const end = await far()
    const watched = scope.managed(end)
    const connected = rejection(watched.client.connect())
    const left = watched.client.disconnect()
    gate.resolve()
    await within(left, 'disconnect()')
    expect((await connected).code).toBe('ABORTED')
    expect(watched.client.state).toBe('disconnected')
    await within(watched.client.connect(), 'connect()')
    expect(late.keeping.asked).toBe(1)
  })

  test('disconnect() and connect(), reconnect(): the last connection is the one', async () => {
    const end = await far()
    const watched = scope.managed(end)
    const { client } = watched
    const first = fate(client.connect())
    void client.disconnect()
    const second = client.connect()
    const third = client.reconnect()
    gate.resolve()
    await within(Promise.all([second, third]), 'connections')
    expect(await first).toMatch(/resolved|ABORTED/)
    expect(await within(client.request('ask', 5), 'reply')).toBe(5)
    await until(() => end.sockets.filter(({ readyState }) => readyState === 1).length === 1)
  })

  test('subscriptions count from the first message on', async () => {
    const end = await far()
    const { client } = scope.managed(end)
    const connected = client.connect()
    await end.connections(1)
    end.say({ type: 'm', payload: 1 })
    await until(() => told.message === 1)
    const got: unknown[] = []
    client.on('m', ({ payload }) => got.push(payload))
    client.subscribe({ type: 'm', where: { '/payload': 1 } }, ({ payload }) => got.push([payload]))
    gate.resolve()
    await within(connected, 'connect()')
    await until(() => got.length === 2)
    expect(got).toEqual([1, [1]])
  })
})

describe('beside the part for conditions', () => {
  test('which comes later: what comes between the two is not lost', async () => {
    const end = await far()
    const watched = scope.managed(end)
    const { client } = watched
    const routes = late.routes.held()
    const connected = client.connect()
    const got: unknown[] = []
    client.subscribe({ type: 'm', where: { '/payload': { gt: 0 } } }, ({ payload }) => got.push(payload))
    await until(() => told.open === 1)
    await end.connections(1)
    end.say({ type: 'm', payload: 1 })
    await until(() => told.message === 1)
    gate.resolve()
    // Its steps have run as far as they may.
    await new Promise((resolve) => setImmediate(resolve))
    end.say({ type: 'm', payload: 2 })
    await until(() => told.message === 2)
    routes.resolve()
    await within(connected, 'connect()')
    await until(() => got.length === 2)
    expect(got).toEqual([1, 2])
    expect(watched.errors).toEqual([])
  })

  test('which is asked for by who hears of the connection', async () => {
    const end = await far()
    const watched = scope.managed(end)
    const { client } = watched
    const routes = late.routes.held()
    const got: unknown[] = []
    client.onStateChange((state) => {
      if (state === 'connected')
        client.subscribe({ type: 'm', where: { '/payload': 1 } }, ({ payload }) => got.push(payload))
    })
    const connected = client.connect()
    await end.connections(1)
    end.say({ type: 'm', payload: 1 })
    await until(() => told.message === 1)
    gate.resolve()
    await within(connected, 'connect()')
    expect(late.routes.asked).toBe(1)
    routes.resolve()
    await until(() => got.length === 1)
    expect(watched.errors).toEqual([])
  })
})

test('what comes meanwhile is bounded', async () => {
  const end = await far()
  const watched = scope.managed(end, {
    maxBackpressure: 4_096,
    highWaterMark: 1_024,
    queue: { maxBytes: 1_024 },
  })
  const got: unknown[] = []
  watched.client.on('m', ({ id }) => got.push(id))
  const connected = watched.client.connect()
  await end.connections(1)
  const { socket } = end
  end.sayAll(Array.from({ length: 20 }, (_, id) => ({ id, type: 'm', payload: 'x'.repeat(1_000) })))
  await until(() => told.close === 1)
  gate.resolve()
  await within(connected, 'connect()')
  await watched.reached('connected', 2)
  expect(watched.codes).toEqual(['OUT_OF_BUDGET'])
  expect(watched.errors[0].message).toContain('loaded')
  // Those that came ahead of it are not lost.
  expect(got).toEqual([0, 1, 2])
  expect(end.socket).not.toBe(socket)
})

describe('where it cannot be loaded', () => {
  test('is an error, and asked for again', async () => {
    const end = await far()
    const watched = scope.managed(end)
    late.keeping.comes = () => Promise.reject(new Error('blocked'))
    const connected = watched.client.connect()
    await watched.failedWith('CONNECTION_FAILED')
    expect(watched.errors[0].message).toContain('blocked')
    expect(watched.client.state).toBe('connecting')
    late.keeping.comes = () => Promise.resolve()
    await within(connected, 'connect()')
    expect([watched.codes, late.keeping.asked]).toEqual([['CONNECTION_FAILED'], 2])
  })

  test('is not waited for at the end', async () => {
    const end = await far()
    const watched = scope.managed(end)
    late.keeping.comes = () => Promise.reject(new Error('blocked'))
    const connected = rejection(watched.client.connect())
    await watched.failedWith('CONNECTION_FAILED')
    await until(() => told.open === 1)
    await within(watched.client.close(), 'close()')
    expect((await connected).code).toBe('ABORTED')
    expect(watched.client.state).toBe('disconnected')
    await until(() => told.close === 1)
  })
})
