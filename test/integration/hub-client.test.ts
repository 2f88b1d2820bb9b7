// WebSocketClient and Hub, end to end: requests, acks, rooms, and what a lost connection costs.
import {
  Hub,
  HubError,
  type ProtocolMap,
  type ResumeFailure,
  WebSocketClient,
  WebSocketServer,
} from '../../lib'
import { deferred, event, until } from '../support/waiters'
import { hubDefaults, useHubs } from './support/hubs'
import { rejection } from './support/managed'
import { storm } from './support/storm'

const scope = useHubs()

test('requests, error replies, events to and fro', async () => {
  const { hub, url } = await scope.hub()
  hub.handle('sum', (numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0))
  hub.handle('no', () => {
    throw new HubError('RATE_LIMIT_EXCEEDED', 'slower', { retryAfter: 5 })
  })
  hub.on('hello', (payload, ctx) => void ctx.send('hello', payload))
  const { client, errors } = await scope.connected(url)
  expect(client.getConnectionInfo().protocol).toBe('hawser.v1')
  expect(await client.request('sum', [1, 2])).toBe(3)
  expect(await rejection(client.request('no'))).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', retryAfter: 5 })
  expect(await rejection(client.request('unheard of'))).toMatchObject({
    code: 'SERVER_ERROR',
    serverCode: 'UNKNOWN_TYPE',
  })
  const heard = new Promise((resolve) => client.on('hello', resolve))
  client.send('hello', 'é')
  expect(await heard).toMatchObject({ type: 'hello', payload: 'é' })
  expect(errors).toEqual([])
})

test('acks: handled once however often it is sent; one that is refused rejects', async () => {
  const { hub, url } = await scope.hub()
  const seen: unknown[] = []
  const gate = deferred()
  hub.on('pay', async (payload) => {
    seen.push(payload)
    if (payload === 2) await gate.promise
  })
  hub.on('no', (payload) => {
    throw new HubError('UNAUTHORIZED', `not you, ${String(payload)}`)
  })
  const { client, errors } = await scope.connected(url, { queue: { ackTimeout: 20, retries: 1000 } })
  await client.send('pay', 1, { ack: true })
  const slow = client.send('pay', 2, { ack: true })
  await until(() => hub.metrics().duplicates >= 2)
  gate.resolve()
  await slow
  expect(await rejection(client.send('no', 1, { ack: true, correlationId: 'c' }))).toMatchObject({
    code: 'UNAUTHORIZED',
  })
  client.send('no', 2)
  // What is refused may be sent once more before the answer has come, and is refused again: that is no error of its own.
  await until(() => errors.length > 0)
  expect([seen, errors]).toMatchObject([[1, 2], [{ code: 'UNAUTHORIZED' }]])
  expect(errors[0].message).toContain('not you, 2')
  // That a message has gone may be noticed behind the answer to it.
  await until(() => client.getPerformanceMetrics().inFlight === 0)
  expect(client.getPerformanceMetrics().queued).toBe(0)
})

test('rooms: joined with the latest messages, refused, left', async () => {
  const { hub, url } = await scope.hub({
    history: true,
    authorize: (_ctx, action, room) => action !== 'join' || room !== 'secret',
  })
  for (let i = 1; i <= 5; i++) hub.to('r').send('m', i)
  const { client } = await scope.connected(url)
  const seen: unknown[] = []
  client.on('m', ({ payload }) => seen.push(payload))
  await client.joinRoom('r', { last: 2 })
  // Nothing comes again, behind what is newer, or twice.
  await client.joinRoom('r', { last: 5 })
  expect(await rejection(client.joinRoom('secret'))).toMatchObject({ code: 'UNAUTHORIZED' })
  hub.to('r').send('m', 6)
  await until(() => seen.length === 3)
  expect([seen, client.joinedRooms]).toEqual([[4, 5, 6], ['r']])
  await client.leaveRoom('r')
  expect(hub.size('r')).toBe(0)
})

