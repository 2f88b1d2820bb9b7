// Rates, of connections, users and addresses; heartbeats without JavaScript; peers that misbehave.
import { Worker } from 'node:worker_threads'
import { WebSocket as WsSocket } from 'ws'
import { OP } from '../support/frames'
import { plenty } from '../support/kernel'
import type { RawPeer } from '../support/raw-peer'
import { DEADLINE, event, until } from '../support/waiters'
import { Hub, WebSocketServer } from '../../lib'
import { type Peer, useHubs } from './support/hubs'
import { rejection } from './support/managed'

const scope = useHubs()
/** A rate that gives no token back while a test runs. */
const day = 86_400_000
const few = (messages: number) => ({ messages, per: day })

/** Handlers of type 'm' note the payloads that came. */
async function noting(...options: Parameters<typeof scope.hub>) {
  const made = await scope.hub(...options)
  const seen: unknown[] = []
  made.hub.on('m', (payload) => seen.push(payload))
  return { ...made, seen }
}
function flood(peer: Peer, count: number, from = 0): void {
  for (let n = from; n < from + count; n++) peer.say({ type: 'm', id: `m${n}`, payload: n })
}

describe('rateLimit', () => {
  test('what is above the rate of a connection is not delivered, answered once, and counted', async () => {
    const { hub, url, seen } = await noting({ rateLimit: { connection: few(5) } })
    const peer = await scope.peer(url)
    const other = await scope.peer(url)
    flood(peer, 200)
    const error = await peer.found(({ type }) => type === 'error', 'error')
    expect(error).toMatchObject({ correlationId: 'm5', error: { code: 'RATE_LIMIT_EXCEEDED' } })
    const { retryAfter, message } = error['error'] as { retryAfter: number; message: string }
    expect(retryAfter).toBeGreaterThan(day / 5 - DEADLINE)
    expect(retryAfter).toBeLessThanOrEqual(day / 5)
    expect(message).toContain(`${retryAfter} ms`)
    await until(() => hub.metrics().server.rateLimited === 195)
    // The connection lives: heartbeats are free. Nobody else notices.
    expect(await peer.ask({ type: 'heartbeat' })).toMatchObject({ type: 'heartbeat_ack' })
    flood(other, 3, 1000)
    await until(() => seen.length === 8)
    expect(seen).toEqual([0, 1, 2, 3, 4, 1000, 1001, 1002])
    expect(peer.of('error')).toHaveLength(1)
    expect(other.of('error')).toEqual([])
    expect(hub.metrics()).toMatchObject({ messagesIn: 8, errors: {}, server: { rateClosed: 0 } })
  })

  test('a request of WebSocketClient rejects, with what it was told', async () => {
    const { hub, url } = await scope.hub({ rateLimit: { connection: few(1) } })
    hub.handle('ask', () => 'answer')
    const { client } = await scope.connected(url)
    expect(await client.request('ask')).toBe('answer')
    const error = await rejection(client.request('ask'))
    expect(error).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', recoverable: true })
    expect((error as { retryAfter?: number }).retryAfter).toBeGreaterThan(0)
  })

  test('a user has one rate on all its connections, and after it has come again', async () => {
    const { hub, url, seen } = await noting({
      auth: (_request, token) => (token === undefined ? false : { userId: token }),
      rateLimit: { user: few(4) },
    })
    const first = await scope.peer(`${url}?token=ann`)
    const second = await scope.peer(`${url}?token=ann`)
    const bob = await scope.peer(`${url}?token=bob`)
    await until(() => hub.connections.length === 3)
    flood(first, 3)
    await until(() => seen.length === 3)
    flood(second, 3, 10)
    await second.got('error')
    flood(bob, 4, 20)
    await until(() => seen.length === 8)
    first.close(1000)
    second.close(1000)
    await until(() => hub.connections.length === 1)
    const again = await scope.peer(`${url}?token=ann`)
    await until(() => hub.connections.length === 2)
    flood(again, 1, 30)
    await again.got('error')
    await until(() => seen.length === 8)
    expect(seen).toEqual([0, 1, 2, 10, 20, 21, 22, 23])
  })

  test('an address has one rate', async () => {
    const { url, seen } = await noting({ rateLimit: { address: few(3) } })
    const first = await scope.peer(url)
    const second = await scope.peer(url)
    flood(first, 2)
    await until(() => seen.length === 2)
    flood(second, 2, 10)
    await second.got('error')
    // The answer of the I/O thread may be faster than the program.
    await until(() => seen.length === 3)
    expect(seen).toEqual([0, 1, 10])
  })

  test('a batch counts as its messages', async () => {
    const { hub, url, seen } = await noting({ rateLimit: { connection: few(10) } })
    const peer = await scope.peer(url)
    const batch = (from: number, count: number) => ({
      ...{ type: 'batch', id: `b${from}` },
      payload: Array.from({ length: count }, (_, n) => ({ type: 'm', payload: from + n })),
    })
    peer.say(batch(0, 6))
    peer.say(batch(100, 6))
    peer.say(JSON.stringify(batch(200, 6)).replace('"batch"', '"b\\u0061tch"'))
    peer.say(batch(300, 4))
    await until(() => seen.length === 10)
    expect(await peer.got('error')).toMatchObject([{ correlationId: 'b100' }])
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 300, 301, 302, 303])
    expect(hub.metrics().server.rateLimited).toBe(2)
  })

  test('a least interval between two messages', async () => {
    const { url, seen } = await noting({ rateLimit: { minInterval: day } })
    const peer = await scope.peer(url)
    flood(peer, 3)
    expect(await peer.got('error')).toMatchObject([{ correlationId: 'm1' }])
    await until(() => seen.length === 1)
    expect(seen).toEqual([0])
  })

  test('who waits as long as it was told is heard', async () => {
    const { url, seen } = await noting({ rateLimit: { connection: { messages: 1, per: 200 } } })
    const peer = await scope.peer(url)
    flood(peer, 2)
    const [{ error }] = await peer.got('error')
    const { retryAfter } = error as { retryAfter: number }
    // The time that a peer was told is what is tested. A timer of Node's may be a millisecond early.
    await new Promise((resolve) => setTimeout(resolve, retryAfter + 1))
    flood(peer, 1, 2)
    await until(() => seen.length === 2)
    expect(seen).toEqual([0, 2])
  })

  test('who goes on is closed with 1008, and nobody else', async () => {
    const { hub, url, seen } = await noting({ rateLimit: { connection: few(2), closeAfter: 10 } })
    const ended: unknown[] = []
    hub.on('disconnect', (_connection, code) => ended.push(code))
    const other = await scope.peer(url)
    const peer = await scope.peer(url)
    const errors: unknown[] = []
    await until(() => hub.connections.length === 2)
    for (const { socket } of hub.connections) {
      socket.on('error', ({ code }: Error & { code?: string }) => errors.push(code))
    }
    flood(peer, 500)
    expect(await peer.end()).toEqual({ code: 1008, reason: 'Too many messages.' })
    await until(() => ended.length === 1)
    expect([ended, errors]).toEqual([[1006], ['RATE_LIMIT_EXCEEDED']])
    expect(hub.metrics().server).toMatchObject({ rateLimited: 10, rateClosed: 1 })
    flood(other, 1, 7)
    await until(() => seen.length === 3)
    expect(seen).toEqual([0, 1, 7])
  })

  test('compressed messages, with and without context takeover', async () => {
    for (const serverNoContextTakeover of [true, false]) {
      const deflate = {
        threshold: 0,
        serverNoContextTakeover,
        clientNoContextTakeover: serverNoContextTakeover,
      }
      const { hub, server, url, seen } = await noting(
        { rateLimit: { connection: few(3) } },
        { perMessageDeflate: deflate },
      )
      const socket = new WsSocket(url, 'hawser.v1', { perMessageDeflate: deflate })
      scope.defer(() => socket.terminate())
      await event(socket, 'open')
      expect(socket.extensions).toContain('permessage-deflate')
      const answer = event<[Buffer]>(socket, 'message')
      for (let n = 0; n < 10; n++) socket.send(JSON.stringify({ type: 'm', id: `m${n}`, payload: n }))
      expect(JSON.parse((await answer)[0].toString())).toMatchObject({
        error: { code: 'RATE_LIMIT_EXCEEDED' },
      })
      await until(() => hub.metrics().server.rateLimited === 7 && seen.length === 3)
      expect(seen).toEqual([0, 1, 2])
      await server.close({ timeout: 0 })
    }
  })

  test('a plain server: texts are answered unless told otherwise, bytes are not', async () => {
    for (const reply of [true, false]) {
      const { port, server } = await scope.server({ rateLimit: { connection: few(2), reply } })
      const came: unknown[] = []
      server.on('connection', (socket) => socket.on('message', (data) => came.push(String(data))))
      const peer = (await scope.rawClient(port)).upgrade()
      await peer.readHead()
      peer.send({ opcode: OP.binary, payload: 'a' }, { opcode: OP.binary, payload: 'b' })
      peer.send({ opcode: OP.binary, payload: 'c' }).text('d').send({ opcode: OP.ping, payload: 'p' })
      await until(() => server._topics.gauges().rateLimited === 2)
      if (reply) {
        const { payload } = await peer.expectFrame(OP.text)
        expect(JSON.parse(payload.toString())).toMatchObject({ error: { code: 'RATE_LIMIT_EXCEEDED' } })
      }
      await peer.expectFrame(OP.pong)
      await until(() => came.length === 2)
      expect(came).toEqual(['a', 'b'])
    }
  })

  test('options that cannot be', () => {
    const bad: [unknown, RegExp][] = [
      [{}, /limits nothing/],
      [{ closeAfter: 5 }, /limits nothing.*`connection`/],
      [{ conection: true }, /Did you mean `rateLimit.connection`/],
      [{ connection: { messages: 0 } }, /rateLimit.connection.messages/],
      [{ connection: { per: 1.5 } }, /rateLimit.connection.per/],
      [{ minInterval: 'x' }, /rateLimit.minInterval/],
      [5, /rateLimit/],
    ]
    for (const [rateLimit, words] of bad) {
      expect(() => new WebSocketServer({ noServer: true, rateLimit: rateLimit as never })).toThrow(words)
    }
    expect(() => new WebSocketServer({ noServer: true, rateLimit: { user: true } as never })).toThrow(
      /no option `rateLimit.user`/,
    )
    const server = new WebSocketServer({ noServer: true, rateLimit: true })
    scope.defer(() => server.close())
    expect(() => new Hub(server, { rateLimit: { user: {}, burst: 1 } as never })).toThrow(/rateLimit.burst/)
  })
})

