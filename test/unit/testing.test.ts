// The doubles that are shipped: they have to behave as what they stand for.
import { EventEmitter } from 'node:events'
import { firstValueFrom, take, toArray } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { HawserError, type ProtocolMap, WebSocketClient } from '../../lib'
import { batched, conflated, fromClient, fromSocket, request$, webSocket } from '../../lib/rxjs'
import {
  ManualClock,
  MockServer,
  MockWebSocket,
  MockWebSocketClient,
  schedulerClock,
} from '../../lib/testing'
import { thrown } from '../support/waiters'

interface Feed extends ProtocolMap {
  receive: { tick: { symbol: string; price: number }; news: string }
  send: { watch: { symbol: string }; log: number }
  requests: { sum: { request: number[]; reply: number } }
}
const fate = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => (error as HawserError).code,
  )

afterEach(() => MockWebSocket.reset())

describe('ManualClock', () => {
  test('calls what is due, each at its time, in order', () => {
    const clock = new ManualClock()
    const log: unknown[] = []
    const write = (what: string) => () => log.push([what, clock.now()])
    clock.after(20, write('b'))
    clock.after(10, () => {
      write('a')()
      clock.after(5, write('within'))
    })
    clock.after(20, write('c'))
    const cancel = clock.after(15, write('never'))
    clock.after(21, write('later'))
    cancel()
    clock.advance(20)
    expect(log).toEqual([
      ['a', 10],
      ['within', 15],
      ['b', 20],
      ['c', 20],
    ])
    expect([clock.now(), clock.pending]).toEqual([20, 1])
  })
})

describe('MockWebSocket', () => {
  test('opens, sends, hears, and ends, in both shapes', () => {
    const socket = new MockWebSocket('ws://far.example', 'v1')
    const log: unknown[] = []
    socket.onopen = ({ type }) => log.push(type)
    socket.on('message', (data: unknown, binary: boolean) => log.push([data, binary]))
    socket.addEventListener('message', ({ data }: { data: unknown }) => log.push(data))
    socket.addEventListener('close', ({ code, wasClean }: { code: number; wasClean: boolean }) =>
      log.push([code, wasClean]),
    )
    expect(thrown(() => socket.send('early'))?.code).toBe('INVALID_STATE')
    expect(thrown(() => socket.simulateMessage('early'))?.code).toBe('INVALID_ARGUMENT')
    socket.simulateOpen('v1')
    expect(socket.send('{"a":1}')).toBe(true)
    socket.simulateMessage({ b: 2 })
    socket.simulateMessage(Uint8Array.of(1))
    socket.close(4000, 'enough')
    expect(socket.send('late')).toBe(false)
    expect(log).toEqual([
      'open',
      ['{"b":2}', false],
      '{"b":2}',
      [Uint8Array.of(1), true],
      Uint8Array.of(1),
      [4000, true],
    ])
    expect(socket).toMatchObject({
      url: 'ws://far.example',
      protocols: ['v1'],
      protocol: 'v1',
      readyState: 3,
    })
    expect([socket.sentMessages, socket.closedWith]).toEqual([[{ a: 1 }], { code: 4000, reason: 'enough' }])
    expect(MockWebSocket.instances).toEqual([socket])
  })

  test.each([
    [true, 'CONNECTION_LOST'],
    [false, 'CONNECTION_REFUSED'],
  ])('is lost, or refused (open: %s)', async (open, code) => {
    const socket = new MockWebSocket('ws://far.example')
    const messages = fate(firstValueFrom(fromSocket(socket)))
    if (open) socket.simulateOpen()
    socket.simulateDisconnection()
    expect(await messages).toBe(code)
  })
})

