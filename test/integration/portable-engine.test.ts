// What only the portable engine has: messages as heartbeats, tokens without headers, stores of browsers, what a browser
// tells of page and network, and the options that it refuses.
import { IDBFactory } from 'fake-indexeddb'
import { WebSocket as UndiciSocket } from 'undici'
import { WebSocket as WsSocket } from 'ws'
import { HawserError, type ManagedClientOptions, WebSocketClient } from '../../lib'
import { until, within } from '../support/waiters'
import { answering } from './support/far-end'
import { useHubs } from './support/hubs'
import { brisk, rejection } from './support/managed'
import { refusalCases } from './support/refusal-cases'

const scope = useHubs()
const WebSocket = UndiciSocket

/** Sets a global for the test. */
function global(name: string, value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, name)
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  scope.defer(() => {
    if (before === undefined) Reflect.deleteProperty(globalThis, name)
    else Object.defineProperty(globalThis, name, before)
  })
}

describe('servers that agree to no subprotocol', () => {
  test('are reached without it, and found again when they speak it', async () => {
    const far = await scope.far({ hawser: false })
    const watched = await scope.connected(far, { WebSocket })
    expect(watched.client.getConnectionInfo().protocol).toBe('')
    expect(watched.states).toEqual(['connecting', 'connected'])
    far.hangUp()
    await watched.reached('connected', 2)
    const hub = await scope.hub()
    const other = await scope.connected(hub.url, { WebSocket })
    expect(other.client.getConnectionInfo().protocol).toBe('hawser.v1')
  })
})

describe('tokens', () => {
  const accepts = (_request: unknown, token: string | undefined) =>
    token === 'good' ? { userId: 'u', roles: [] } : undefined

  test('travel as the first message where nothing else is said', async () => {
    const { url } = await scope.hub({ auth: accepts })
    const reasons: string[] = []
    const token = (reason: string): string => {
      reasons.push(reason)
      return reasons.length === 1 ? 'bad' : 'good'
    }
    const { client } = await scope.connected(url, { WebSocket, auth: token })
    expect(reasons).toEqual(['connect', 'refused'])
    expect(client.state).toBe('connected')
  })

  test('travel in the query; a dial that fails asks for another one, once', async () => {
    const { url } = await scope.hub({ auth: accepts })
    const reasons: string[] = []
    const token = (reason: string): string => {
      reasons.push(reason)
      return reasons.length === 1 ? 'bad' : 'good'
    }
    const watched = await scope.connected(url, { WebSocket, auth: { token, as: 'query' } })
    expect(reasons).toEqual(['connect', 'refused'])
    expect(watched.codes).toEqual(['CONNECTION_FAILED'])
  })

  test('cannot travel in a header', () => {
    const options = { url: 'ws://127.0.0.1:1', WebSocket, auth: { token: () => 't', as: 'header' as const } }
    expect(() => new WebSocketClient(options)).toThrow("'message' or 'query'")
  })
})

describe('heartbeats', () => {
  test('are messages that a hub answers, and measure the latency', async () => {
    const { url } = await scope.hub()
    const { client } = await scope.connected(url, { WebSocket, heartbeat: { interval: 5, timeout: 60_000 } })
    await until(() => client.getPerformanceMetrics().latencyCount >= 3)
    expect(client.getPerformanceMetrics()).toMatchObject({ state: 'connected', reconnects: 0 })
    expect(client.getPerformanceMetrics().latencyMax).toBeGreaterThan(0)
  })

  test('a peer that answers none is left', async () => {
    const far = await scope.far()
    const watched = await scope.connected(far, { WebSocket, heartbeat: { interval: 10, timeout: 10 } })
    await watched.failedWith('HEARTBEAT_TIMEOUT')
    await watched.reached('reconnecting')
  })

  test('go to no server that does not know them, unless the program says so', async () => {
    const far = await scope.far({ hawser: false })
    const quiet = await scope.connected(far, { WebSocket, heartbeat: { interval: 5, timeout: 5 } })
    const loud = await scope.connected(far, {
      WebSocket,
      heartbeat: { interval: 5, timeout: 5, messages: true },
    })
    await loud.failedWith('HEARTBEAT_TIMEOUT')
    expect(quiet.errors).toEqual([])
    expect(new Set(far.types)).toEqual(new Set(['heartbeat']))
  })
})

