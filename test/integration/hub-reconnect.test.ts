// Clients that are in rooms lose their connection: what waits for the next one goes out behind the rooms.
import {
  type HubConnection,
  Hub,
  HubError,
  type HubOptions,
  type ResumeFailure,
  type WebSocketClient,
  WebSocketServer,
} from '../../lib'
import { Random } from '../support/random'
import { deferred, event, until } from '../support/waiters'
import { hubDefaults, useHubs } from './support/hubs'
import { fate, rejection } from './support/managed'

const scope = useHubs()

/** Turns of the event loop that an answer takes, so that what follows it is there before. */
async function slowly<T>(value: T, turns = 5): Promise<T> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
  return value
}

/** Notes what a hub hears, and who comes in. */
function noted(hub: Hub): string[] {
  const log: string[] = []
  hub.on('join', (_connection: HubConnection, room: string) => log.push(`join ${room}`))
  hub.on('say', (payload: string, _connection, { room }) => void log.push(`${room}: ${payload}`))
  hub.handle('ask', (payload: string, _connection, { room }) => {
    log.push(`${room}? ${payload}`)
    return payload.toUpperCase()
  })
  return log
}

/** Cuts a connection, and does something at once when the client hears of it: soon it may be back. */
function away<T>(hub: Hub, client: WebSocketClient, act: () => T): Promise<T> {
  return new Promise((resolve) => {
    const end = client.onStateChange((state) => {
      if (state !== 'reconnecting') return
      end()
      // Also where it throws.
      resolve(new Promise((done) => done(act())))
    })
    hub.connections[0].socket.terminate()
  })
}

/** Of a hub that goes without a word: over HTTP a client takes it for lost after both of these, and no sooner. */
function soonLost(): HubOptions {
  return hubDefaults.fallback === undefined ? {} : { fallback: { interval: 1_000, grace: 3_000 } }
}

/** A hub where there was one. */
async function again(port: number, options: HubOptions): Promise<{ hub: Hub; log: string[] }> {
  const server = scope.track(new WebSocketServer({ port, host: '127.0.0.1' }))
  const hub = new Hub(server, { ...hubDefaults, ...options })
  const log = noted(hub)
  await event(server, 'listening')
  return { hub, log }
}

describe.each<[string, HubOptions]>([
  ['that keeps its messages', { history: true }],
  ['that keeps none', {}],
  ['that thinks about it', { history: true, authorize: () => slowly(true) }],
])('a server %s, begun anew', (_name, options) => {
  test('hears of the rooms first, then what was not acknowledged, then the rest, all in order', async () => {
    const first = await scope.hub({ ...options, ...soonLost() })
    const stuck = deferred()
    let unheard = 0
    first.hub.on('say', () => {
      unheard++
      return stuck.promise
    })
    const { client, codes } = await scope.connected(first.url)
    await client.joinRoom('a')
    await client.joinRoom('b')
    const fates = ['u1', 'u2'].map((text) =>
      fate(client.send('say', text, { room: 'a', ack: true, priority: 'high' })),
    )
    await until(() => unheard === 2)
    const ended = first.hub.close({ timeout: 0 })
    stuck.resolve()
    await ended
    await until(() => client.state === 'reconnecting')
    for (let i = 0; i < 20; i++) client.send('say', String(i), { room: i % 2 === 0 ? 'a' : 'b' })
    client.send('say', 'soon', { room: 'b', priority: 'high' })
    fates.push(fate(client.send('say', 'acked', { room: 'b', ack: true })))
    const answer = client.request('ask', 'why', { room: 'a' })

    const { hub, log } = await again(first.port, options)
    expect(await answer).toBe('WHY')
    expect(await Promise.all(fates)).toEqual(['resolved', 'resolved', 'resolved'])
    const rest = Array.from({ length: 20 }, (_, i) => `${i % 2 === 0 ? 'a' : 'b'}: ${i}`)
    const all = ['join a', 'join b', 'a: u1', 'a: u2', 'b: soon', ...rest, 'b: acked', 'a? why']
    expect(log).toEqual(all)
    expect(codes.filter((code) => code === 'SERVER_ERROR')).toEqual([])
    expect([hub.metrics().errors, client.joinedRooms]).toEqual([{}, ['a', 'b']])
  })
})

