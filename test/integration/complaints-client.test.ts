// What users of other reconnecting clients complain of, as tests named after the symptom.
import { until, within } from '../support/waiters'
import { type FarSocket, answering } from './support/far-end'
import { brisk, fate, rejection, useManaged } from './support/managed'

const scope = useManaged()

test('no jitter: clients that lost the same server do not come back in step', async () => {
  const far = await scope.far()
  const reconnect = { minDelay: 1000, maxDelay: 1000 }
  const herd = await Promise.all(Array.from({ length: 40 }, () => scope.connected(far, { reconnect })))
  far.hangUp()
  await Promise.all(herd.map((one) => one.reached('reconnecting')))
  const delays = herd.map((one) => one.last('reconnecting')!.nextDelay)
  // Of 40 out of 500 possible ones at least 25 are different, but for a chance of less than one in a billion.
  expect(new Set(delays).size).toBeGreaterThanOrEqual(25)
  for (const delay of delays) expect(delay).toBeGreaterThanOrEqual(500)
})

test('the queue grows without bound while the server is away', async () => {
  const far = await scope.farDown()
  const watched = scope.managed(far, { queue: { maxMessages: 100 } })
  watched.client.connect().catch(() => undefined)
  for (let i = 0; i < 10_000; i++) watched.client.send('log', i)
  await watched.failedWith('QUEUE_FULL')
  await far.start()
  await far.messages(100)
  await watched.client.request('sync', 0, { timeout: 50 }).catch(() => undefined)
  expect(far.payloads.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, i) => 9900 + i))
  expect(watched.client.getPerformanceMetrics()).toMatchObject({ dropped: 9900, queued: 0 })
})

test('the queue grows without bound in bytes', async () => {
  const far = await scope.farDown()
  const { client } = scope.managed(far, { queue: { maxBytes: 100_000 } })
  const payload = 'x'.repeat(1000)
  let refused = 0
  let most = 0
  for (let i = 0; i < 1000; i++) {
    try {
      client.send('log', payload)
    } catch (error) {
      expect(error).toMatchObject({ code: 'BACKPRESSURE_EXCEEDED' })
      refused++
    }
    most = Math.max(most, client.getPerformanceMetrics().queuedBytes)
  }
  expect(most).toBeLessThanOrEqual(100_000)
  // The oldest gave way, or the newest were refused: all are accounted for.
  await until(() => {
    const { dropped, queued } = client.getPerformanceMetrics()
    return dropped + queued + refused === 1000
  })
})

test('heartbeats are doubled after a reconnect', async () => {
  const far = await scope.far()
  const outstanding = new Map<FarSocket, number>()
  let most = 0
  far.answer = (message, socket) => {
    if (message.type !== 'heartbeat') return
    const now = (outstanding.get(socket) ?? 0) + 1
    outstanding.set(socket, now)
    most = Math.max(most, now)
    setImmediate(() => {
      outstanding.set(socket, 0)
      if (socket.readyState === 1) far.say({ type: 'heartbeat_ack' }, socket)
    })
  }
  const watched = await scope.connected(far, { heartbeat: { interval: 10, timeout: 30_000, messages: true } })
  for (let round = 2; round <= 5; round++) {
    far.hangUp()
    await watched.reached('connected', round)
    await far.connections(round)
  }
  const so = far.types.length
  await far.messages(so + 10, 'heartbeat')
  // Each waits for the answer to the one before: a second timer would show as two of them at once.
  expect(most).toBe(1)
  expect(far.sockets.length).toBe(1)
})

test('messages come twice after reconnects, since handlers are set anew', async () => {
  const far = await scope.far()
  far.answer = answering
  const watched = await scope.connected(far)
  const got: number[] = []
  watched.client.on('t', ({ payload }) => got.push(payload as number))
  for (let round = 2; round <= 4; round++) {
    far.hangUp()
    await watched.reached('connected', round)
    await watched.client.request('ask')
    far.say({ type: 't', payload: round })
    await watched.client.request('ask')
  }
  expect(got).toEqual([2, 3, 4])
})

test('sharing a connection breaks the retry: all users get it back, through one new connection', async () => {
  const far = await scope.far()
  far.answer = answering
  const pool = scope.pool()
  const shares = await Promise.all(Array.from({ length: 5 }, () => pool.getConnection(far.url)))
  const got: string[] = []
  shares.forEach((share, i) => share.on('t', ({ payload }) => got.push(`${i}${payload}`)))
  far.hangUp()
  await far.connections(2)
  expect(await Promise.all(shares.map((share, i) => share.request('ask', i)))).toEqual([0, 1, 2, 3, 4])
  far.say({ type: 't', payload: '!' })
  await shares[0].request('ask')
  expect(got.sort()).toEqual(['0!', '1!', '2!', '3!', '4!'])
  expect(far.accepted).toBe(2)
})