/** A localStorage as small as it gets. */
class Storage {
  private readonly items = new Map<string, string>()
  get length(): number {
    return this.items.size
  }
  key = (index: number): string | null => [...this.items.keys()][index] ?? null
  getItem = (key: string): string | null => this.items.get(key) ?? null
  setItem = (key: string, value: string): void => void this.items.set(key, value)
  removeItem = (key: string): void => void this.items.delete(key)
}

describe.each(['indexedDB', 'localStorage'] as const)('durable messages in %s', (kind) => {
  const options: Partial<ManagedClientOptions> = {
    WebSocket,
    queue: { store: { path: 'app', kind }, ackTimeout: 60_000 },
  }
  beforeEach(() => {
    global('indexedDB', new IDBFactory())
    global('localStorage', new Storage())
  })

  test('survive the client, in order, before what is new; and leave the store with their ack', async () => {
    const far = await scope.far()
    const first = scope.managed(far, options)
    for (let i = 0; i < 20; i++) await first.client.send('acked', i, { durable: true })
    await first.client.close()

    const second = scope.managed(far, options)
    second.client.send('acked', 'new')
    await within(second.client.connect(), 'connect()')
    await far.messages(21)
    expect(far.payloads).toEqual([...Array(20).keys(), 'new'])
    await until(() => second.client.getPerformanceMetrics().inFlight === 20)
    for (const { id } of far.received) far.say({ type: 'ack', correlationId: id })
    await until(() => second.client.getPerformanceMetrics().inFlight === 0)
    await second.client.close()

    const third = await scope.connected(far, options)
    await third.client.send('acked', 'last', { durable: true })
    await far.messages(22)
    expect(far.payloads.slice(21)).toEqual(['last'])
  })

  refusalCases(scope, () => options)

  test('bytes and times to live are kept too; another name is another queue', async () => {
    const far = await scope.far({ hawser: false })
    const first = scope.managed(far, options)
    await first.client.send('m', 'old', { durable: true, ttl: 1 })
    await first.client.send('m', 'here', { durable: true, priority: 'high', ttl: 600_000 })
    await first.client.close()
    const other = await scope.connected(far, {
      ...options,
      queue: { store: { path: 'app', name: 'other', kind } },
    })
    await other.client.send('m', 'other', { durable: true })
    await far.messages(1)
    const second = await scope.connected(far, options)
    await far.messages(2)
    expect(far.payloads).toEqual(['other', 'here'])
    await until(() => second.client.bufferedAmount === 0)
  })

  test.each([true, false])('more than the queue may hold follows as room comes; acks: %s', async (acks) => {
    const far = await scope.farDown({ hawser: acks })
    const large = scope.managed(far, options)
    for (let i = 0; i < 6; i++) await large.client.send('acked', `${i} `.padEnd(4_000), { durable: true })
    await large.client.close()
    await far.start()
    far.answer = answering
    // Room for one at a time: nothing else happens that would take the next one along.
    const queue = { ...options.queue, maxBytes: 5_000 }
    const { client } = await scope.connected(far, { ...options, queue })
    await far.messages(6)
    expect(far.payloads.map((text) => parseInt(text as string))).toEqual([0, 1, 2, 3, 4, 5])
    await until(() => client.bufferedAmount === 0)
  })

  test('an ack that is asked for is waited for; what the store does not take is said', async () => {
    const far = await scope.far()
    far.answer = answering
    const { client } = await scope.connected(far, options)
    await within(client.send('acked', 1, { durable: true, ack: true }), 'ack')
    const broken = scope.managed(far, options)
    await broken.client.queued()
    const why = new Error('the disk is full')
    const fail = (): never => {
      throw why
    }
    if (kind === 'localStorage') global('localStorage', Object.assign(new Storage(), { setItem: fail }))
    else global('indexedDB', { open: fail })
    const late = scope.managed(far, options)
    expect(await rejection(late.client.send('m', 1, { durable: true }))).toMatchObject({
      code: 'STORE_FAILED',
    })
    await late.failedWith('STORE_FAILED')
    expect(late.errors[0].message).toContain('the disk is full')
  })
})

