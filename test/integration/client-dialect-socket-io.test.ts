// The dialect of Socket.IO against real servers of the socket.io package.
import { type Server as HttpServer, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server, type Socket } from 'socket.io'
import { WebSocketServer as PeerServer } from 'ws'
import { SocketIoArguments, socketIo } from '../../lib'
import { event, within } from '../support/waiters'
import { rejection, useManaged } from './support/managed'
import { closePeer, urlOf } from './support/peers'

const scope = useManaged()

interface Io {
  io: Server
  http: HttpServer
  url: string
  port: number
  close(): Promise<void>
}

/** A server that answers `ask`, echoes `echo`, and asks back on `ask-me`. */
async function serve(port = 0, options: object = {}): Promise<Io> {
  const http = createServer()
  const io = new Server(http, { transports: ['websocket'], ...options })
  const greet = (socket: Socket): void => {
    socket.on('echo', (...args: unknown[]) => socket.emit('echoed', ...args))
    socket.on('ask', (value: unknown, answer: (value: unknown, more?: unknown) => void) =>
      answer(value, 'more'),
    )
    socket.on('ask-me', () => {
      void socket
        .timeout(10_000)
        .emitWithAck('question', 'how many?', 2)
        .then((answer: unknown) => {
          socket.emit('answered', answer)
        })
    })
    socket.on('kick', () => socket.disconnect())
    socket.on('who', (answer: (auth: unknown) => void) => answer(socket.handshake.auth))
  }
  io.on('connection', greet)
  io.of('/admin').use((socket, next) => {
    const { token } = socket.handshake.auth as { token?: string }
    next(token === 'good' ? undefined : new Error('not for you'))
  })
  io.of('/admin').on('connection', greet)
  http.listen(port, '127.0.0.1')
  await event(http, 'listening')
  const bound = (http.address() as AddressInfo).port
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= io.close())
  scope.defer(close)
  return { io, http, url: `ws://127.0.0.1:${bound}`, port: bound, close }
}

test('events both ways, with one argument, several and none', async () => {
  const { url } = await serve()
  const { client, states } = await scope.connected(url, { dialect: socketIo() })
  const seen: unknown[] = []
  const done = new Promise<void>((resolve) =>
    client.on('echoed', (message) => {
      seen.push(message)
      if (seen.length === 4) resolve()
    }),
  )
  client.send('echo', { a: [1, 'é"'] })
  client.send('echo', new SocketIoArguments(1, [2], null))
  client.send('echo')
  client.send('echo', [1, 2])
  await within(done, 'echoes')
  expect(seen).toEqual([
    { type: 'echoed', payload: { a: [1, 'é"'] }, args: [{ a: [1, 'é"'] }] },
    { type: 'echoed', payload: 1, args: [1, [2], null] },
    { type: 'echoed', payload: undefined, args: [] },
    { type: 'echoed', payload: [1, 2], args: [[1, 2]] },
  ])
  expect(states).toEqual(['connecting', 'connected'])
})

test('acks of the server: requests and messages with `ack`', async () => {
  const { url } = await serve()
  const { client, errors } = await scope.connected(url, { dialect: socketIo() })
  const asked = Array.from({ length: 50 }, (_, n) => client.request('ask', n))
  expect(await within(Promise.all(asked), 'answers')).toEqual(Array.from({ length: 50 }, (_, n) => n))
  await within(client.send('ask', 1, { ack: true }), 'ack')
  expect(await rejection(client.request('nobody', 1, { timeout: 20 }))).toMatchObject({ code: 'TIMEOUT' })
  expect(client.getPerformanceMetrics()).toMatchObject({ acked: 1, requests: 51, requestTimeouts: 1 })
  expect(errors).toEqual([])
})

test('acks of the client: context.reply answers what the server asks', async () => {
  const { url } = await serve()
  const { client } = await scope.connected(url, { dialect: socketIo() })
  const contexts: boolean[] = []
  client.on('question', (message, { reply }) => {
    expect((message as unknown as { args: unknown[] }).args).toEqual(['how many?', 2])
    reply?.({ n: 42 })
    reply?.('too late')
  })
  const answered = new Promise((resolve) =>
    client.on('answered', ({ payload }, { reply }) => {
      contexts.push(reply === undefined)
      resolve(payload)
    }),
  )
  client.send('ask-me')
  expect(await within(answered, 'the answer to the answer')).toEqual({ n: 42 })
  expect(contexts).toEqual([true])
})

test('a namespace, with auth from an object or a function', async () => {
  const { url } = await serve()
  const options = { namespace: '/admin', auth: { token: 'good' } }
  const one = await scope.connected(url, { dialect: socketIo(options) })
  expect(await one.client.request('who')).toEqual({ token: 'good' })
  const auth = (): Promise<{ token: string }> => Promise.resolve({ token: 'good' })
  const other = await scope.connected(url, { dialect: socketIo({ namespace: '/admin', auth }) })
  expect(await other.client.request('ask', 'x')).toBe('x')
})

test('a refusal ends in `failed`, with the words of the server; so does an auth function that fails', async () => {
  const { url } = await serve()
  const dialect = socketIo({ namespace: '/admin', auth: { token: 'bad' } })
  const { client } = scope.managed(url, { dialect })
  const error = await rejection(client.connect())
  expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
  expect(error.message).toContain('not for you')
  expect(client.state).toBe('failed')
  const failing = socketIo({ auth: () => Promise.reject(new Error('no token')) })
  expect(await rejection(scope.managed(url, { dialect: failing }).client.connect())).toMatchObject({
    code: 'AUTHENTICATION_FAILED',
  })
  const nowhere = scope.managed(url, { dialect: socketIo({ namespace: '/nowhere' }) })
  expect((await rejection(nowhere.client.connect())).message).toContain('Invalid namespace')
})

