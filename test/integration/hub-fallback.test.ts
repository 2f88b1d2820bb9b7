// Peers of a hub that speak HTTP, written by hand as docs/protocol.md says.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Hub, WebSocketServer } from '../../lib'
import { certificates } from '../support/certificates'
import { Random } from '../support/random'
import { event, until, within } from '../support/waiters'
import { type Answer, Line, request, useSessions } from './support/http-session'
import { useHubs } from './support/hubs'

const scope = useHubs()

const { session, streamed } = useSessions(scope)

test('a session is a connection like any other: rooms, requests, what is published, the end', async () => {
  const { hub, port, url } = await scope.hub({ fallback: true, presence: true })
  hub.handle('double', (n: number) => n * 2)
  hub.on('chat', (payload, ctx, { room }) => void ctx.to(room as string).send('chat', payload))
  const [other] = await scope.joined(url, 'r')
  const peer = await streamed({ port })
  expect(peer.protocol).toBe('hawser.v1')
  await peer.say({ type: 'join', id: 'j', room: 'r' }, { type: 'double', id: 'd', payload: 21 })
  expect(await peer.got('joined')).toMatchObject({ correlationId: 'j', room: 'r' })
  expect(await peer.got('reply')).toMatchObject({ correlationId: 'd', payload: 42 })
  await peer.say({ type: 'chat', room: 'r', payload: 'line\nbreak "é" \u2028' })
  expect((await other.got('chat'))[0]).toMatchObject({ payload: 'line\nbreak "é" \u2028' })
  other.say({ type: 'chat', room: 'r', payload: 'back' })
  expect(await peer.got('chat')).toMatchObject({ payload: 'back', room: 'r' })
  const [, connection] = hub.connections
  expect([hub.connections.length, hub.size('r'), connection.request.overHttp]).toEqual([2, 2, true])
  expect(connection.request.remoteAddress).toBe('127.0.0.1')
  expect(hub.connections[0].request.overHttp).toBe(false)
  const left = event<[unknown, number, string]>(connection.socket, 'close')
  await peer.post(peer.seq, [['close', 4000, 'bye']])
  expect(await left).toEqual([4000, 'bye'])
  expect(await peer.next((record) => Array.isArray(record), 'close')).toEqual(['close', 4000, ''])
  expect((await peer.acknowledge()).status).toBe(200)
  expect((await peer.acknowledge()).status).toBe(404)
})

test('the server says goodbye with its code, and says it to a poll too', async () => {
  const { hub, port } = await scope.hub({ fallback: true })
  const peer = await session({ port })
  const [connection] = hub.connections
  connection.close(4321, 'no more')
  await until(() => hub.connections.length === 0)
  expect(await peer.poll()).toEqual([['close', 4321, 'no more']])
})

test('requests follow each other on a connection, pages and an upgrade among them', async () => {
  const { hub, port } = await scope.hub({ fallback: true, http: { health: '/health' } }, { path: '/live' })
  const line = Line.open({ port })
  scope.defer(() => line.socket.destroy())
  for (let i = 0; i < 3; i++) {
    line.write('POST', { port, path: '/live?x=1' }, '{}')
    expect(await line.answer()).toMatchObject({ status: 200 })
  }
  expect(hub.connections[2].request.url).toBe('/live?x=1')
  line.write('GET', { port, path: '/health' })
  expect(await line.answer()).toMatchObject({ status: 200, body: '{"status":"ok"}\n' })
  line.write('GET', { port, path: '/live' })
  expect(await line.answer()).toMatchObject({ status: 426 })
  line.write('POST', { port, path: '/other' }, '{}')
  expect(await line.answer()).toMatchObject({ status: 404 })
  line.write('DELETE', { port, path: '/live' })
  expect(await line.answer()).toMatchObject({ status: 426 })
  line.write('GET', {
    port,
    path: '/live',
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    },
  })
  expect(await line.head()).toMatchObject({ status: 101 })
  await until(() => hub.connections.length === 4)
  // Elsewhere it is what it was.
  expect(await request('POST', { port, path: '/other' }, '{}')).toMatchObject({ status: 405 })
})