describe('heartbeats', () => {
  test('while the JavaScript thread is blocked they are answered', async () => {
    const { hub, url } = await scope.hub({ auth: { verify: () => false, at: 'message' } })
    const acks = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(
      `const { workerData } = require('node:worker_threads')
       const { WebSocket } = require('ws')
       const acks = new Int32Array(workerData.acks)
       const socket = new WebSocket(workerData.url, 'hawser.v1')
       const beat = () => socket.send(JSON.stringify({ type: 'heartbeat', timestamp: 5, id: 'h' + acks[0] }))
       socket.on('open', beat)
       socket.on('message', (data) => {
         const { type, correlationId, payload } = JSON.parse(data)
         if (type !== 'heartbeat_ack' || correlationId !== 'h' + acks[0] || payload.originalTimestamp !== 5) return
         Atomics.add(acks, 0, 1)
         Atomics.notify(acks, 0)
         beat()
       })
       socket.on('error', () => {})`,
      { eval: true, workerData: { url, acks: acks.buffer } },
    )
    scope.defer(() => worker.terminate())
    await until(() => Atomics.load(acks, 0) > 0)
    // Blocks this thread: only the I/O thread can have answered.
    const first = Atomics.load(acks, 0)
    for (let count = first; count < first + 20; count = Atomics.load(acks, 0))
      if (Atomics.wait(acks, 0, count, DEADLINE) === 'timed-out') throw new Error(`only ${count} came`)
    expect(hub.metrics().server.heartbeats).toBeGreaterThanOrEqual(20)
    expect(hub.metrics().messagesIn).toBe(0)
  })

  test('the answers are those of docs/protocol.md, from whichever thread', async () => {
    const { hub, url } = await scope.hub({}, { perMessageDeflate: { threshold: 0 } })
    const peer = await scope.peer(url)
    const beats = [
      ...[{}, { id: 'i' }, { correlationId: 'c' }, { id: 'i2', correlationId: 'c2' }],
      ...[{ timestamp: 1.5, id: 't' }, { id: 'é' }, { id: 'q"' }, { id: 'p', payload: 0 }],
    ]
    for (const beat of beats) peer.say({ type: 'heartbeat', ...beat })
    const answers = await peer.got('heartbeat_ack', beats.length)
    // Those of the I/O thread may overtake the others.
    const plain = answers.map(({ timestamp, correlationId, payload, ...rest }) => {
      expect([typeof timestamp, rest]).toEqual(['number', { type: 'heartbeat_ack' }])
      return [correlationId, payload]
    })
    const wanted = beats.map((beat) => {
      const { id, correlationId = id, timestamp } = beat as Record<string, unknown>
      return [correlationId, timestamp === undefined ? undefined : { originalTimestamp: timestamp }]
    })
    const sorted = (list: unknown[]) => list.map((one) => JSON.stringify(one)).sort()
    expect(sorted(plain)).toEqual(sorted(wanted))
    expect(hub.metrics().server.heartbeats).toBe(5)
    expect(await peer.ask({ type: 'heartbeat', timestamp: 'x' })).toMatchObject({
      error: { code: 'INVALID_MESSAGE' },
    })
  })

  test('a server without a hub leaves them alone', async () => {
    const { server, url } = await scope.server()
    server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
    const client = await scope.opened(url)
    const echo = event<[string]>(client, 'message')
    client.send('{"type":"heartbeat"}')
    expect((await echo)[0]).toBe('{"type":"heartbeat"}')
  })
})

