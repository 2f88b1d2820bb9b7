// Under servers that exist already: node:http, node:https, Express and Fastify; the application's routes keep working.
import * as http from 'node:http'
import * as https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import express from 'express'
import fastify, { type FastifyInstance } from 'fastify'
import { certificates } from '../support/certificates'
import { OP } from '../support/frames'
import { Random, sha256 } from '../support/random'
import { RawPeer, upgradeRequest } from '../support/raw-peer'
import { failure, observe, useScope } from '../support/scope'
import { WebSocket, WebSocketServer } from '../support/subject'
import { deferred, event, events } from '../support/waiters'

const scope = useScope()
const random = new Random()
const made = certificates()
type Server = http.Server | https.Server

/** The kinds of server, each with a route that answers "hello". */
const kinds: [string, (secure: boolean) => Promise<Server> | Server][] = [
  ['http', (secure) => (secure ? https.createServer(made.server, hello) : http.createServer(hello))],
  [
    'Express',
    (secure) => {
      const app = express().get('/hello', (_request, response) => void response.send('hello'))
      return secure ? https.createServer(made.server, app) : http.createServer(app)
    },
  ],
  [
    'Fastify',
    async (secure) => {
      const app = (secure ? fastify({ https: made.server }) : fastify()) as FastifyInstance
      app.get('/hello', () => 'hello')
      await app.ready()
      scope.defer(() => app.close())
      return app.server
    },
  ],
]

function hello(_request: http.IncomingMessage, response: http.ServerResponse): void {
  response.end('hello')
}

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Duplex>()
  server.on('connection', (socket: Duplex) => sockets.add(socket))
  scope.defer(async () => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  })
  server.listen(0, '127.0.0.1')
  await event(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function fetched(port: number, secure: boolean): Promise<string> {
  const request = (secure ? https : http).get({
    port,
    host: '127.0.0.1',
    path: '/hello',
    rejectUnauthorized: false,
    agent: false,
  })
  const [response] = await event<[http.IncomingMessage]>(request, 'response')
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return text
}

const address = (secure: boolean, port: number, path = '/'): string =>
  `${secure ? 'wss' : 'ws'}://127.0.0.1:${port}${path}`
const echo = (socket: WebSocket): void =>
  void socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))