test('without the option all is as it was; an old proxy may speak HTTP/1.0', async () => {
  const bare = await scope.hub()
  expect(await request('POST', { port: bare.port }, '{}')).toMatchObject({ status: 405 })
  const { port } = await scope.hub({ fallback: true })
  const line = Line.open({ port })
  line.socket.write('POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}')
  expect(await line.head()).toMatchObject({ status: 200, headers: { connection: 'close' } })
  await line.until(() => line.ended, 'end')
})

test('a post that comes again is no duplicate, and one behind a gap is refused', async () => {
  const { hub, port } = await scope.hub({ fallback: true })
  const seen: unknown[] = []
  hub.on('n', (payload) => void seen.push(payload))
  const peer = await session({ port })
  const n = (...payloads: number[]): string[] =>
    payloads.map((payload) => JSON.stringify({ type: 'n', payload }))
  expect(JSON.parse((await peer.post(0, n(0, 1))).body)).toEqual({ seq: 2 })
  expect(JSON.parse((await peer.post(0, n(0, 1))).body)).toEqual({ seq: 2 })
  expect(JSON.parse((await peer.post(1, n(1, 2, 3))).body)).toEqual({ seq: 4 })
  expect(await peer.post(5, n(5))).toMatchObject({ status: 409, body: '{"seq":4}\n' })
  expect(JSON.parse((await peer.post(4, n(4))).body)).toEqual({ seq: 5 })
  await until(() => seen.length === 5)
  expect(seen).toEqual([0, 1, 2, 3, 4])
})

test('a stream that is lost goes on where the peer says, and the newest stream counts', async () => {
  const { hub, port } = await scope.hub({ fallback: true })
  const peer = await streamed({ port })
  await peer.say({ type: 'join', room: 'r' })
  await peer.got('joined')
  hub.to('r').send('a')
  await peer.got('a')
  // Lost before it was acknowledged.
  peer.ack -= 1
  peer.cut()
  hub.to('r').send('b')
  await peer.listen()
  const before = peer.records.length
  await peer.got('b')
  expect(
    peer.records.slice(before).map((text) => (JSON.parse(text as string) as { type: string }).type),
  ).toEqual(['a', 'b'])
  const { id, ack } = peer
  const older = Line.open({ port })
  older.write('POST', { port }, JSON.stringify({ session: id, down: 'stream', ack }))
  await older.head()
  const newer = Line.open({ port })
  newer.write('POST', { port }, JSON.stringify({ session: id, down: 'poll', ack }))
  await older.until(() => older.text.includes('\r\n0\r\n\r\n'), 'end of the older stream')
  hub.to('r').send('c')
  expect((await newer.answer()).body).toContain('\\"c\\"')
  older.socket.destroy()
  newer.socket.destroy()
})

test.each(['stream', 'poll', 'nothing'])(
  'a peer that is gone behind its %s ends as one that is lost',
  async (way) => {
    const { hub, port } = await scope.hub({ fallback: { grace: 40, interval: 20 } })
    const ended = new Promise((resolve) => hub.on('disconnect', (...args) => resolve(args.slice(1))))
    const peer = await session({ port })
    if (way === 'stream') await peer.listen()
    // Where it is heard in time it gets a ping, and does not say that it has it.
    if (way === 'poll') await peer.poll().catch(() => [])
    expect(await ended).toEqual([1006, ''])
    expect((await peer.acknowledge()).status).toBe(404)
  },
)

