// What a hub takes of peers that speak HTTP, and of whom: bounds, posts that wait, and who may have a session.
import { type Hub, HubError } from '../../lib'
import { deferred, until } from '../support/waiters'
import { Line, request, useSessions } from './support/http-session'
import { useHubs } from './support/hubs'

const scope = useHubs()
const { session, streamed } = useSessions(scope)

/** A message that a connection takes one of at a time. */
const large = JSON.stringify({ type: 'n', payload: 'x'.repeat(200_000) })

/** Messages `n` are handled once it is open. */
class Gate {
  handled = 0
  private readonly opened = deferred()

  constructor(hub: Hub) {
    hub.on('n', async () => {
      await this.opened.promise
      this.handled++
    })
  }
  open(): void {
    this.opened.resolve()
  }
}

test('what the peer has not said to have is bounded, then the connection holds the rest', async () => {
  const { hub, port } = await scope.hub({ fallback: true }, { maxBackpressure: 16 << 20 })
  const peer = await streamed({ port })
  const [connection] = hub.connections
  const long = 'x'.repeat(20_000)
  const count = 100
  for (let i = 0; i < count; i++) connection.send('n', { i, long })
  await peer.next((record) => (record as string).includes('"i":13,'), 'the window')
  expect(connection.socket.bufferedAmount).toBeGreaterThan(0)
  while (peer.records.length < count) {
    await peer.acknowledge()
    await peer.next(() => true, 'more')
  }
  expect(peer.said.map(({ payload }) => (payload as { i: number }).i)).toEqual([...Array(count).keys()])
  await peer.acknowledge()
  await until(() => connection.socket.bufferedAmount === 0)
})

test('a connection that is held holds its posts', async () => {
  const { hub, port } = await scope.hub({ fallback: true, maxPending: 1, handlerTimeout: 60_000 })
  const gate = new Gate(hub)
  const peer = await session({ port })
  const posts: boolean[] = []
  const posted = (async () => {
    for (let i = 0; i < 10; i++) posts.push((await peer.post(i, [large])).status === 200)
  })()
  await until(() => posts.length >= 1)
  gate.open()
  await posted
  await until(() => gate.handled === 10)
})

test('who waits for no answer has no more taken than its connection takes', async () => {
  const { hub, port } = await scope.hub({ fallback: true, maxPending: 1, handlerTimeout: 60_000 })
  const gate = new Gate(hub)
  const peer = await session({ port })
  const line = Line.open({ port })
  scope.defer(() => line.socket.destroy())
  const post = (seq: number, ...records: string[]): void =>
    line.write(
      'POST',
      { port },
      [{ session: peer.id, seq }, ...records].map((one) => JSON.stringify(one)).join('\n'),
    )
  const count = 20
  for (let seq = 0; seq < count; seq++) {
    post(seq, large)
    // Takes the place of one whose answer waits.
    post(0)
  }
  const statuses: number[] = []
  while (!statuses.includes(503)) statuses.push((await line.answer()).status)
  gate.open()
  while (statuses.length < 2 * count) statuses.push((await line.answer()).status)
  const posts = statuses.filter((_, i) => i % 2 === 0)
  const taken = posts.indexOf(503)
  // Behind the first that is refused lies a gap.
  expect(posts).toEqual([
    ...Array<number>(taken).fill(200),
    503,
    ...Array<number>(count - taken - 1).fill(409),
  ])
  await until(() => gate.handled === taken)
  expect(JSON.parse((await peer.post(taken, [large])).body)).toEqual({ seq: taken + 1 })
  await until(() => gate.handled === taken + 1)
})

test('a post that waits is answered when a ping goes down', async () => {
  const { hub, port } = await scope.hub({
    fallback: { interval: 20, grace: 10_000 },
    maxPending: 1,
    handlerTimeout: 60_000,
  })
  const gate = new Gate(hub)
  const peer = await streamed({ port })
  let status = 200
  for (; status === 200 && peer.seq < 100; peer.seq++) ({ status } = await peer.post(peer.seq, [large]))
  expect(status).toBe(503)
  gate.open()
})