test('a room that may not be entered any more: its messages are refused, those of others are not', async () => {
  let closed = ''
  const { hub, url } = await scope.hub({
    authorize: (_ctx, action, room) => action !== 'join' || room !== closed,
  })
  const log = noted(hub)
  const { client, errors } = await scope.connected(url)
  const told: unknown[] = []
  client.on('resume_failed', (failure) => told.push(failure))
  await client.joinRoom('a')
  await client.joinRoom('b')
  closed = 'a'
  const [a, b] = await away(hub, client, () =>
    ['a', 'b'].map((room) => client.send('say', 'x', { room, ack: true })),
  )
  expect(await rejection(a)).toMatchObject({ serverCode: 'NOT_A_MEMBER' })
  await b
  expect([log.at(-1), client.joinedRooms]).toEqual(['b: x', ['b']])
  expect(told).toEqual([{ room: 'a', reason: 'unauthorized', joined: false, missed: null }])
  expect(errors.map(({ code }) => code)).toEqual(['CONNECTION_LOST'])
})

test.each(['AWAY', 'constructor'])('rooms that a hub answers with %s are told as lost', async (code) => {
  let fails = false
  const { hub, url } = await scope.hub({
    history: { rooms: (room) => room === 'kept' },
    authorize: () => {
      if (fails) throw new HubError(code, 'The database is away')
      return true
    },
  })
  const { client } = await scope.connected(url)
  const told: ResumeFailure[] = []
  client.on('resume_failed', (failure) => told.push(failure))
  await client.joinRoom('plain')
  await client.joinRoom('kept')
  fails = true
  hub.connections[0].socket.terminate()
  await until(() => told.length === 2)
  told.sort((a, b) => (a.room < b.room ? -1 : 1))
  expect(told).toEqual(
    ['kept', 'plain'].map((room) => ({ room, reason: 'refused', joined: false, missed: null })),
  )
  expect(client.joinedRooms).toEqual([])
})

test('a room that is left and joined again meanwhile: its latest messages come once', async () => {
  const { hub, url } = await scope.hub({ history: true })
  const log = noted(hub)
  const { client } = await scope.connected(url)
  const seen: unknown[] = []
  client.on('m', ({ payload }) => seen.push(payload))
  await client.joinRoom('a')
  for (let i = 1; i <= 3; i++) hub.to('a').send('m', i)
  await until(() => seen.length === 3)
  const asked = await away(hub, client, () => [client.leaveRoom('a'), client.joinRoom('a', { last: 2 })])
  await Promise.all(asked)
  hub.to('a').send('m', 4)
  await until(() => seen.at(-1) === 4)
  expect([seen, log, client.joinedRooms]).toEqual([[1, 2, 3, 2, 3, 4], ['join a', 'join a'], ['a']])
})

test('… and where it is refused, the join says so, and nobody else', async () => {
  let open = true
  const { hub, url } = await scope.hub({ authorize: () => open })
  const { client } = await scope.connected(url)
  const told: unknown[] = []
  client.on('resume_failed', (failure) => told.push(failure))
  await client.joinRoom('a')
  open = false
  const [left, joined] = await away(hub, client, () => [client.leaveRoom('a'), client.joinRoom('a')])
  expect(await rejection(joined)).toMatchObject({ code: 'UNAUTHORIZED' })
  await left
  expect([told, client.joinedRooms]).toEqual([[], []])
})

test('rooms that were left hold nothing; one that is joined meanwhile is joined with its latest messages', async () => {
  const { hub, url } = await scope.hub({ history: true })
  for (let i = 1; i <= 5; i++) hub.to('c').send('m', i)
  const log = noted(hub)
  const { client } = await scope.connected(url)
  const seen: unknown[] = []
  client.on('m', ({ payload }) => seen.push(payload))
  await client.joinRoom('a')
  const [left, joined, asked] = await away(hub, client, () => [
    client.leaveRoom('a'),
    client.joinRoom('c', { last: 2 }),
    client.request('ask', 'why', { room: 'c', priority: 'high' }),
  ])
  expect(await asked).toBe('WHY')
  await Promise.all([left, joined])
  hub.to('c').send('m', 6)
  await until(() => seen.length === 3)
  expect([seen, log.slice(1)]).toEqual([
    [4, 5, 6],
    ['join c', 'c? why'],
  ])
})