test.each([false, true])('who sends no more behind a post is answered, TLS: %p', async (secure) => {
  const { ca, server } = certificates()
  const { hub, port } = await scope.hub({ fallback: true }, secure ? { tls: server } : {})
  // Long enough for the end to come before the answer is there, which is the harder case.
  hub.handle('slow', () => new Promise((resolve) => setTimeout(resolve, 20, 'done')))
  const to = { port, keeps: true, ...(secure && { ca }) }
  const ask = async (
    head: Record<string, unknown>,
    ...records: unknown[]
  ): Promise<{ line: Line; answer: Answer }> => {
    const line = Line.open(to)
    scope.defer(() => line.socket.destroy())
    line.write('POST', to, [head, ...records].map((one) => JSON.stringify(one)).join('\n'))
    line.socket.end()
    const answer = await (head['down'] === 'stream' ? line.head() : line.answer())
    expect(answer.status).toBe(200)
    return { line, answer }
  }
  const opened = await ask({ protocols: ['hawser.v1'] })
  await opened.line.until(() => opened.line.ended, 'end behind the answer')
  const { session: id } = JSON.parse(opened.answer.body) as { session: string }
  await ask({ session: id, seq: 0 }, JSON.stringify({ type: 'slow', id: 's', correlationId: 's' }))
  // The answer comes long behind the end of what the poll has sent.
  const { answer } = await ask({ session: id, down: 'poll', ack: 0 })
  expect(answer.body).toContain('done')
  const { line } = await ask({ session: id, down: 'stream', ack: 1 })
  hub.connections[0].send('news', 1)
  await line.until(() => line.text.includes('news'), 'news')
  line.socket.destroy()
})

test('pings of the server are answered when the peer has them', async () => {
  const { hub, port } = await scope.hub({ fallback: true }, { heartbeat: false })
  const peer = await streamed({ port })
  const [{ socket }] = hub.connections
  const pongs: unknown[] = []
  socket.on('pong', (data: Buffer) => pongs.push(data))
  socket.ping('hey')
  await peer.next((record) => Array.isArray(record), 'ping')
  await peer.acknowledge()
  await until(() => pongs.some((data) => String(data) === 'hey'))
  const lost = await scope.hub({ fallback: true }, { heartbeat: { interval: 20, timeout: 30 } })
  await streamed({ port: lost.port })
  const [connection] = lost.hub.connections
  expect(await event(connection.socket, 'close')).toEqual([1006, ''])
})

test('binary messages reach what takes them', async () => {
  const { hub, port } = await scope.hub({ fallback: true })
  const peer = await streamed({ port })
  const [{ socket }] = hub.connections
  const heard = event<[Buffer, boolean]>(socket, 'message')
  await peer.post(0, [['binary', Buffer.from([0, 1, 255]).toString('base64')]])
  expect(await heard).toEqual([Buffer.from([0, 1, 255]), true])
  socket.send(Buffer.from([9, 8]))
  expect(await peer.next((record) => Array.isArray(record), 'binary')).toEqual(['binary', 'CQg='])
})

test.each([
  ['', 400],
  ['[]', 400],
  ['null', 400],
  ['{', 400],
  ['"x"', 400],
  ['{"protocols":1}', 400],
  ['{"protocols":[1]}', 400],
  ['{"protocols":["a b"]}', 400],
  ['{"protocols":["a\\r\\nX: y"]}', 400],
  ['{"session":1}', 400],
  ['{"session":"x"}', 400],
  ['{"session":"x","seq":1,"down":"poll"}', 400],
  ['{"session":"x","seq":-1}', 400],
  ['{"session":"x","seq":1.5}', 400],
  ['{"session":"x","seq":0,"ack":"1"}', 400],
  ['{"session":"x","down":"socket"}', 400],
  ['{"session":"__proto__","seq":0}', 404],
  ['{"session":"x","down":"poll"}', 404],
])('a body %j is answered %d', async (body, status) => {
  const { hub, port } = await scope.hub({ fallback: true })
  expect(await request('POST', { port }, body)).toMatchObject({ status })
  expect(hub.connections.length).toBe(0)
})

test.each([
  '1',
  '{}',
  '["other"]',
  '["close",1]',
  '["close",1006]',
  '["close",1000,5]',
  '["binary"]',
  'nonsense',
])('a record %s closes with 1002', async (line) => {
  const { port } = await scope.hub({ fallback: true })
  const peer = await streamed({ port })
  const body = `${JSON.stringify({ session: peer.id, seq: 0 })}\n${line}`
  expect(await request('POST', { port }, body)).toMatchObject({ status: 400 })
  expect(await peer.next((record) => Array.isArray(record), 'close')).toEqual(['close', 1002, ''])
})

