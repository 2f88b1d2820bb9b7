// The order of events and who gets what: open, messages, close, held messages, errors in handlers, iteration, disposal.
import { once } from 'node:events'
import { ownAddress } from '../support/addresses'
import { encodeFrame, OP, type FrameSpec } from '../support/frames'
import { failure, observe, settledOpen, useScope } from '../support/scope'
import { createWebSocketStream, WebSocket } from '../support/subject'
import { counter, deferred, event, turns, until, within } from '../support/waiters'

const scope = useScope()
const texts = (...payloads: string[]): FrameSpec[] =>
  payloads.map((payload) => ({ opcode: OP.text, payload }))

/** A `connection` listener that returns a promise. */
const returning = (listener: (socket: WebSocket) => Promise<void>): ((socket: WebSocket) => void) => listener

/** A server that sends `payloads` as soon as somebody connects, in the segment of its answer. */
async function eager(...payloads: string[]): Promise<string> {
  const tail = Buffer.concat(texts(...payloads).map((spec) => encodeFrame(spec)))
  const raw = (await scope.rawServer()).answer((peer) => peer.accept({}, tail))
  return `ws://127.0.0.1:${raw.port}/`
}

describe('nothing is missed', () => {
  test("await once(ws, 'open'), then on('message')", async () => {
    const client = scope.client(await eager('first', 'second'))
    await once(client, 'open')
    const { received } = observe(client)
    expect((await received(2)).map((m) => m.data)).toEqual(['first', 'second'])
  })

  test('a listener set in a later microtask of the connection event', async () => {
    const { server, port } = await scope.server()
    const connected = once(server, 'connection') as Promise<[WebSocket]>
    const peer = await scope.rawClient(port)
    peer.upgrade({}, '/', peer.encode({ opcode: OP.text, payload: 'at once' }))
    const [socket] = await connected
    await Promise.resolve()
    expect((await observe(socket).received(1))[0].data).toBe('at once')
  })

  test('a connection listener that returns a promise holds the messages until it settles', async () => {
    const { server, port } = await scope.server()
    const gate = deferred()
    const entered = deferred<WebSocket>()
    const seen: unknown[] = []
    const hold = async (socket: WebSocket): Promise<void> => {
      entered.resolve(socket)
      socket.on('message', (data) => seen.push(data))
      await gate.promise
    }
    server.on('connection', returning(hold))
    const peer = await scope.rawClient(port)
    peer.upgrade({}, '/', Buffer.concat(texts('one', 'two').map((spec) => peer.encode(spec))))
    await peer.readHead()
    const socket = await entered.promise
    peer.text('three')
    await turns(10)
    expect(seen).toEqual([])
    const { received } = observe(socket)
    gate.resolve()
    await received(3)
    expect(seen).toEqual(['one', 'two', 'three'])
  })

  test('a connection listener that rejects closes with 1011', async () => {
    const { server, port } = await scope.server()
    server.on('error', () => {})
    server.on(
      'connection',
      returning(() => Promise.reject(new Error('no database'))),
    )
    const peer = (await scope.rawClient(port)).upgrade()
    await peer.readHead()
    expect((await peer.closeFrame())?.code).toBe(1011)
  })

  test('messages wait for a close of the peer, not the other way round', async () => {
    const { server, port } = await scope.server()
    const gate = deferred()
    const log: unknown[] = []
    const over = deferred()
    const listener = (socket: WebSocket): Promise<void> => {
      socket.on('message', (data) => log.push(data))
      socket.on('close', (code) => {
        log.push(code)
        over.resolve()
      })
      return gate.promise
    }
    server.on('connection', returning(listener))
    const peer = await scope.rawClient(port)
    peer.upgrade(
      {},
      '/',
      Buffer.concat(
        [...texts('one', 'two'), { opcode: OP.close, payload: Buffer.from([0x0f, 0xa0]) }].map((spec) =>
          peer.encode(spec),
        ),
      ),
    )
    await peer.readHead()
    await turns(5)
    expect(log).toEqual([])
    gate.resolve()
    void peer.closeFrame().then(() => peer.end())
    await over.promise
    expect(log).toEqual(['one', 'two', 4000])
  })
})