test('where there is no store the client says so, and goes on without', async () => {
  const far = await scope.far()
  const watched = await scope.connected(far, { WebSocket, queue: { store: 'app' } })
  await watched.failedWith('STORE_FAILED')
  watched.client.send('m', 1)
  await far.messages(1)
})

test('clients of several pages share a store: what one holds is not taken by another', async () => {
  const held = new Set<string>()
  const request = async (name: string, ...rest: unknown[]): Promise<unknown> => {
    const work = rest.at(-1) as (lock: unknown) => unknown
    if (held.has(name)) return work(null)
    held.add(name)
    try {
      return await work({ name })
    } finally {
      held.delete(name)
    }
  }
  global('navigator', { locks: { request } })
  global('indexedDB', new IDBFactory())
  const down = await scope.farDown({ hawser: false })
  const options = { WebSocket, queue: { store: 'app' } }
  const one = scope.managed(down, options)
  await one.client.send('m', 'of one', { durable: true })
  const far = await scope.far({ hawser: false })
  const two = await scope.connected(far, options)
  await two.client.send('m', 'of two', { durable: true })
  await far.messages(1)
  await one.client.close()
  await two.client.close()
  await scope.connected(far, options)
  await far.messages(2)
  expect(far.payloads).toEqual(['of two', 'of one'])
})

describe('page and network', () => {
  const page = (): { page: EventTarget; document: EventTarget & { visibilityState: string } } => {
    const target = new EventTarget()
    const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
    global('addEventListener', target.addEventListener.bind(target))
    global('removeEventListener', target.removeEventListener.bind(target))
    global('document', document)
    return { page: target, document }
  }

  test('without a network attempts wait; when there is one again, it is tried at once', async () => {
    const { page: target } = page()
    const far = await scope.far()
    const reconnect = { minDelay: 1, maxDelay: 3_600_000 }
    const watched = await scope.connected(far, { WebSocket, reconnect })
    target.dispatchEvent(new Event('offline'))
    far.hangUp()
    await watched.reached('reconnecting')
    expect(watched.last('reconnecting')?.nextDelay).toBe(3_600_000)
    target.dispatchEvent(new Event('online'))
    await watched.reached('connected', 2)
  })

  test('a page that is looked at again tries at once, and asks whether the connection lives', async () => {
    const { document } = page()
    const far = await scope.far()
    const reconnect = { minDelay: 1_000, maxDelay: 3_600_000, factor: 100, jitter: 0, adaptive: false }
    await far.stop()
    const watched = scope.managed(far, { WebSocket, reconnect })
    const connected = watched.client.connect()
    await watched.reached('reconnecting')
    await far.start()
    document.visibilityState = 'hidden'
    document.dispatchEvent(new Event('visibilitychange'))
    document.visibilityState = 'visible'
    document.dispatchEvent(new Event('visibilitychange'))
    await within(connected, 'connect()')
    document.dispatchEvent(new Event('visibilitychange'))
    await far.messages(1, 'heartbeat')
    await watched.client.close()
  })
})

test.each(['connected', 'disconnected', 'failed'] as const)(
  'a client may be closed by whoever hears that it is %s',
  async (state) => {
    const far = await (state === 'failed' ? scope.farDown() : scope.far())
    const { client } = scope.managed(far, { WebSocket, reconnect: false })
    const closed = new Promise<void>((resolve, reject) => {
      client.onStateChange((now) => {
        if (now === state) client.close().then(resolve, reject)
      })
    })
    await client.connect().catch(() => undefined)
    if (state === 'disconnected') await client.disconnect()
    await within(closed, 'close()')
  },
)

