// Heartbeats, idle timeouts, vanished peers and the graceful end of a server.
import { Worker } from 'node:worker_threads'
import { ownAddress } from '../support/addresses'
import { OP } from '../support/frames'
import { TcpProxy } from '../support/tcp-proxy'
import { observe, useScope } from '../support/scope'
import { WebSocketServer, type WebSocket } from '../support/subject'
import { DEADLINE, event, turns } from '../support/waiters'
import type { Role } from '../support/raw-peer'

const scope = useScope()
const quick = { heartbeat: { interval: 50, timeout: 100 } }

describe.each<Role>(['server', 'client'])('heartbeat, subject is the %s', (role) => {
  test('a peer that answers keeps the connection', async () => {
    const { peer, socket } = await scope.session(role, { heartbeat: { interval: 20, timeout: DEADLINE } })
    for (let i = 0; i < 5; i++) {
      const ping = await peer.expectFrame(OP.ping)
      peer.send({ opcode: OP.pong, payload: ping.payload })
    }
    expect(socket.readyState).toBe(1)
  })

  test('a peer that answers nothing is dropped with 1006', async () => {
    const { peer, errors, closed } = await scope.session(role, quick)
    expect((await closed).code).toBe(1006)
    expect(errors.map((error) => error.code)).toEqual(['HEARTBEAT_TIMEOUT'])
    expect((await peer.nextFrame())?.opcode).toBe(OP.ping)
  })

  test('no pings when it is off', async () => {
    const { peer, socket } = await scope.session(role, { heartbeat: false })
    socket.ping('mine')
    expect((await peer.expectFrame(OP.ping)).payload.toString()).toBe('mine')
    expect(peer.unread).toBe(0)
  })

  test('a peer from which nothing comes is closed after idleTimeout, and dropped when it answers nothing', async () => {
    const { errors, closed } = await scope.session(role, {
      idleTimeout: 100,
      closeTimeout: 100,
      heartbeat: false,
    })
    expect((await closed).code).toBe(1006)
    expect(errors.map((error) => error.code)).toEqual(['IDLE_TIMEOUT'])
  })

  test('idleTimeout does not keep closeTimeout from ending a close that nobody answers', async () => {
    const { socket, closed } = await scope.session(role, {
      idleTimeout: 100,
      closeTimeout: 200,
      heartbeat: false,
    })
    socket.close(1000)
    expect((await closed).code).toBe(1006)
  })
})

test('a peer that vanished is noticed by the heartbeat', async () => {
  const { server, port } = await scope.server(quick)
  const proxy = await TcpProxy.listen(port)
  scope.defer(() => proxy.close())
  const observed = event<[WebSocket]>(server, 'connection').then(([socket]) => observe(socket))
  // From the answer to the upgrade on, so that no ping is answered however late the heartbeat or this thread is.
  proxy.swallowAfterAnswer()
  const client = await scope.opened(`ws://127.0.0.1:${proxy.port}/`)
  const { closed, errors } = await observed
  expect((await closed).code).toBe(1006)
  expect(errors.map((error) => error.code)).toEqual(['HEARTBEAT_TIMEOUT'])
  expect(client.readyState).toBe(1)
})

test('a connection that is cut is 1006 at both ends', async () => {
  const { server, port } = await scope.server()
  const proxy = await TcpProxy.listen(port)
  scope.defer(() => proxy.close())
  const connection = event<[WebSocket]>(server, 'connection')
  const client = await scope.opened(`ws://127.0.0.1:${proxy.port}/`)
  const ends = [observe(client), observe((await connection)[0])]
  proxy.cut()
  expect((await Promise.all(ends.map((end) => end.closed))).map(({ code }) => code)).toEqual([1006, 1006])
})

