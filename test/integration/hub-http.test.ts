// Plain HTTP on the hub's port, metrics, diagnostics, logs, the end.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Hub, type LogEntry, WebSocketServer } from '../../lib'
import { thrown, until, within } from '../support/waiters'
import { useHubs } from './support/hubs'
import { MemoryBroker } from './support/memory-broker'

const scope = useHubs()

/** The whole answer to a request, written by hand. */
async function answer(port: number, head: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.end(`${head}\r\nHost: x\r\n\r\n`)
  const parts: Buffer[] = []
  socket.on('data', (part) => parts.push(part))
  await within(once(socket, 'close'), 'end of the answer')
  return Buffer.concat(parts).toString()
}

test('a plain request is answered 426; health and metrics where they are asked for', async () => {
  const { hub, port, url } = await scope.hub(
    { http: { health: '/healthz', metrics: '/metrics' } },
    { path: '/live' },
  )
  await scope.peer(`${url}live`)
  expect(await answer(port, 'GET /healthz HTTP/1.1')).toMatch(
    /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\n{"status":"ok"}\n$/,
  )
  const metrics = await answer(port, 'GET /metrics?x=1 HTTP/1.1')
  expect(metrics).toContain('Content-Type: text/plain; version=0.0.4')
  expect(metrics.split('\r\n\r\n')[1]).toBe(hub.prometheus())
  expect(metrics).toContain('hawser_hub_connections 1\n')
  for (const path of ['/', '/live', '/__proto__']) {
    expect(await answer(port, `GET ${path} HTTP/1.1`)).toMatch(/^HTTP\/1.1 426 /)
  }
  expect(await answer(port, 'POST /metrics HTTP/1.1')).toMatch(/^HTTP\/1.1 405 /)
  const upgrade = (version: number) =>
    `GET /metrics HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: ${version}`
  expect(await answer(port, upgrade(12))).toMatch(/^HTTP\/1.1 426 [^]*Sec-WebSocket-Version: 13\r\n/)
  expect(await answer(port, upgrade(13))).toMatch(/^HTTP\/1.1 400 /)
  expect(hub.connections.length).toBe(1)
})

test.each([[{}], [{ auth: () => false as const }]])(
  'without pages all of it is 426 (%j)',
  async (options) => {
    const { port } = await scope.hub(options)
    expect(await answer(port, 'GET /metrics HTTP/1.1')).toMatch(/^HTTP\/1.1 426 /)
  },
)

test('metrics count what came and went', async () => {
  const { hub, url } = await scope.hub()
  hub.handle('ask', () => 1)
  const [peer] = await scope.joined(url, 'r')
  await peer.ask({ type: 'ask' })
  hub.to('r').send('m', 1)
  await peer.got('m')
  const metrics = hub.metrics()
  expect(metrics).toMatchObject({
    ...{ connections: 1, connectionsTotal: 1, authenticated: 0, rooms: 1, memberships: 1, largestRoom: 1 },
    ...{ messagesIn: 3, requests: 1, joins: 1, errors: {} },
  })
  expect(metrics.messagesOut).toBe(4)
  expect(metrics.latency.count).toBe(1)
})

test('diagnostics channels and the log tell what happens', async () => {
  const events: string[] = []
  const hear = (message: unknown): void => void events.push((message as { event: string }).event)
  const names = ['connect', 'disconnect', 'join', 'leave', 'error'].map((name) => `hawser:hub:${name}`)
  for (const name of names) subscribe(name, hear)
  scope.defer(() => {
    for (const name of names) unsubscribe(name, hear)
  })
  const log: LogEntry[] = []
  const { hub, url } = await scope.hub({ log: (entry) => log.push(entry) })
  hub.on('error', () => {})
  hub.on('bad', () => {
    throw new Error('oh')
  })
  const [peer] = await scope.joined(url, 'r')
  await peer.ask({ type: 'bad' })
  peer.drop()
  await until(() => hub.connections.length === 0)
  expect(events).toEqual(['connect', 'join', 'error', 'leave', 'disconnect'])
  expect(log.map(({ event, room, message }) => [event, room ?? message])).toEqual([
    ['connect', undefined],
    ['join', 'r'],
    ['error', 'Error: oh'],
    ['leave', 'r'],
    ['disconnect', undefined],
  ])
})

test('close: peers get 1001, and the adapter ends with the hub', async () => {
  const broker = new MemoryBroker()
  const { hub, url } = await scope.hub({ adapter: broker.adapter() })
  const other = await scope.hub({ adapter: broker.adapter() })
  other.hub.on('error', () => {})
  const [peer] = await scope.joined(url, 'r')
  hub.to('r').send('m', { n: 1 }, { userId: 'u' })
  hub
    .toAll()
    .where(() => true)
    .send('m', 'here only')
  other.hub.to('r').send('m', 'there', { userId: 'v' })
  const said = await peer.got('m', 3)
  expect(said.map(({ userId, payload }) => [userId, payload] as unknown)).toEqual([
    ['u', { n: 1 }],
    [undefined, 'here only'],
    ['v', 'there'],
  ])
  const errors: unknown[] = []
  hub.on('error', (error) => errors.push(error))
  broker.stop()
  await hub.close()
  expect(await peer.end()).toMatchObject({ code: 1001 })
  expect([errors, hub.rooms, broker.connections]).toMatchObject([[{ code: 'BROKER_UNAVAILABLE' }], [], 1])
})

test('a hub is made with its server, and with options that exist', async () => {
  const { server } = await scope.hub()
  expect(thrown(() => new Hub(server))).toMatchObject({ code: 'INVALID_STATE' })
  const fresh = scope.track(new WebSocketServer({ noServer: true }))
  const wrong: object[] = [
    { histroy: true },
    { auth: 5 },
    { auth: { verify: 5 } },
    { auth: { verify: () => false, at: 'once' } },
    { history: { count: 0 } },
    { presence: { timeout: -1 } },
    { dedupe: { age: 0 } },
    { http: { metrics: 'metrics' } },
    { adapter: {} },
    { maxRooms: 1.5 },
    { notices: 1 },
  ]
  for (const options of wrong) {
    expect([options, thrown(() => new Hub(fresh, options))?.code]).toEqual([options, 'INVALID_OPTION'])
  }
})