describe('peers that misbehave', () => {
  /** A peer that writes frames by hand. */
  async function raw(port: number): Promise<RawPeer> {
    const peer = (await scope.rawClient(port)).upgrade({ 'Sec-WebSocket-Protocol': 'hawser.v1' })
    await peer.readHead()
    return peer
  }

  test('each wrong message is answered by its code, the connection lives, and nobody else notices', async () => {
    const { hub, port, url } = await scope.hub({
      authorize: (_peer, action, room) => action !== 'join' || room !== 'staff',
    })
    hub.on('chat', (payload, ctx) => ctx.to('r').send('chat', payload))
    const [one, two] = await scope.joined(url, 'r', 2)
    const bad = await raw(port)
    const wrong: [string, string][] = [
      ['no json', 'PARSE_ERROR'],
      ['{"type":"chat"', 'PARSE_ERROR'],
      ['null', 'INVALID_MESSAGE'],
      ['[[]]', 'INVALID_MESSAGE'],
      [`${'['.repeat(5000)}${']'.repeat(5000)}`, 'INVALID_MESSAGE'],
      ['{}', 'INVALID_MESSAGE'],
      ['{"type":5}', 'INVALID_MESSAGE'],
      [JSON.stringify({ type: 'x'.repeat(129) }), 'INVALID_MESSAGE'],
      ['{"type":"nobody handles this"}', 'UNKNOWN_TYPE'],
      ['{"type":"toString"}', 'UNKNOWN_TYPE'],
      [JSON.stringify({ type: 'join', room: 'x'.repeat(257) }), 'INVALID_MESSAGE'],
      ['{"type":"join","room":"staff"}', 'UNAUTHORIZED'],
      ['{"type":"chat","room":"r","payload":"from outside"}', 'NOT_A_MEMBER'],
      ['{"type":"user_joined","room":"r"}', 'INVALID_MESSAGE'],
      ['{"type":"resume","payload":{"rooms":[]}}', 'INVALID_MESSAGE'],
      ['{"type":"batch","payload":5}', 'INVALID_MESSAGE'],
      ['{"type":"heartbeat","id":7}', 'INVALID_MESSAGE'],
    ]
    for (const [i, [text, code]] of wrong.entries()) {
      bad.text(text)
      one.say({ type: 'chat', room: 'r', payload: i })
      const { payload } = await bad.expectFrame(OP.text)
      expect([text.slice(0, 50), JSON.parse(payload.toString())]).toMatchObject([
        text.slice(0, 50),
        { type: 'error', error: { code } },
      ])
    }
    expect((await two.got('chat', wrong.length)).map(({ payload }) => payload as number)).toEqual(
      wrong.map((_, i) => i),
    )
    expect(two.of('error')).toEqual([])
    expect(hub.connections).toHaveLength(3)
  })

  test('what breaks the WebSocket protocol ends the connection by its code, and nobody else’s', async () => {
    const { hub, port, url } = await scope.hub({}, { maxPayload: 1000 })
    const one = await scope.peer(url)
    const broken: [(peer: RawPeer) => unknown, number][] = [
      [(peer) => peer.send({ opcode: OP.text, payload: Buffer.from([0xc3, 0x28]) }), 1007],
      [(peer) => peer.text('x'.repeat(1001)), 1009],
      [(peer) => peer.send({ opcode: 3, payload: '' }), 1002],
      [(peer) => peer.send({ opcode: OP.text, payload: '{}', mask: false }), 1002],
    ]
    for (const [act, code] of broken) {
      const bad = await raw(port)
      act(bad)
      expect((await bad.closeFrame())?.code).toBe(code)
      bad.destroy()
      await one.settled()
    }
    await until(() => hub.connections.length === 1)
    expect(hub.metrics().messagesIn).toBe(broken.length)
  })

  test('who asks and never reads is ended at its bound, while others are served', async () => {
    const { hub, port, url } = await scope.hub({}, { highWaterMark: 16_384, maxBackpressure: 65_536 })
    const answer = 'x'.repeat(32_768)
    hub.handle('much', () => answer)
    const one = await scope.peer(url)
    const ended: number[] = []
    hub.on('disconnect', (_connection, code) => ended.push(code))
    const bad = (await raw(port)).pause()
    const ask = bad.encode({ opcode: OP.text, payload: '{"type":"much","id":"q"}' })
    for (let sent = 0; ended.length === 0; sent++) {
      if (sent > (64 * plenty) / answer.length) throw new Error('it is served without end')
      await bad.flush(ask)
      if (sent % 32 === 0) expect((await one.ask({ type: 'much' })).payload).toBe(answer)
    }
    expect(ended).toEqual([1006])
    expect((await one.ask({ type: 'much' })).payload).toBe(answer)
  })
})