describe('bounds', () => {
  test('a message above maxPayload is the end', async () => {
    const far = await scope.far()
    const watched = await scope.connected(far, { WebSocket, maxPayload: 1_000 })
    far.say({ type: 'm', payload: 'x'.repeat(1_000) })
    await watched.reached('failed')
    expect(watched.errors).toMatchObject([{ code: 'MESSAGE_TOO_BIG', recoverable: false }])
  })

  test('a server that does not answer is left in time', async () => {
    const raw = await scope.rawServer()
    const watched = scope.managed(`ws://127.0.0.1:${raw.port}/`, { WebSocket, connectTimeout: 30 })
    const refused = rejection(watched.client.connect())
    await watched.failedWith('CONNECT_TIMEOUT')
    await watched.client.disconnect()
    expect(await refused).toMatchObject({ code: 'ABORTED' })
  })
})

test('binary messages are Buffers in Node, and what was sent is a copy', async () => {
  const far = await scope.far()
  const { client } = scope.managed(far, { WebSocket })
  const bytes = Buffer.from([1, 2, 3])
  client.sendBinary(bytes)
  bytes.fill(9)
  await within(client.connect(), 'connect()')
  await far.until(() => far.binaries.length === 1, 'bytes')
  expect([...far.binaries[0]]).toEqual([1, 2, 3])
  const came = new Promise((resolve) => client.on('binary', resolve))
  far.socket.send(new Uint8Array([4, 5]))
  expect(await within(came, 'bytes')).toEqual(Buffer.from([4, 5]))
})

test.each([
  [{ headers: { a: 'b' } }, 'headers'],
  [{ rejectUnauthorized: false }, 'rejectUnauthorized'],
  [{ proxy: 'http://p' }, 'proxy'],
  [{ url: 'ftp://x' }, 'ftp:'],
  [{ url: 'ws://user:pw@x' }, 'auth'],
  [{ url: 'ws://x/#f' }, 'fragment'],
  [{ url: 'nonsense' }, 'nonsense'],
  [{ url: 5 }, 'string'],
  [{ WebSocket: 'x' }, 'WebSocket'],
  [{ heartbeat: 5 }, 'heartbeat'],
  [{ highWaterMark: 2, maxBackpressure: 1 }, 'highWaterMark'],
  [{ queue: { store: { path: 'x', kind: 'disk' } } }, 'queue.store.kind'],
])('options %j are refused, with the reason', (options, words) => {
  const make = (): unknown => new WebSocketClient({ url: 'ws://x', WebSocket, ...options } as never)
  expect(make).toThrow(words)
  expect(make).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^INVALID_/) as string }) as Error,
  )
})

describe('Node without the native part', () => {
  const trouble = new HawserError('NATIVE_UNAVAILABLE', 'There is no native part here')
  const load = () => {
    let lib!: typeof import('../../lib')
    jest.isolateModules(() => {
      jest.doMock('../../lib/native/binding', () => ({
        binding: () => {
          throw trouble
        },
      }))
      lib = jest.requireActual('../../lib')
    })
    scope.defer(() => jest.dontMock('../../lib/native/binding'))
    return lib
  }

  test('clients take the portable engine, and say so once; what needs the native part says what is missing', async () => {
    global('WebSocket', WsSocket)
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    scope.defer(() => warn.mockRestore())
    const far = await scope.far()
    const lib = load()
    const make = (options: object) => {
      const client = new lib.WebSocketClient({ url: far.url, reconnect: brisk, ...options })
      scope.defer(() => client.close())
      return client
    }
    const client = make({})
    await within(client.connect(), 'connect()')
    client.send('m', 1)
    await far.messages(1)
    make({})
    expect(warn.mock.calls.map(([, details]) => details)).toEqual([
      { code: 'HAWSER_PORTABLE', detail: trouble.message },
    ])
    const missing = expect.objectContaining({ code: 'NATIVE_UNAVAILABLE' }) as Error
    expect(() => make({ ca: 'x' })).toThrow(missing)
    expect(() => make({ url: 'nonsense' })).toThrow(expect.objectContaining({ code: 'INVALID_URL' }) as Error)
    expect(() => new lib.WebSocketServer({ port: 0 })).toThrow('no native part')
  })

  test('where Node has no WebSocket either, that is the end', () => {
    global('WebSocket', undefined)
    const lib = load()
    expect(() => new lib.WebSocketClient('ws://127.0.0.1:1')).toThrow('no native part')
  })
})