describe('MockServer', () => {
  test('answers, loses its connections, refuses, and is there again', async () => {
    const server = new MockServer({
      onConnection: ({ socket }) => expect(socket.protocols).toEqual(['v1']),
      onMessage: (data, connection) => connection.send(data),
    })
    const opened = new EventEmitter()
    const subject = webSocket<number>({
      url: 'ws://far.example',
      protocol: 'v1',
      WebSocketCtor: server.WebSocket,
      reconnect: { minDelay: 1, maxDelay: 1 },
      openObserver: { next: () => opened.emit('open') },
    })
    const three = firstValueFrom(subject.pipe(take(3), toArray()))
    subject.next(1)
    await EventEmitter.once(opened, 'open')
    const again = EventEmitter.once(opened, 'open')
    server.simulateDisconnection()
    subject.next(2)
    await again
    server.broadcast(3)
    expect((await three).sort()).toEqual([1, 2, 3])
    expect(server.history.map(({ messages }) => messages)).toEqual([[1], [2]])
    expect(server.connections).toHaveLength(0)
    server.down = true
    const refused = firstValueFrom(webSocket({ url: 'ws://far.example', WebSocketCtor: server.WebSocket }))
    await expect(refused).rejects.toMatchObject({ error: { code: 'CONNECTION_REFUSED' } })
  })
})