test('connect() twice connects twice', async () => {
  const far = await scope.far()
  const { client } = scope.managed(far)
  await within(Promise.all([client.connect(), client.connect(), client.connect()]), 'three calls')
  await within(client.connect(), 'a fourth')
  // Mounted, unmounted and mounted again at once.
  const ended = client.disconnect()
  const again = client.connect()
  await within(Promise.all([ended, again]), 'both')
  expect(client.state).toBe('connected')
  await far.until(() => far.sockets.length === 1, 'one connection')
  expect(far.accepted).toBe(2)
})

test('it goes on connecting after close()', async () => {
  const far = await scope.farDown()
  const watched = scope.managed(far)
  const connecting = fate(watched.client.connect())
  await watched.until(() => watched.errors.length >= 2, 'two refusals')
  await within(watched.client.close(), 'close()')
  expect(await connecting).toBe('ABORTED')
  const changes = watched.changes.length
  await far.start()
  // Another one would have come by now as well.
  const witness = await scope.connected(far)
  for (let round = 2; round <= 4; round++) {
    far.hangUp()
    await witness.reached('connected', round)
  }
  await far.connections(4)
  expect(far.accepted).toBe(4)
  expect(watched.changes.length).toBe(changes)
  expect(await rejection(watched.client.connect())).toMatchObject({ code: 'INVALID_STATE' })
})

test('it cannot be told to stop while it waits for its next attempt, or comes back after disconnect()', async () => {
  const far = await scope.farDown()
  const watched = scope.managed(far, { reconnect: { minDelay: 3_600_000, maxDelay: 3_600_000 } })
  const connecting = fate(watched.client.connect())
  await watched.reached('reconnecting')
  await within(watched.client.disconnect(), 'disconnect()')
  expect(await connecting).toBe('ABORTED')
  expect(watched.client.state).toBe('disconnected')
  await far.start()
  // And it can be told to begin anew, without the old delay.
  await within(watched.client.connect(), 'connect()')
  expect(watched.states).toEqual(['connecting', 'reconnecting', 'disconnected', 'connecting', 'connected'])
})

test('an endless loop of refused tokens', async () => {
  const far = await scope.far()
  far.greet = (socket) => socket.close(4401)
  let asked = 0
  const reconnect = { ...brisk, minUptime: 60_000 }
  const watched = scope.managed(far, { reconnect, auth: () => `token-${++asked}` })
  watched.client.connect().catch(() => undefined)
  await watched.reached('failed')
  expect(asked).toBe(2)
  expect(far.accepted).toBe(2)
})

test('what was sent while the connection was gone is lost, or comes in another order', async () => {
  const far = await scope.far()
  far.answer = answering
  const watched = await scope.connected(far, { reconnect: brisk })
  const acks: Promise<string>[] = []
  for (let i = 0; i < 300; i++) {
    acks.push(fate(watched.client.send('acked', i, { ack: true })))
    if (i % 60 === 30) far.hangUp()
    if (i % 60 === 45) await watched.reached('connected', 2 + Math.floor(i / 60))
  }
  expect(new Set(await within(Promise.all(acks), 'all acks'))).toEqual(new Set(['resolved']))
  // Copies are told by their ids; the first of each come in order.
  const first = new Map(far.received.map(({ id, payload }) => [id, payload]))
  expect([...first.values()]).toEqual(Array.from({ length: 300 }, (_, i) => i))
})

test('a message that is no JSON, or of the wrong shape, ends the connection or throws out of the library', async () => {
  const far = await scope.far()
  far.answer = answering
  const watched = await scope.connected(far)
  const texts: string[] = []
  watched.client.on('message', (text) => texts.push(text))
  watched.client.on('*', () => undefined)
  const odd = [
    '{',
    '',
    'null',
    '5',
    '[]',
    '{"type":{}}',
    '{"type":"reply"}',
    '{"type":"ack","correlationId":5}',
  ]
  for (const text of [...odd, '{"type":"error"}', '{"type":"joined"}']) far.socket.send(text)
  expect(await within(watched.client.request('ask', 1), 'reply')).toBe(1)
  expect(texts).toEqual(odd.slice(0, 6))
  expect(watched.codes).toEqual(['SERVER_ERROR'])
  expect(far.accepted).toBe(1)
})