describe('resume', () => {
  test('what was missed comes, in order and once: also what no handler, or a batch, had from before', async () => {
    const { hub, url } = await scope.hub({ history: { count: 10 } })
    const { client, errors } = await scope.connected(url)
    const failures: unknown[] = []
    client.on('resume_failed', (failure) => failures.push(failure))
    const plain: unknown[] = []
    const batched: unknown[] = []
    client.on('m', ({ payload }) => plain.push(payload))
    client.subscribe({ type: 'm', batch: { max: 1000, every: 50 } }, (messages) => {
      for (const { payload } of messages) batched.push(payload)
    })
    await client.joinRoom('r')
    // More than the room keeps, and nobody wants them here.
    for (let i = 0; i < 30; i++) hub.to('r').send('unwanted', i)
    hub.to('r').send('m', 1)
    await until(() => plain.length === 1)
    hub.connections[0].socket.terminate()
    hub.to('r').send('m', 2)
    await until(() => client.getPerformanceMetrics().connects === 2 && plain.length === 2)
    hub.to('r').send('m', 3)
    await until(() => plain.length >= 3 && batched.length >= 3)
    expect([plain, batched, failures]).toEqual([[1, 2, 3], [1, 2, 3], []])
    expect(errors.map(({ code }) => code)).toEqual(['CONNECTION_LOST'])
    expect(hub.metrics()).toMatchObject({ resumed: 1, resumeFailed: 0 })
  })

  test('`resume_failed` says what is lost; what is left comes', async () => {
    const { hub, url } = await scope.hub({ history: { count: 3 } })
    const { client } = await scope.connected(url)
    const failures: ResumeFailure[] = []
    const seen: unknown[] = []
    client.on('resume_failed', (failure) => failures.push(failure))
    client.on('m', ({ payload }) => seen.push(payload))
    await client.joinRoom('r')
    hub.to('r').send('m', 1)
    await until(() => seen.length === 1)
    hub.connections[0].socket.terminate()
    for (let i = 2; i <= 10; i++) hub.to('r').send('m', i)
    await until(() => seen.length === 4)
    expect(seen).toEqual([1, 8, 9, 10])
    expect(failures).toEqual([{ room: 'r', reason: 'gone', joined: true, missed: 6 }])
    // From here on it stands where the server has put it.
    hub.connections[0].socket.terminate()
    hub.to('r').send('m', 11)
    await until(() => seen.length === 5)
    expect([seen.at(-1), failures.length]).toEqual([11, 1])
  })

  test('a room that the user may not join any more is left, and told', async () => {
    let allowed = true
    const { hub, url } = await scope.hub({
      history: true,
      authorize: (_ctx, action) => action !== 'join' || allowed,
    })
    const { client } = await scope.connected(url)
    const failed = new Promise((resolve) => client.on('resume_failed', resolve))
    await client.joinRoom('r')
    allowed = false
    hub.connections[0].socket.terminate()
    expect(await failed).toEqual({ room: 'r', reason: 'unauthorized', joined: false, missed: null })
    expect(client.joinedRooms).toEqual([])
  })

  test('a hub that began anew is told apart by its epoch', async () => {
    const first = await scope.hub({ history: true })
    const { port } = first
    const { client } = await scope.connected(first.url)
    const seen: unknown[] = []
    client.on('m', ({ payload }) => seen.push(payload))
    await client.joinRoom('r')
    first.hub.to('r').send('m', 'old')
    await until(() => seen.length === 1)
    const failed = new Promise((resolve) => client.on('resume_failed', resolve))
    await first.hub.close({ timeout: 0 })
    const server = scope.track(new WebSocketServer({ port, host: '127.0.0.1' }))
    const hub = new Hub(server, { ...hubDefaults, history: true })
    await event(server, 'listening')
    hub.to('r').send('m', 'new')
    expect(await failed).toEqual({ room: 'r', reason: 'epoch', joined: true, missed: null })
    await until(() => seen.length === 2)
    expect(seen).toEqual(['old', 'new'])
  })

  test('random losses: each client has every message of each room, in order and once', async () => {
    const { hub, url } = await scope.hub({ history: { count: 100_000, bytes: 64 << 20 }, notices: false })
    const rooms = ['a', 'b', 'c']
    const clients = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const { client } = await scope.connected(url)
        const mine = rooms.filter((_room, r) => (i + r) % 3 !== 0)
        const seen = new Map(mine.map((room) => [room, [] as number[]]))
        client.on('m', ({ room, payload }) => seen.get(room as string)?.push(payload as number))
        client.on('resume_failed', (failure) => {
          throw new Error(JSON.stringify(failure))
        })
        for (const room of mine) await client.joinRoom(room)
        return { client, seen }
      }),
    )
    const sent = await storm(hub, rooms)
    const complete = (): boolean =>
      clients.every(({ seen }) =>
        [...seen].every(([room, numbers]) => numbers.length >= (sent.get(room) ?? 0)),
      )
    await until(complete)
    for (const { seen } of clients) {
      for (const [room, numbers] of seen) {
        expect(numbers).toEqual(Array.from({ length: sent.get(room) ?? 0 }, (_, i) => i + 1))
      }
    }
    expect(hub.metrics().resumed).toBeGreaterThan(0)
  })
})

test('one protocol map types both ends', async () => {
  interface Chat extends ProtocolMap {
    receive: { said: { text: string } }
    send: { say: { text: string } }
    requests: { count: { request: string; reply: number } }
  }
  const server = scope.track(new WebSocketServer({ port: 0, host: '127.0.0.1' }))
  const hub = new Hub<Chat>(server)
  hub.on('say', ({ text }, ctx) => void ctx.send('said', { text: text.toUpperCase() }))
  hub.handle('count', (text) => text.length)
  await new Promise((resolve) => server.once('listening', () => resolve(undefined)))
  const client = new WebSocketClient<Chat>(`ws://127.0.0.1:${(server.address() as { port: number }).port}`)
  scope.defer(() => client.close())
  await client.connect()
  const said = new Promise<string>((resolve) => client.on('said', ({ payload }) => resolve(payload.text)))
  client.send('say', { text: 'hi' })
  expect([await said, await client.request('count', 'four')]).toEqual(['HI', 4])
})
