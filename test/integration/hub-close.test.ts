// The end of a hub: goodbyes, what is finished before them, who is refused meanwhile.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { Hub, WebSocketServer } from '../../lib'
import { until, within } from '../support/waiters'
import { useHubs } from './support/hubs'

const scope = useHubs()
const long = 60_000

/** The whole answer to an upgrade or, without `upgrade`, to a plain request. */
async function answer(port: number, path = '/', upgrade = true): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const key = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
  const head = upgrade ? `${key}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n` : ''
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${head}\r\n`)
  const parts: Buffer[] = []
  socket.on('data', (part) => parts.push(part))
  await within(once(socket, 'close'), 'end of the answer')
  return Buffer.concat(parts).toString()
}

test('goodbyes are spread; a second call says the rest at once', async () => {
  const { hub, url } = await scope.hub()
  const peers = await scope.joined(url, 'r', 4)
  const closed = hub.close({ spread: 10 * long, code: 1012, reason: 'moved' })
  expect(await peers[0].end()).toEqual({ code: 1012, reason: 'moved' })
  await until(() => hub.connections.length === 3)
  // The others live on, and nobody tells them of who was sent away.
  hub.to('r').send('still', 1)
  for (const peer of peers.slice(1)) await peer.got('still')
  await hub.close()
  await closed
  for (const peer of peers) {
    expect(await peer.end()).toEqual({ code: 1012, reason: 'moved' })
    expect(peer.of('user_left')).toEqual([])
  }
})

test('a message that is being handled is answered first; behind it only what wants no answer is taken', async () => {
  const { hub, url } = await scope.hub()
  const handled: string[] = []
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  hub.on('work', () => gate.then(() => void handled.push('work')))
  for (const type of ['late', 'plain']) hub.on(type, () => void handled.push(type))
  hub.handle('ask', () => handled.push('ask'))
  hub.use(({ type }) => (type === 'slow' ? gate : true))
  const [busy, inMiddleware] = [await scope.peer(url), await scope.peer(url)]
  busy.say({ type: 'work', id: 'a', ack: true })
  await busy.settled()
  inMiddleware.say({ type: 'slow', id: 'b' })
  await until(() => hub.metrics().messagesIn === 3)
  const closed = hub.close({ timeout: long })
  busy.say({ type: 'late', id: 'c', ack: true })
  busy.say({ type: 'ask', id: 'd' })
  busy.say({ type: 'plain' })
  await until(() => handled.includes('plain'))
  expect(busy.closed).toBeUndefined()
  open()
  expect(await busy.end()).toMatchObject({ code: 1001 })
  expect(await inMiddleware.end()).toMatchObject({ code: 1001 })
  expect(busy.of('ack')).toMatchObject([{ correlationId: 'a' }])
  expect(inMiddleware.of('error')).toMatchObject([{ correlationId: 'b', error: { code: 'UNKNOWN_TYPE' } }])
  expect(handled).toEqual(['plain', 'work'])
  await closed
})

test('what waits for a peer goes out before its goodbye', async () => {
  const { hub, url } = await scope.hub()
  const peers = await scope.joined(url, 'r', 3)
  for (let n = 0; n < 2000; n++) hub.to('r').send('m', n)
  await hub.close()
  for (const peer of peers) {
    await peer.end()
    expect(peer.of('m').map(({ payload }) => payload as number)).toEqual(
      Array.from({ length: 2000 }, (_, n) => n),
    )
  }
})

test('handlers that do not end are not waited for longer than the timeout', async () => {
  const { hub, url } = await scope.hub()
  hub.on('work', () => new Promise(() => {}))
  const peer = await scope.peer(url)
  peer.say({ type: 'work' })
  await peer.settled()
  await hub.close({ timeout: 20 })
  await peer.end()
})

test('new peers find no listener, or 503 and a health page that says so', async () => {
  const deaf = await scope.hub()
  await scope.peer(deaf.url)
  const first = deaf.hub.close({ spread: 0, timeout: long })
  // The kernel may have taken it before the listener was gone, and then resets it.
  await expect(answer(deaf.port)).rejects.toThrow(/ECONNREFUSED|ECONNRESET/)
  await first

  const { hub, url, port } = await scope.hub({ http: { health: '/healthz' } })
  hub.on('work', () => new Promise(() => {}))
  const peer = await scope.peer(url)
  peer.say({ type: 'work' })
  await peer.settled()
  const closed = hub.close({ refuse: true, timeout: 500 })
  expect(await answer(port)).toMatch(/^HTTP\/1.1 503 [^]*\r\nRetry-After: 5\r\n/)
  expect(await answer(port, '/healthz', false)).toMatch(/^HTTP\/1.1 503 [^]*{"status":"closing"}\n$/)
  await closed
})

test("with an http server of Node's the same", async () => {
  const http = createServer().listen(0, '127.0.0.1')
  await once(http, 'listening')
  scope.defer(() => new Promise((resolve) => http.close(resolve)))
  const { port } = http.address() as { port: number }
  const hub = new Hub(new WebSocketServer({ server: http }))
  const peers = [await scope.peer(`ws://127.0.0.1:${port}`), await scope.peer(`ws://127.0.0.1:${port}`)]
  await until(() => hub.connections.length === 2)
  const closed = hub.close({ spread: 10 * long })
  await peers[0].end()
  expect(await answer(port)).toMatch(/^HTTP\/1.1 503 [^]*\r\nRetry-After: 5\r\n/)
  await hub.close()
  await closed
  await peers[1].end()
})

test.each<[object]>([[{ code: 1000 }], [{ spread: -1 }], [{ reason: 'x'.repeat(124) }], [{ wait: 1 }]])(
  'a wrong option begins nothing: %j',
  async (options) => {
    const { hub, url } = await scope.hub()
    await expect(hub.close(options)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await scope.peer(url)
    await hub.close()
    await hub.close()
  },
)