test('while the JavaScript thread is blocked pings are answered and idle peers live on', async () => {
  // The peer lives in a worker and pings us while we compute. A heartbeat sends a ping only when the one before was
  // answered, so several of them say that the answers were heeded.
  const { server, port } = await scope.server({ heartbeat: { interval: 30, timeout: DEADLINE } })
  const connection = event<[WebSocket]>(server, 'connection')
  const flags = new Int32Array(new SharedArrayBuffer(8))
  const worker = new Worker(
    `const { workerData } = require('node:worker_threads')
     const net = require('node:net')
     const flags = new Int32Array(workerData.flags)
     const socket = net.connect(workerData.port, '127.0.0.1')
     socket.write('GET / HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n')
     let head = true
     socket.on('data', (bytes) => {
       if (head) { head = false; bytes = bytes.subarray(bytes.indexOf('\\r\\n\\r\\n') + 4) }
       for (let at = 0; at + 1 < bytes.length; at += 2 + (bytes[at + 1] & 127)) {
         if ((bytes[at] & 15) === 9) {
           // Its ping: answered with the same payload, masked with zeros; then a ping of our own.
           const length = bytes[at + 1] & 127
           socket.write(Buffer.concat([Buffer.from([0x8a, 0x80 | length, 0, 0, 0, 0]), bytes.subarray(at + 2, at + 2 + length)]))
           socket.write(Buffer.from([0x89, 0x81, 0, 0, 0, 0, 0x70]))
           Atomics.add(flags, 0, 1)
         } else if ((bytes[at] & 15) === 10) { Atomics.add(flags, 1, 1); Atomics.notify(flags, 1) }
       }
     })
     socket.on('error', () => {})`,
    { eval: true, workerData: { port, flags: flags.buffer } },
  )
  scope.defer(() => worker.terminate())
  const [socket] = await connection
  const { messages, errors } = observe(socket)
  // Blocks this thread until ten pongs reached the worker, which only the I/O thread can have sent.
  for (let pongs = 0; pongs < 10; pongs = Atomics.load(flags, 1))
    if (Atomics.wait(flags, 1, pongs, DEADLINE) === 'timed-out') throw new Error(`only ${pongs} pongs came`)
  expect(Atomics.load(flags, 0)).toBeGreaterThanOrEqual(10)
  await turns(5)
  expect([socket.readyState, messages, errors]).toEqual([1, [], []])
})

describe('server.close()', () => {
  test('sends 1001 to all, resolves when they are gone, and emits close once', async () => {
    const { server, url } = await scope.server()
    const closes = jest.fn()
    server.on('close', closes)
    const clients = await Promise.all([0, 1, 2].map(() => scope.opened(url)))
    const ends = clients.map((client) => observe(client).closed)
    await server.close()
    expect((await Promise.all(ends)).map(({ code }) => code)).toEqual([1001, 1001, 1001])
    expect(server.clients.size).toBe(0)
    await server.close()
    await turns()
    expect(closes).toHaveBeenCalledTimes(1)
  })

  test('what was sent before arrives before the 1001', async () => {
    const { server, client, socket } = await scope.pair({ maxBackpressure: 64 << 20 })
    const { messages, closed } = observe(client)
    for (let i = 0; i < 200; i++) socket.send(Buffer.alloc(50_000, i))
    const done = server.close()
    expect((await closed).code).toBe(1001)
    await done
    expect(messages).toHaveLength(200)
  })

  test('nobody gets in any more', async () => {
    const { server, url } = await scope.server({ host: ownAddress })
    await server.close()
    const late = scope.client(url)
    const [error] = await event<[{ code: string }]>(late, 'error')
    expect(error.code).toBe('CONNECTION_REFUSED')
  })

  test('a peer that answers no close is dropped at the deadline', async () => {
    const { server, port } = await scope.server({ heartbeat: false })
    const connection = event<[WebSocket]>(server, 'connection')
    const peer = (await scope.rawClient(port)).upgrade()
    await peer.readHead()
    const { closed } = observe((await connection)[0])
    await server.close({ timeout: 100 })
    expect((await peer.closeFrame())?.code).toBe(1001)
    expect((await closed).code).toBe(1006)
    expect(server.clients.size).toBe(0)
  })

  test('before listening', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await server.close()
    expect(server.clients.size).toBe(0)
  })

  test('the port can be had again at once', async () => {
    const { server, port, url } = await scope.server({ host: ownAddress })
    await scope.opened(url)
    await server.close()
    const again = await scope.server({ host: ownAddress, port })
    expect(again.port).toBe(port)
  })

  test('maxConnections turns further peers away with 503 until one leaves', async () => {
    const { server, url } = await scope.server({ maxConnections: 1 })
    const first = await scope.opened(url)
    const refused = scope.client(url)
    const [error] = await event<[{ statusCode: number }]>(refused, 'error')
    expect(error.statusCode).toBe(503)
    const gone = event([...server.clients][0], 'close')
    first.close()
    await gone
    await scope.opened(url)
  })
})