describe('after the end', () => {
  test('every call on a closed socket is harmless', async () => {
    for (const role of ['server', 'client'] as const) {
      const session = await scope.session(role)
      const { socket } = session
      socket.terminate()
      await session.closed
      const events = counter(socket, 'close')
      expect([socket.readyState, socket.send('x'), socket.ping(), socket.pong('y')]).toEqual([
        3,
        false,
        false,
        false,
      ])
      socket.close(1000)
      socket.close()
      socket.terminate()
      socket.pause()
      socket.resume()
      socket.ref()
      socket.unref()
      if (role === 'server')
        expect([socket.subscribe('t'), socket.unsubscribe('t'), socket.publish('t', 'x')]).toEqual([
          false,
          false,
          false,
        ])
      expect(socket.bufferedAmount).toBeGreaterThanOrEqual(0)
      await turns()
      expect(events.calls).toHaveLength(0)
    }
  })

  test('after terminate() no message fires, not even one that came already', async () => {
    for (const role of ['server', 'client'] as const) {
      const { peer, socket, messages, closed } = await scope.session(role)
      socket.once('message', () => socket.terminate())
      peer.send(...texts(...Array.from({ length: 500 }, (_, i) => `m${i}`)))
      expect((await closed).code).toBe(1006)
      await turns()
      expect(messages).toHaveLength(1)
    }
  })

  test('terminate() drops what pause() held', async () => {
    const { peer, socket, messages, closed } = await scope.session('server')
    socket.pause()
    peer.send(...texts('held'))
    await turns(10)
    socket.terminate()
    await closed
    socket.resume()
    await turns()
    expect(messages).toEqual([])
  })

  test('close comes exactly once however the connection ends', async () => {
    const { peer, socket, closed } = await scope.session('server')
    const closes = counter(socket, 'close')
    peer.close(1000)
    socket.close(1001)
    socket.terminate()
    peer.reset()
    await closed
    await turns()
    expect(closes.calls).toHaveLength(1)
  })

  test('readyState is 2 after close() and 3 in the close event', async () => {
    const { client } = await scope.pair()
    const states: number[] = []
    client.on('close', () => states.push(client.readyState))
    client.close()
    states.push(client.readyState)
    await event(client, 'close')
    expect(states).toEqual([2, 3])
  })

  test('a server forgets its sockets', async () => {
    const { server, client, socket } = await scope.pair()
    expect([...server.clients]).toEqual([socket])
    const gone = event(socket, 'close')
    client.close()
    await gone
    expect(server.clients.size).toBe(0)
  })
})

describe('a flood', () => {
  test('timers and other sockets go on under a flood', async () => {
    const { server, port } = await scope.server()
    const connection = event<[WebSocket]>(server, 'connection')
    const peer = (await scope.rawClient(port)).upgrade()
    const [socket] = await connection
    server.on('connection', (other) => other.on('message', (data) => other.send(data)))
    let count = 0
    socket.on('message', () => count++)
    const flood = peer.encode({ opcode: OP.text, payload: 'flood' })
    const block = Buffer.concat(Array.from({ length: 5000 }, () => flood))
    let running = true
    let blocks = 0
    const writer = (async () => {
      for (; running; blocks++) await peer.flush(block)
    })()
    for (let i = 0; i < 5; i++) {
      const before = count
      // A timer goes on.
      await new Promise((resolve) => setTimeout(resolve, 1))
      const other = await scope.opened(`ws://127.0.0.1:${port}/`)
      const echo = event<[string]>(other, 'message')
      other.send('echo')
      expect((await echo)[0]).toBe('echo')
      // The flood is not over.
      await until(() => count > before)
    }
    running = false
    await writer
    await until(() => count === 5000 * blocks)
  })
})