test('an ack of what was never sent is refused', async () => {
  const { port } = await scope.hub({ fallback: true })
  const peer = await session({ port })
  expect(await peer.post(0, [], { ack: 1 })).toMatchObject({ status: 400 })
})

test('the end of the hub reaches sessions, streamed or polled, and no connection is left', async () => {
  const { hub, port } = await scope.hub({ fallback: true })
  const streaming = await streamed({ port })
  const polling = await session({ port })
  const poll = polling.poll()
  // Opened, and never heard of again.
  await session({ port })
  const idle = Line.open({ port })
  idle.write('POST', { port }, '{"session":"x","down":"poll"}')
  await idle.answer()
  await until(() => hub.connections.length === 3)
  await hub.close({ code: 1012, reason: 'again' })
  expect(await streaming.next((record) => Array.isArray(record), 'close')).toEqual(['close', 1012, 'again'])
  expect(await poll).toEqual([['close', 1012, 'again']])
  await idle.until(() => idle.ended, 'end')
})

test('a peer that keeps a connection that has ended, as browsers do, does not hold the server', async () => {
  const { hub, port } = await scope.hub({ fallback: true }, { closeTimeout: 300_000 })
  const idle = Line.open({ port, keeps: true })
  scope.defer(() => idle.socket.destroy())
  idle.write('POST', { port }, '{"session":"x","down":"poll"}')
  await idle.answer()
  await within(hub.close({ timeout: 300_000 }), 'end of the hub')
})

test('over TLS', async () => {
  const { ca, server } = certificates()
  const { port, hub } = await scope.hub({ fallback: true }, { tls: server })
  const peer = await streamed({ port, ca })
  await peer.say({ type: 'join', room: 'r' })
  await peer.got('joined')
  hub.to('r').send('big', 'x'.repeat(100_000))
  expect(await peer.got('big')).toMatchObject({ room: 'r' })
  expect(hub.connections[0].request.tls?.protocol).toBe('TLSv1.3')
})

test("behind Node's http server the program hands requests over", async () => {
  const http = createServer((incoming, response) => {
    if (!hub.handleRequest(incoming, response)) response.writeHead(404).end('not here')
  })
  const server = scope.track(new WebSocketServer({ server: http, path: '/live' }))
  const hub: Hub = new Hub(server, { fallback: true })
  http.listen(0, '127.0.0.1')
  scope.defer(() => void http.close())
  await event(http, 'listening')
  const { port } = http.address() as AddressInfo
  expect(await request('GET', { port, path: '/live' })).toMatchObject({ status: 404 })
  expect(await request('POST', { port, path: '/x' }, '{}')).toMatchObject({ status: 404 })
  const peer = await streamed({ port, path: '/live' })
  await peer.say({ type: 'join', room: 'r' })
  expect(await peer.got('joined')).toMatchObject({ room: 'r' })
})

test('nothing is lost, doubled or out of order while streams break and posts are made again', async () => {
  const random = new Random()
  const { hub, port } = await scope.hub({ fallback: true })
  hub.on('n', (payload, ctx) => void ctx.send('n', payload))
  const peer = await session({ port })
  const count = 60
  const up = (async () => {
    for (let sent = 0; sent < count;) {
      const size = 1 + random.below(4)
      const batch = [...Array(Math.min(size, count - sent)).keys()].map((i) =>
        JSON.stringify({ type: 'n', payload: sent + i }),
      )
      for (let again = random.below(3); again >= 0; again--) await peer.post(sent, batch, { ack: undefined })
      sent += batch.length
    }
  })()
  await peer.listen()
  const seen = new Set<number>()
  let floor = 0
  while (seen.size < count) {
    await peer.next(() => true, 'more')
    for (const { payload } of peer.said) seen.add(payload as number)
    if (random.below(3) > 0) continue
    peer.cut()
    // What was never acknowledged may be asked for again.
    const back = random.below(peer.ack - floor + 1)
    floor = peer.ack -= back
    peer.records.length -= back
    seen.clear()
    for (const { payload } of peer.said) seen.add(payload as number)
    await peer.listen()
  }
  await up
  expect(peer.said.map(({ payload }) => payload as number)).toEqual([...Array(count).keys()])
})