describe.each([false, true])('TLS: %s', (secure) => {
  describe.each(kinds)('%s', (_name, make) => {
    test('new WebSocketServer({ server })', async () => {
      const app = await make(secure)
      const server = scope.track(new WebSocketServer({ server: app }))
      server.on('connection', echo)
      const port = await listening(app)
      const client = await scope.opened(address(secure, port), [], { ca: made.ca })
      const answer = event<[string]>(client, 'message')
      client.send('both on one port')
      expect((await answer)[0]).toBe('both on one port')
      expect(await fetched(port, secure)).toBe('hello')
    })

    test('noServer and handleUpgrade, by path', async () => {
      const app = await make(secure)
      const one = scope.track(new WebSocketServer({ noServer: true }))
      const two = scope.track(new WebSocketServer({ noServer: true }))
      app.on('upgrade', (request, socket, head) => {
        const target = request.url === '/one' ? one : request.url === '/two' ? two : undefined
        if (!target) return void socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
        target.handleUpgrade(request, socket, head, (ws: WebSocket) => ws.send(`this is ${request.url}`))
      })
      const port = await listening(app)
      for (const path of ['/one', '/two']) {
        const { received } = observe(scope.client(address(secure, port, path), [], { ca: made.ca }))
        expect((await received(1))[0].data).toBe(`this is ${path}`)
      }
      const { error } = await failure(scope.client(address(secure, port, '/three'), [], { ca: made.ca }))
      expect(error['statusCode']).toBe(404)
      expect(await fetched(port, secure)).toBe('hello')
    })
  })

  test('an asynchronous decision before handleUpgrade, while frames come in already', async () => {
    const app = secure ? https.createServer(made.server) : http.createServer()
    const server = scope.track(new WebSocketServer({ noServer: true }))
    const decided = deferred()
    const asked = deferred()
    const accepted = deferred<WebSocket>()
    app.on('upgrade', (request, socket, head) => {
      asked.resolve()
      void decided.promise.then(() =>
        server.handleUpgrade(request, socket, head, (ws: WebSocket) => accepted.resolve(ws)),
      )
    })
    const port = await listening(app)
    const socket = secure
      ? (await import('node:tls')).connect({ port, host: '127.0.0.1', ca: made.ca })
      : (await import('node:net')).connect(port, '127.0.0.1')
    scope.defer(() => socket.destroy())
    await event(socket, secure ? 'secureConnect' : 'connect')
    const peer = new RawPeer(socket, 'client')
    peer.write(
      Buffer.concat([
        Buffer.from(upgradeRequest()),
        peer.encode({ opcode: OP.text, payload: 'in the head' }),
      ]),
    )
    await asked.promise
    await peer.flush(peer.encode({ opcode: OP.text, payload: 'while it was decided' }))
    decided.resolve()
    const { received } = observe(await accepted.promise)
    peer.text('afterwards')
    expect((await received(3)).map((m) => m.data)).toEqual([
      'in the head',
      'while it was decided',
      'afterwards',
    ])
  })

  test('large messages both ways keep order and content', async () => {
    const app = secure ? https.createServer(made.server) : http.createServer()
    const server = scope.track(
      new WebSocketServer({ server: app, maxPayload: 32 << 20, maxBackpressure: 256 << 20 }),
    )
    server.on('connection', echo)
    const port = await listening(app)
    const client = await scope.opened(address(secure, port), [], {
      ca: made.ca,
      maxPayload: 32 << 20,
      maxBackpressure: 256 << 20,
    })
    const sizes = [1, 70_000, 3_000_000, 0, 16 << 20, 126]
    const messages = sizes.map((size) => random.bytes(size))
    const back = events<[Buffer]>(client, 'message', messages.length)
    for (const message of messages) client.send(message)
    expect((await back).map(([data]) => sha256(data))).toEqual(messages.map((m) => sha256(m)))
  })

  test('a peer that does not read holds back the sender, and nothing is lost', async () => {
    const app = secure ? https.createServer(made.server) : http.createServer()
    const server = scope.track(new WebSocketServer({ server: app, highWaterMark: 256 * 1024 }))
    const connected = event<[WebSocket]>(server, 'connection')
    const port = await listening(app)
    const client = await scope.opened(address(secure, port), [], { ca: made.ca })
    const [socket] = await connected
    client.pause()
    let count = 0
    while (socket.send(random.bytes(64 * 1024))) count++
    count++
    const { received } = observe(client)
    const drained = event(socket, 'drain')
    client.resume()
    await drained
    expect(await received(count)).toHaveLength(count)
  })

  test('a paused receiver holds back the peer, and nothing is lost', async () => {
    const app = secure ? https.createServer(made.server) : http.createServer()
    const server = scope.track(new WebSocketServer({ server: app }))
    const connected = event<[WebSocket]>(server, 'connection')
    const port = await listening(app)
    const client = await scope.opened(address(secure, port), [], { ca: made.ca, highWaterMark: 128 * 1024 })
    const [socket] = await connected
    socket.pause()
    const { received } = observe(socket)
    let count = 0
    while (client.send(Buffer.alloc(50_000, count))) count++
    count++
    socket.resume()
    const messages = await received(count)
    expect(messages.map((m) => (m.data as Buffer)[0])).toEqual(
      Array.from({ length: count }, (_, i) => i & 255),
    )
  })

  test('the closing handshake and a vanished peer', async () => {
    const app = secure ? https.createServer(made.server) : http.createServer()
    const server = scope.track(new WebSocketServer({ server: app }))
    const port = await listening(app)
    for (const [end, code] of [
      [(ws: WebSocket) => ws.close(4000, 'enough'), 4000],
      [(ws: WebSocket) => ws.terminate(), 1006],
    ] as const) {
      const connected = event<[WebSocket]>(server, 'connection')
      const client = await scope.opened(address(secure, port), [], { ca: made.ca })
      const { closed } = observe((await connected)[0])
      end(client)
      expect((await closed).code).toBe(code)
    }
  })

  test('server.close() leaves the other server and its routes alone', async () => {
    const app = secure ? https.createServer(made.server, hello) : http.createServer(hello)
    const server = new WebSocketServer({ server: app })
    const port = await listening(app)
    const client = await scope.opened(address(secure, port), [], { ca: made.ca })
    const { closed } = observe(client)
    await server.close()
    expect((await closed).code).toBe(1001)
    expect(await fetched(port, secure)).toBe('hello')
  })
})

test.each([
  ['a version of 12', { 'Sec-WebSocket-Version': '12' }, 426],
  ['no key', { 'Sec-WebSocket-Key': undefined }, 400],
])('handleUpgrade refuses %s', async (_name, lines, status) => {
  const app = http.createServer()
  const server = scope.track(new WebSocketServer({ server: app }))
  const connections = jest.fn()
  server.on('connection', connections)
  const port = await listening(app)
  const peer = (await scope.rawClient(port)).upgrade(lines)
  expect((await peer.readHead()).first).toMatch(new RegExp(`HTTP/1\\.1 ${status} `))
  expect(connections).not.toHaveBeenCalled()
})

test('permessage-deflate is agreed under an existing server', async () => {
  const app = http.createServer()
  const server = scope.track(new WebSocketServer({ server: app, perMessageDeflate: { threshold: 0 } }))
  server.on('connection', echo)
  const client = await scope.opened(address(false, await listening(app)), [], {
    perMessageDeflate: { threshold: 0 },
  })
  expect(client.extensions).toContain('permessage-deflate')
  const back = event<[string]>(client, 'message')
  client.send('squeeze '.repeat(500))
  expect((await back)[0]).toBe('squeeze '.repeat(500))
})

test('handing the same socket over twice leaves the first connection alone', async () => {
  const app = http.createServer()
  const server = scope.track(new WebSocketServer({ noServer: true }))
  const again = jest.fn()
  app.on('upgrade', (request, socket, head) => {
    server.handleUpgrade(request, socket, head, (ws: WebSocket) => {
      echo(ws)
      try {
        server.handleUpgrade(request, socket, head, again)
      } catch {
        // Saying so is as good as ignoring it.
      }
    })
  })
  const client = await scope.opened(address(false, await listening(app)))
  const back = event<[string]>(client, 'message')
  client.send('still one')
  expect((await back)[0]).toBe('still one')
  expect(again).not.toHaveBeenCalled()
})