describe('iteration', () => {
  test('for await takes messages in order and ends at a normal close', async () => {
    const { peer, socket } = await scope.session('client')
    peer.send(...texts('a', 'b', 'c'), { opcode: OP.close, payload: Buffer.from([3, 232]) }).end()
    const seen: unknown[] = []
    for await (const data of socket) seen.push(data)
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  test('for await throws at an abnormal close, after the messages', async () => {
    const { peer, socket } = await scope.session('client')
    const iterator = socket[Symbol.asyncIterator]()
    peer.send(...texts('a', 'b')).end()
    expect((await iterator.next()).value).toBe('a')
    expect((await iterator.next()).value).toBe('b')
    await expect(iterator.next()).rejects.toMatchObject({
      code: expect.stringMatching(/ABNORMAL_CLOSE|CONNECTION_LOST/) as string,
    })
    expect(await iterator.next()).toEqual({ value: undefined, done: true })
  })

  test('it buffers from the call on, pauses the peer when full and loses nothing', async () => {
    const { client, socket } = await scope.pair({ maxBackpressure: 64 << 20 })
    const iterator = client[Symbol.asyncIterator]()
    const count = 20_000
    for (let i = 0; i < count; i++) socket.send(String(i))
    await turns(20)
    for (let i = 0; i < count; i++) {
      const { value } = await iterator.next()
      if (value !== String(i)) throw new Error(`${String(value)} instead of ${i}`)
    }
    await iterator.return!()
    expect(client.readyState).toBe(1)
  })

  test('await using closes', async () => {
    const { client, socket } = await scope.pair()
    const gone = event<[number]>(socket, 'close')
    await client[Symbol.asyncDispose]()
    expect(client.readyState).toBe(3)
    expect([1000, 1005]).toContain((await gone)[0])
    await client[Symbol.asyncDispose]()
  })

  test('a stream carries bytes both ways and holds back its writer', async () => {
    const { client, socket } = await scope.pair({}, { highWaterMark: 64 * 1024 })
    socket.on('message', (data) => socket.send(data))
    const stream = createWebSocketStream(client)
    const chunks = Array.from({ length: 200 }, (_, i) => Buffer.alloc(10_000, i))
    let size = 0
    const all = new Promise<void>((resolve) => {
      stream.on('data', (chunk: Buffer) => {
        expect(chunk.every((byte) => byte === ((size / 10_000) & 255))).toBe(true)
        size += chunk.length
        if (size === 2_000_000) resolve()
      })
    })
    for (const chunk of chunks) if (!stream.write(chunk)) await event(stream, 'drain')
    await within(all, 'echo of the stream')
    const gone = event<[number]>(socket, 'close')
    stream.end()
    expect((await gone)[0]).toBe(1000)
  })

  test('destroying a stream terminates, and the end of the socket ends it', async () => {
    const first = await scope.pair()
    const stream = createWebSocketStream(first.client)
    const gone = event<[number]>(first.socket, 'close')
    stream.destroy()
    expect((await gone)[0]).toBe(1006)
    const second = await scope.pair()
    const other = createWebSocketStream(second.client)
    other.resume()
    const ended = event(other, 'end')
    second.socket.close(1000)
    await ended
  })
})

describe('names and constants', () => {
  test('states are on the class and on its instances', async () => {
    const { client } = await scope.pair()
    const states = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }
    expect([WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED]).toEqual([0, 1, 2, 3])
    expect({
      ...states,
      CONNECTING: client.CONNECTING,
      OPEN: client.OPEN,
      CLOSING: client.CLOSING,
      CLOSED: client.CLOSED,
    }).toEqual(states)
  })

  test('events of the server in order: listening, connection, close', async () => {
    const log: string[] = []
    const { server, url } = await scope.server()
    server.on('connection', () => log.push('connection'))
    server.on('close', () => log.push('close'))
    await scope.opened(url)
    await server.close()
    expect(log).toEqual(['connection', 'close'])
  })

  test('a sub-protocol is seen at both ends', async () => {
    const { client, socket } = await scope.pair({ protocols: ['b', 'a'] }, {}, ['a', 'b'])
    expect([client.protocol, socket.protocol]).toEqual(['b', 'b'])
  })
})

test('a thousand attempts against a closed door leave nothing behind', async () => {
  const { server, url } = await scope.server({ host: ownAddress })
  await server.close()
  for (let i = 0; i < 1000; i += 100) {
    await Promise.all(Array.from({ length: 100 }, () => failure(scope.client(url))))
  }
  const again = await scope.server()
  await settledOpen(scope.client(again.url))
})

test('sockets open and close by the hundred, and slots are used again', async () => {
  const { server, url } = await scope.server()
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  for (let round = 0; round < 5; round++) {
    const clients = await Promise.all(Array.from({ length: 100 }, () => scope.opened(url)))
    const answers = clients.map((client) => event<[string]>(client, 'message'))
    clients.forEach((client, i) => client.send(`${round}/${i}`))
    expect((await Promise.all(answers)).map(([data]) => data)).toEqual(
      clients.map((_c, i) => `${round}/${i}`),
    )
    const closes = clients.map((client) => event(client, 'close'))
    for (const client of clients) client.close()
    await Promise.all(closes)
  }
})