test('messages of any size up to the bounds; above them 413, or the close code of the server', async () => {
  const { hub, port } = await scope.hub({ fallback: { maxBody: 400_000 } }, { maxPayload: 300_000 })
  hub.on('n', (payload, ctx) => void ctx.send('length', (payload as string).length))
  const peer = await streamed({ port })
  for (const length of [0, 100, 130, 70_000, 290_000]) {
    await peer.say({ type: 'n', payload: 'é'.repeat(length / 2) })
    await peer.next((record) => (record as string).includes(`"payload":${length / 2}}`), String(length))
  }
  const body = `${JSON.stringify({ session: peer.id, seq: peer.seq })}\n"${'x'.repeat(400_000)}"`
  expect(await request('POST', { port }, body)).toMatchObject({ status: 413 })
  const chunked = Line.open({ port, headers: { 'Transfer-Encoding': 'chunked' } })
  chunked.socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  chunked.socket.write(`${(500_000).toString(16)}\r\n${'x'.repeat(500_000)}`)
  expect(await chunked.answer()).toMatchObject({ status: 413, headers: { connection: 'close' } })
  await chunked.until(() => chunked.ended, 'end')
  await peer.post(peer.seq, ['x'.repeat(310_000)])
  expect(await peer.next((record) => Array.isArray(record), 'close')).toEqual([
    'close',
    1009,
    'message exceeds the maximum payload',
  ])
})

test('who may: origins, preflights, tokens, csrf, verify, as many sessions as there may be', async () => {
  const origins = ['https://a.example']
  const { port, hub } = await scope.hub(
    {
      fallback: { maxSessions: 2 },
      csrf: ({ url }) => !url.includes('csrf'),
      auth: {
        at: 'upgrade',
        verify: (_request, token) => {
          if (token === 'broken') throw new HubError('AUTHENTICATION_FAILED', 'expired')
          return token === undefined || token === 'bad' ? null : { userId: token }
        },
      },
    },
    { origins },
  )
  const open = (path: string, origin = origins[0]) =>
    request('POST', { port, path, headers: { Origin: origin } }, '{"protocols":["hawser.v1"]}')
  const elsewhere = await open('/?token=ann', 'https://b.example')
  expect(elsewhere).toMatchObject({ status: 403 })
  expect(elsewhere.headers['access-control-allow-origin']).toBeUndefined()
  for (const path of ['/', '/?token=bad', '/?token=broken']) {
    expect(await open(path)).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } })
  }
  expect(await open('/?token=ann&csrf')).toMatchObject({ status: 403 })
  expect(await open('/?token=ann')).toMatchObject({
    status: 200,
    headers: {
      'access-control-allow-origin': origins[0],
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    },
  })
  expect(await open('/?token=ben')).toMatchObject({ status: 200 })
  expect(await open('/?token=cid')).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
  expect(hub.connections.map(({ userId }) => userId)).toEqual(['ann', 'ben'])
  const preflight = { Origin: origins[0], 'Access-Control-Request-Method': 'POST' }
  expect(await request('OPTIONS', { port, headers: preflight })).toMatchObject({
    status: 204,
    headers: { 'access-control-allow-methods': 'POST', 'access-control-allow-origin': origins[0] },
  })
})

test('limits of the server hold: connections of an address, rates', async () => {
  const { port, hub } = await scope.hub(
    { fallback: true, rateLimit: { connection: { messages: 2, per: 60_000, burst: 2 } } },
    { maxConnectionsPerAddress: 1 },
  )
  const peer = await streamed({ port })
  expect(await request('POST', { port }, '{}')).toMatchObject({
    status: 429,
    headers: { 'retry-after': '5' },
  })
  await peer.say({ type: 'x' }, { type: 'x' }, { type: 'x', id: '3' })
  await peer.next((record) => (record as string).includes('RATE_LIMIT_EXCEEDED'), 'refusal')
  expect(hub.metrics().messagesIn).toBe(2)
})