test('however much waits, the rooms are joined', async () => {
  const { hub, url } = await scope.hub()
  const log = noted(hub)
  const { client } = await scope.connected(url, { maxBackpressure: 2_000, highWaterMark: 1_000 })
  for (let i = 0; i < 30; i++) await client.joinRoom(`room${i}`)
  let sent = 0
  const full = away(hub, client, () => {
    for (;;) {
      client.send('say', 'x'.repeat(100), { room: `room${sent % 30}` })
      sent++
    }
  })
  expect(await rejection(full)).toMatchObject({ code: 'BACKPRESSURE_EXCEEDED' })
  await until(() => log.length >= 60 + sent)
  expect(log.slice(30, 60)).toEqual(Array.from({ length: 30 }, (_, i) => `join room${i}`))
  expect([client.joinedRooms.length, hub.metrics().errors]).toEqual([30, {}])
})

test('a token that is renewed on the way: first it, then the rooms, then what waits', async () => {
  let valid = 't1'
  const log: string[] = []
  const { hub, url } = await scope.hub({
    auth: {
      at: 'message',
      verify: (_request, token) => {
        log.push(`auth ${token}`)
        return slowly(token === valid ? { userId: 'u' } : undefined)
      },
    },
    authorize: (_connection, action, room) => {
      log.push(`${action} ${room}`)
      return slowly(true)
    },
  })
  const heard: unknown[] = []
  hub.on('say', (payload) => void heard.push(payload))
  const { client } = await scope.connected(url, { auth: { token: () => valid, as: 'message' } })
  await client.joinRoom('a')
  await client.send('say', 0, { room: 'a', ack: true })
  log.length = 0
  valid = 't2'
  await away(hub, client, () => {
    client.send('say', 1, { room: 'a' })
    client.send('say', 2, { room: 'a', priority: 'high' })
    return client.send('say', 3, { room: 'a', ack: true })
  })
  expect(log).toEqual(['auth t1', 'auth t2', 'join a', 'send a', 'send a', 'send a'])
  expect(heard).toEqual([0, 2, 1, 3])
  await client.authenticate((valid = 't3'))
  await client.send('say', 4, { room: 'a', ack: true })
  expect(log[6]).toBe('auth t3')
  expect(log.slice(6).filter((entry) => entry !== 'auth t3')).toEqual(['join a', 'send a'])
})

test('many losses: each message is handled once and in order, and none is refused', async () => {
  const random = new Random()
  const { hub, url } = await scope.hub({
    history: { count: 10 },
    auth: {
      at: 'message',
      verify: (_request, token) => slowly(token === undefined ? undefined : { userId: token }),
    },
    authorize: (_connection, action) => (action === 'join' ? slowly(true, random.below(4)) : true),
    dedupe: { count: 100_000 },
  })
  const rooms = ['a', 'b', 'c']
  const clients = await Promise.all(
    Array.from({ length: 6 }, async (_, i) => {
      const auth = { token: () => ({ token: `u${i}`, expiresAt: Date.now() + 400 }), as: 'message' as const }
      const queue = { maxMessages: 100_000 }
      const watched = await scope.connected(
        url,
        i % 2 === 0 ? { auth, queue } : { auth, queue, sendBatch: true },
      )
      for (const room of rooms) await watched.client.joinRoom(room)
      return { watched, sent: 0, acked: [] as Promise<string>[] }
    }),
  )
  const heard = new Map<string, number[]>(clients.map((_, i) => [`u${i}`, []]))
  hub.on('n', (payload: number, { userId }) => void heard.get(userId as string)?.push(payload))
  for (let step = 0; step < 400; step++) {
    const one = clients[random.below(clients.length)]
    const { client } = one.watched
    for (let n = random.below(6); n > 0; n--) {
      one.acked.push(fate(client.send('n', ++one.sent, { room: rooms[random.below(3)], ack: true })))
    }
    if (random.below(10) === 0 && hub.connections.length > 0) {
      const { socket } = hub.connections[random.below(hub.connections.length)]
      if (random.below(2) === 0) socket.terminate()
      else socket.close(1012)
    }
    if (random.below(3) === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  for (const [i, { acked, sent, watched }] of clients.entries()) {
    expect((await Promise.all(acked)).filter((how) => how !== 'resolved')).toEqual([])
    expect(heard.get(`u${i}`)).toEqual(Array.from({ length: sent }, (_, n) => n + 1))
    expect(watched.codes.filter((code) => !/^CONNECTION_/.test(code))).toEqual([])
  }
  expect(hub.metrics().errors).toEqual({})
})
