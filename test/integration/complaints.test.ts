// What users of other packages complain of, as tests named after the symptom.
import { OP } from '../support/frames'
import { failure, observe, useScope } from '../support/scope'
import type { WebSocket } from '../support/subject'
import { event, turns } from '../support/waiters'

const scope = useScope()

test('a burst of sends does not block the event loop until it is written: timers run before the last callback', async () => {
  const { peer, socket } = await scope.session('server', {
    maxBackpressure: 256 << 20,
    highWaterMark: 128 << 20,
  })
  const order: string[] = []
  const last = new Promise<void>((resolve) => {
    setTimeout(() => order.push('timer'), 0)
    for (let i = 0; i < 100_000; i++) socket.send('x'.repeat(100))
    order.push('sent')
    socket.send('end', () => {
      order.push('written')
      resolve()
    })
  })
  const reader = (async () => {
    for (
      let frame = await peer.nextFrame();
      frame && frame.payload.length !== 3;
      frame = await peer.nextFrame()
    );
  })()
  await Promise.all([last, reader])
  await turns()
  expect(order[0]).toBe('sent')
  expect(order).toContain('timer')
})

test('a slow consumer does not buffer without bound while publish goes on', async () => {
  const { server, port } = await scope.server({ highWaterMark: 64 * 1024, maxBackpressure: 256 * 1024 })
  const connection = event<[WebSocket]>(server, 'connection')
  const peer = (await scope.rawClient(port)).upgrade()
  await peer.readHead()
  peer.pause()
  const [socket] = await connection
  socket.subscribe('t')
  for (let round = 0; round < 100; round++) {
    for (let i = 0; i < 50; i++) server.publish('t', Buffer.alloc(8 * 1024))
    await turns(1)
    expect(socket.bufferedAmount).toBeLessThanOrEqual(256 * 1024)
  }
  expect(socket.readyState).toBe(1)
})

test('a handshake error says more than "non-101 status code"', async () => {
  const raw = (await scope.rawServer()).answer((peer) => {
    peer
      .write(
        Buffer.from(
          'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 13\r\n\r\ntoken expired',
        ),
      )
      .end()
  })
  const { error } = await failure(scope.client(`ws://127.0.0.1:${raw.port}/`))
  expect(error).toMatchObject({
    code: 'UNEXPECTED_RESPONSE',
    statusCode: 401,
    headers: { 'www-authenticate': 'Bearer' },
  })
  expect(String(error['body'])).toBe('token expired')
})

test('touching a socket in its own close handler does not throw', async () => {
  const { peer, socket } = await scope.session('server')
  const results: unknown[] = []
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      results.push(socket.send('x'), socket.ping(), socket.subscribe('t'), socket.publish('t', 'x'))
      socket.close()
      socket.terminate()
      resolve()
    })
  })
  peer.reset()
  await closed
  expect(results).toEqual([false, false, false, false])
})

test('messages that come while the listener is set late are not lost, on either side', async () => {
  const { server, port } = await scope.server()
  const connection = event<[WebSocket]>(server, 'connection')
  const peer = await scope.rawClient(port)
  peer.upgrade({}, '/', peer.encode({ opcode: OP.text, payload: 'early' }))
  const [socket] = await connection
  socket.pause()
  await turns(20)
  const { received } = observe(socket)
  socket.resume()
  expect((await received(1))[0].data).toBe('early')
})