describe('MockWebSocketClient', () => {
  test('has the methods of the client that it stands for', () => {
    const connection = ['connect', 'disconnect', 'reconnect', 'close', 'onStateChange', 'getConnectionInfo']
    const messages = ['on', 'off', 'subscribe', 'send', 'sendBinary', 'request', 'drained', 'clearQueue']
    const real = WebSocketClient.prototype as unknown as Record<string, unknown>
    const mock = new MockWebSocketClient() as unknown as Record<string, unknown>
    for (const name of [...connection, ...messages, 'joinRoom', 'leaveRoom', 'ref', 'unref']) {
      expect([name, typeof real[name], typeof mock[name]]).toEqual([name, 'function', 'function'])
    }
  })

  test('messages reach handlers by type, prefix and condition', () => {
    const mock = new MockWebSocketClient<Feed>()
    const log: unknown[] = []
    const client = mock.asClient()
    client.on('tick', ({ payload }) => log.push(payload.price))
    const where = { '/payload/symbol': 'B' }
    const subscription = client.subscribe({ type: 'tick', where }, ({ payload }) => log.push(payload.symbol))
    mock.simulateMessage('tick', { symbol: 'A', price: 1 })
    mock.simulateMessage({ type: 'tick', payload: { symbol: 'B', price: 2 } })
    mock.simulateMessage('news', 'nobody listens')
    subscription.unsubscribe()
    mock.simulateMessage('tick', { symbol: 'B', price: 3 })
    expect(log).toEqual([1, 2, 'B', 3])
    expect(thrown(() => mock.simulateMessage({} as never))?.code).toBe('INVALID_ARGUMENT')
  })

  test('conflation and batches go by its clock', () => {
    const clock = new ManualClock()
    const mock = new MockWebSocketClient<Feed>({ clock })
    const log: unknown[] = []
    const conflate = { key: '/payload/symbol', every: 50 }
    mock.asClient().subscribe({ type: 'tick', conflate }, ({ payload }) => log.push(payload.price))
    mock
      .asClient()
      .subscribe({ type: 'tick', batch: { max: 9, every: 80 } }, (ticks) => log.push(ticks.length))
    for (const price of [1, 2, 3]) mock.simulateMessage('tick', { symbol: 'A', price })
    clock.advance(49)
    expect(log).toEqual([])
    clock.advance(1)
    expect(log).toEqual([3])
    clock.advance(30)
    expect(log).toEqual([3, 3])
  })

  test('what is sent waits for the connection', async () => {
    const mock = new MockWebSocketClient<Feed>({ connects: false })
    const client = mock.asClient()
    const connected = client.connect()
    client.send('watch', { symbol: 'A' }, { priority: 'high' })
    const acked = client.send('log', 1, { ack: true })
    expect([mock.state, mock.sent.length, mock.waiting.length]).toEqual(['connecting', 0, 2])
    mock.simulateConnection()
    await Promise.all([connected, acked])
    expect(mock.sent).toMatchObject([
      { type: 'watch', payload: { symbol: 'A' }, options: { priority: 'high' }, request: false },
      { type: 'log', payload: 1 },
    ])
  })

  test('requests are answered, refused, given up, late, or lost', async () => {
    const clock = new ManualClock()
    const mock = new MockWebSocketClient<Feed>({ clock })
    const client = mock.asClient()
    await client.connect()
    const given = new AbortController()
    const fates = [
      client.request('sum', [1, 2]),
      client.request('sum', []),
      client.request('sum', [], { signal: given.signal }),
      client.request('sum', [], { timeout: 100 }),
      client.request('sum', [3]),
    ].map(fate)
    expect(mock.requests.map(({ payload }) => payload)).toEqual([[1, 2], [], [], [], [3]])
    mock.simulateReply(3)
    mock.simulateErrorReply({ code: 'UNAUTHORIZED' })
    given.abort()
    clock.advance(100)
    mock.simulateDisconnection()
    expect(await Promise.all(fates)).toEqual([3, 'UNAUTHORIZED', 'ABORTED', 'TIMEOUT', 'CONNECTION_LOST'])
    expect(mock.requests).toEqual([])
    expect(thrown(() => mock.simulateReply(1))?.code).toBe('INVALID_ARGUMENT')
    expect(clock.pending).toBe(0)
  })

  test('states and errors', async () => {
    const mock = new MockWebSocketClient()
    const log: unknown[] = []
    mock.onStateChange((state, { error }) => log.push(error === undefined ? state : [state, error.code]))
    mock.on('error', (error: HawserError) => log.push(error.code))
    await mock.connect()
    mock.simulateDisconnection()
    mock.simulateConnection()
    mock.simulateError(new HawserError('PARSE_ERROR'))
    mock.simulateFailure()
    await mock.connect()
    await mock.close()
    expect(log).toEqual([
      'connecting',
      'connected',
      ['reconnecting', 'CONNECTION_LOST'],
      'CONNECTION_LOST',
      'connected',
      'PARSE_ERROR',
      ['failed', 'RETRIES_EXHAUSTED'],
      'RETRIES_EXHAUSTED',
      'connecting',
      'connected',
      'disconnecting',
      'disconnected',
    ])
    expect(mock.errors.map(({ code }) => code)).toEqual([
      'CONNECTION_LOST',
      'PARSE_ERROR',
      'RETRIES_EXHAUSTED',
    ])
  })

  test('takes part in marble tests', () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
    scheduler.run(({ cold, expectObservable }) => {
      const mock = new MockWebSocketClient<Feed>({ clock: schedulerClock(scheduler) })
      const live = fromClient(() => mock.asClient())
      const tick = (price: number) => ({ type: 'tick' as const, payload: { symbol: 'A', price } })
      const messages = { a: tick(1), b: tick(2), c: tick(3) }
      const ticks = live.messagesOfType('tick')
      expectObservable(ticks).toBe('--a-b 99ms c 10ms |', messages)
      expectObservable(ticks.pipe(conflated({ key: '/payload/symbol', every: 10 }))).toBe(
        '-- 10ms b 101ms c |',
        messages,
      )
      expectObservable(ticks.pipe(batched({ max: 2, every: 1000 }))).toBe('----B 110ms |', {
        B: [messages.a, messages.b],
      })
      cold('--a-b 99ms c', messages).subscribe((message) => mock.simulateMessage(message))
      cold('115ms e').subscribe(() => void mock.disconnect())
    })
  })

  test('streams of it ask and are answered', async () => {
    const mock = new MockWebSocketClient<Feed>()
    await mock.connect()
    const sum = firstValueFrom(request$(mock.asClient(), 'sum', [1, 2]))
    mock.simulateReply(3)
    expect(await sum).toBe(3)
  })
})