test('messages with bytes go both ways, as attachments', async () => {
  const { url } = await serve()
  const { client } = await scope.connected(url, { dialect: socketIo() })
  const got = new Promise<{ args: unknown[] }>((resolve) =>
    client.on('echoed', (message) => resolve(message as never)),
  )
  client.send(
    'echo',
    new SocketIoArguments({ a: Buffer.from([1, 2]), b: [new Uint8Array(70_000).fill(3)] }, 'x'),
  )
  const { args } = await within(got, 'echo')
  const [first, second] = args as [{ a: Buffer; b: Buffer[] }, string]
  expect([[...first.a], first.b[0].length, first.b[0][69_999], second]).toEqual([[1, 2], 70_000, 3, 'x'])
})

test('bytes cannot be asked with, kept, or be too many', async () => {
  const { url } = await serve()
  const { client } = await scope.connected(url, { dialect: socketIo() })
  const bytes = Buffer.alloc(10)
  expect(await rejection(client.request('ask', bytes))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  const huge = Buffer.alloc(2_000_000)
  expect(() => client.send('echo', huge)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error,
  )
  await client.disconnect()
  expect(() => client.send('echo', bytes)).toThrow(
    expect.objectContaining({ code: 'INVALID_STATE' }) as Error,
  )
})

test('after a restart of the server it is connected again; what was sent meanwhile arrives', async () => {
  const first = await serve()
  const { client } = await scope.connected(first.url, { dialect: socketIo() })
  const echoed = new Promise((resolve) => client.on('echoed', ({ payload }) => resolve(payload)))
  const lost = new Promise<void>((resolve) =>
    client.onStateChange((state) => {
      if (state === 'reconnecting') resolve()
    }),
  )
  first.io.engine.close()
  await first.close()
  await within(lost, 'loss of the connection')
  client.send('echo', 'meanwhile')
  await serve(first.port)
  expect(await within(echoed, 'echo on the new connection')).toBe('meanwhile')
  expect(await client.request('ask', 1)).toBe(1)
})

test('a server that disconnects the client is done with it', async () => {
  const { url } = await serve()
  const watched = await scope.connected(url, { dialect: socketIo() })
  watched.client.send('kick')
  await watched.reached('disconnected')
  await within(watched.client.connect(), 'connect() again')
})

test('pings of the server are answered', async () => {
  const { io, url } = await serve(0, { pingInterval: 20, pingTimeout: 60_000 })
  const { client } = await scope.connected(url, { dialect: socketIo() })
  const [raw] = [...io.of('/').sockets.values()]
  let pongs = 0
  const three = new Promise<void>((resolve) =>
    raw.conn.on('heartbeat', () => {
      if (++pongs === 3) resolve()
    }),
  )
  await within(three, 'pongs')
  expect(client.state).toBe('connected')
})

test('a server that sends no pings is lost, and the client connects again', async () => {
  const server = new PeerServer({ port: 0, host: '127.0.0.1' })
  scope.defer(() => closePeer(server))
  await event(server, 'listening')
  const urls: (string | undefined)[] = []
  server.on('connection', (socket, request) => {
    urls.push(request.url)
    socket.send('0{"sid":"x","upgrades":[],"pingInterval":10,"pingTimeout":10,"maxPayload":1000}')
    socket.on('message', (data: Buffer) => {
      if (String(data) === '40') socket.send('40{"sid":"y"}')
    })
  })
  const watched = await scope.connected(urlOf(server), { dialect: socketIo() })
  await watched.failedWith('HEARTBEAT_TIMEOUT')
  await watched.reached('connected', 2)
  expect(urls[0]).toBe('/socket.io/?EIO=4&transport=websocket')
})

test('broken packets are `error` events, and the feed goes on', async () => {
  const server = new PeerServer({ port: 0, host: '127.0.0.1' })
  scope.defer(() => closePeer(server))
  await event(server, 'listening')
  const broken = ['4', '49', '42{', '42[1]', '42{}', '451-["e",{"_placeholder":true,"num":7}]', Buffer.of(1)]
  server.on('connection', (socket) => {
    socket.send('0{"sid":"x","pingInterval":10000,"pingTimeout":10000}')
    socket.on('message', (data: Buffer) => {
      if (String(data) !== '40') return
      socket.send('40{"sid":"y"}')
      for (const frame of broken) socket.send(frame)
      socket.send(Buffer.of(2))
      socket.send('42/elsewhere,["e",1]')
      socket.send('459999-["e"]')
      socket.send('42["e",2]')
    })
  })
  const watched = scope.managed(urlOf(server), { dialect: socketIo() })
  const got = new Promise((resolve) => watched.client.on('e', ({ payload }) => resolve(payload)))
  await within(watched.client.connect(), 'connect()')
  expect(await within(got, 'the event behind them')).toBe(2)
  expect(watched.codes).toEqual([
    'PARSE_ERROR',
    'PARSE_ERROR',
    'PARSE_ERROR',
    'INVALID_MESSAGE',
    'INVALID_MESSAGE',
    'INVALID_MESSAGE',
    'INVALID_MESSAGE',
    'INVALID_MESSAGE',
  ])
})

test.each([
  [{ namespace: 'admin' }, 'namespace'],
  [{ path: 'x' }, 'path'],
  [{ auth: 5 }, 'auth'],
  [{ nspace: '/' }, 'nspace'],
])('bad option %j', (options, name) => {
  expect(() => socketIo(options as never)).toThrow(
    expect.objectContaining({
      name: 'TypeError',
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`\`${name}\``) as string,
    }) as Error,
  )
})
