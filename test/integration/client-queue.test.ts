// What is sent without a connection: order, priorities, bounds, time to live; acks and their retries.
import { until, within } from '../support/waiters'
import { answering, type Received } from './support/far-end'
import { brisk, fate, rejection, useManaged } from './support/managed'

const scope = useManaged()

test('what was sent before the connection arrives in order, high before normal before low', async () => {
  const far = await scope.far()
  const { client } = scope.managed(far)
  for (let i = 0; i < 5; i++) {
    client.send('m', `low ${i}`, { priority: 'low' })
    client.send('m', `normal ${i}`)
    client.send('m', `high ${i}`, { priority: 'high' })
  }
  const waiting = await client.queued()
  expect(waiting.map(({ priority }) => priority)).toEqual(
    ['high', 'normal', 'low'].flatMap((priority) => Array<string>(5).fill(priority)),
  )
  await client.connect()
  await far.messages(15)
  expect(far.payloads).toEqual(
    ['high', 'normal', 'low'].flatMap((name) => [0, 1, 2, 3, 4].map((i) => `${name} ${i}`)),
  )
  expect(await client.queued()).toEqual([])
})

test('what was sent while it reconnects is replayed', async () => {
  const far = await scope.far()
  const watched = await scope.connected(far)
  watched.client.send('m', 0)
  await far.messages(1)
  await far.stop()
  await watched.reached('reconnecting')
  for (let i = 1; i < 500; i++) watched.client.send('m', i)
  await far.start()
  await far.messages(500)
  expect(far.payloads).toEqual([...Array(500).keys()])
})

test('what was dropped is told before what is left', async () => {
  const far = await scope.farDown()
  const watched = scope.managed(far, { queue: { maxMessages: 1 } })
  const { client } = watched
  client.send('m', 0)
  for (let round = 1; round <= 500; round++) {
    client.send('m', round)
    const { length } = await client.queued()
    expect({ length, errors: watched.errors.length }).toEqual({ length: 1, errors: round })
  }
})

test('binary messages wait too', async () => {
  const far = await scope.far()
  const { client } = scope.managed(far)
  client.sendBinary(Buffer.from([1, 2, 3]))
  client.sendBinary(new Uint8Array(100_000).fill(7))
  await client.connect()
  await far.until(() => far.binaries.length === 2, 'two binary messages')
  expect(far.binaries[0]).toEqual(Buffer.from([1, 2, 3]))
  expect(far.binaries[1].equals(Buffer.alloc(100_000, 7))).toBe(true)
  expect(() => client.sendBinary('text' as never)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error,
  )
})

describe('at the bound of the queue', () => {
  const fill = async (overflow: 'drop-oldest' | 'drop-newest' | 'drop-lowest-priority' | 'reject') => {
    const far = await scope.far()
    const watched = scope.managed(far, { queue: { maxMessages: 4, overflow } })
    const { client } = watched
    client.send('m', 'low', { priority: 'low' })
    client.send('m', 'a')
    client.send('m', 'high', { priority: 'high' })
    client.send('m', 'b')
    client.send('m', 'c')
    client.send('m', 'd')
    await watched.failedWith('QUEUE_FULL')
    await client.queued()
    expect(client.getPerformanceMetrics()).toMatchObject({ queued: 4, dropped: 2 })
    await client.connect()
    await far.messages(4)
    // One error for all that were dropped in one turn of the engine.
    expect(new Set(watched.codes)).toEqual(new Set(['QUEUE_FULL']))
    expect(watched.errors[0].recoverable).toBe(true)
    return far.payloads
  }
  test('drop-oldest', async () => expect(await fill('drop-oldest')).toEqual(['high', 'b', 'c', 'd']))
  test('drop-newest', async () => expect(await fill('drop-newest')).toEqual(['high', 'a', 'b', 'low']))
  test('drop-lowest-priority', async () =>
    expect(await fill('drop-lowest-priority')).toEqual(['high', 'b', 'c', 'd']))
  test('reject', async () => expect(await fill('reject')).toEqual(['high', 'a', 'b', 'low']))

  test('acked messages are never evicted; one too many rejects', async () => {
    const far = await scope.far()
    far.answer = answering
    const { client } = scope.managed(far, { queue: { maxMessages: 3 } })
    const kept = [0, 1, 2].map((i) => client.send('acked', i, { ack: true }))
    expect(await rejection(client.send('acked', 3, { ack: true }))).toMatchObject({
      code: 'QUEUE_FULL',
      recoverable: true,
    })
    await client.connect()
    await within(Promise.all(kept), 'acks')
    expect(far.payloads).toEqual([0, 1, 2])
  })

  test('bytes are bounded too', async () => {
    const far = await scope.far()
    const { client } = scope.managed(far, { queue: { maxBytes: 10_000, overflow: 'reject' } })
    const sent = Array.from({ length: 4 }, (_, i) =>
      fate(client.send('acked', `${i}`.repeat(3_000), { ack: true })),
    )
    expect(await within(sent[3], 'refusal')).toBe('QUEUE_FULL')
    far.answer = answering
    await client.connect()
    expect(await within(Promise.all(sent), 'acks')).toEqual([
      'resolved',
      'resolved',
      'resolved',
      'QUEUE_FULL',
    ])
  })
})

test('a message that waits longer than its ttl is dropped, the others are not', async () => {
  const far = await scope.far()
  const watched = scope.managed(far, { queue: { ttl: 50 } })
  const { client } = watched
  client.send('m', 'short')
  client.send('m', 'long', { ttl: 60_000 })
  const acked = rejection(client.send('m', 'acked', { ack: true, ttl: 20 }))
  await watched.failedWith('EXPIRED')
  expect(await acked).toMatchObject({ code: 'EXPIRED' })
  await client.connect()
  await far.messages(1)
  expect(far.payloads).toEqual(['long'])
  expect(client.getPerformanceMetrics()).toMatchObject({ expired: 2 })
})

test('clearQueue() gives up what waits; promises of it reject', async () => {
  const far = await scope.far()
  const { client, errors } = scope.managed(far)
  client.send('m', 'gone')
  const acked = rejection(client.send('m', 'gone too', { ack: true }))
  const request = rejection(client.request('ask'))
  client.clearQueue()
  expect(await acked).toMatchObject({ code: 'ABORTED' })
  expect(await request).toMatchObject({ code: 'ABORTED' })
  expect(await client.queued()).toEqual([])
  expect(client.bufferedAmount).toBe(0)
  await client.connect()
  client.send('m', 'here')
  await far.messages(1)
  expect(far.payloads).toEqual(['here'])
  expect(errors.map(({ code }) => code)).toEqual(['ABORTED'])
})

test('a signal takes a waiting message back', async () => {
  const far = await scope.far()
  const { client } = scope.managed(far)
  const controller = new AbortController()
  const sent = rejection(client.send('m', 'gone', { ack: true, signal: controller.signal }))
  controller.abort(new Error('no more'))
  expect(await sent).toMatchObject({ code: 'ABORTED', cause: { message: 'no more' } })
  expect(
    await rejection(client.send('m', 'never', { ack: true, signal: AbortSignal.abort() })),
  ).toMatchObject({ code: 'ABORTED' })
  await client.connect()
  client.send('m', 'here')
  await far.messages(1)
  expect(far.payloads).toEqual(['here'])
})

describe('acks', () => {
  test('resolve when the server has said so', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far)
    let acked = false
    const sent = client.send('m', 1, { ack: true }).then(() => (acked = true))
    await far.messages(1)
    await client.queued()
    expect(acked).toBe(false)
    far.say({ type: 'ack', correlationId: far.received[0].id })
    await within(sent, 'ack')
    expect(client.getPerformanceMetrics()).toMatchObject({ acked: 1, retries: 0, inFlight: 0 })
  })

  test('a message without ack is sent again, then given up', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far, { queue: { ackTimeout: 20, retries: 2 } })
    const error = await rejection(client.send('m', 1, { ack: true }))
    expect(error).toMatchObject({ code: 'TIMEOUT' })
    await far.messages(3)
    expect(new Set(far.received.map(({ id }) => id)).size).toBe(1)
    expect(far.received.length).toBe(3)
  })

  test('an ack that comes after a retry is good', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far, { queue: { ackTimeout: 20, retries: 100 } })
    const sent = client.send('m', 1, { ack: true })
    await far.messages(3)
    far.answer = (message) => far.say({ type: 'ack', correlationId: message.id })
    await within(sent, 'ack')
  })

  test('a message that is refused as often as it was sent rejects once, and is no other error', async () => {
    const far = await scope.far()
    const { client, errors } = await scope.connected(far, { queue: { ackTimeout: 20, retries: 100 } })
    const refusals: unknown[] = []
    const sent = rejection(client.send('m', 1, { ack: true })).then((error) => refusals.push(error))
    await far.messages(2)
    const error = { code: 'UNAUTHORIZED' }
    for (const { id } of far.received) far.say({ type: 'error', correlationId: id, error })
    await within(sent, 'refusal')
    // Behind all of them.
    far.answer = (message) => {
      if (message.type === 'm') far.say({ type: 'error', correlationId: message.id, error })
      else far.say({ type: 'reply', correlationId: message.correlationId, payload: 1 })
    }
    await client.request('asked')
    expect(refusals).toMatchObject([{ code: 'UNAUTHORIZED' }])
    expect(errors).toEqual([])
  })

  test('without hawser.v1 the kernel is the one who confirms; acks: true insists', async () => {
    const far = await scope.far({ hawser: false })
    const plain = await scope.connected(far)
    await within(plain.client.send('m', 1, { ack: true }), 'send')
    const strict = await scope.connected(far, { acks: true, queue: { ackTimeout: 20, retries: 0 } })
    expect(await rejection(strict.client.send('m', 2, { ack: true }))).toMatchObject({ code: 'TIMEOUT' })
    far.answer = answering
    const heard = await scope.connected(far, { acks: true })
    await within(heard.client.send('acked', 3, { ack: true }), 'ack')
    const never = await scope.connected(await scope.far(), { acks: false })
    await within(never.client.send('m', 1, { ack: true }), 'send')
  })

  test('across restarts nothing is lost, and by its id nothing is handled twice', async () => {
    const far = await scope.far()
    const handled = new Map<string, unknown>()
    const acks: Received[] = []
    // Acks lag behind, so that each restart catches some on the way.
    far.answer = (message, socket) => {
      if (!handled.has(message.id)) handled.set(message.id, message.payload)
      acks.push(message)
      if (acks.length >= 7)
        for (const { id } of acks.splice(0)) far.say({ type: 'ack', correlationId: id }, socket)
    }
    const { client } = await scope.connected(far, { queue: { ackTimeout: 100, retries: 1_000 } })
    const count = 300
    const sent: Promise<void>[] = []
    for (let i = 0; i < count; i++) {
      sent.push(client.send('m', i, { ack: true }))
      if (i % 100 === 50) {
        await far.messages(1)
        acks.length = 0
        await far.restart()
      }
    }
    await within(Promise.all(sent), 'all acks')
    expect([...handled.values()]).toEqual([...Array(count).keys()])
    expect(await client.queued()).toEqual([])
  })

  test('closing the client rejects what waits for an ack', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far)
    const sent = rejection(client.send('m', 1, { ack: true }))
    await far.messages(1)
    await client.close()
    expect(await sent).toMatchObject({ code: 'CONNECTION_CLOSED' })
  })
})

test('send() says when more waits than highWaterMark, and drained() when it has gone', async () => {
  const far = await scope.far()
  const { client } = scope.managed(far, { highWaterMark: 10_000, maxBackpressure: 100_000 })
  expect(client.send('m', 'x'.repeat(1_000))).toBe(true)
  expect(client.send('m', 'x'.repeat(10_000))).toBe(false)
  expect(client.bufferedAmount).toBeGreaterThan(11_000)
  expect(() => client.send('m', 'x'.repeat(100_000))).toThrow(
    expect.objectContaining({ code: 'BACKPRESSURE_EXCEEDED', recoverable: true }) as Error,
  )
  const drained = client.drained()
  await client.connect()
  await within(drained, 'drained()')
  await far.messages(2)
  await until(() => client.bufferedAmount === 0)
  await within(client.drained(), 'drained() at once')
})

describe('bytes above queue.maxBytes', () => {
  const large = 'x'.repeat(3_000)

  test('without a connection the overflow policy decides, and says what it dropped', async () => {
    const far = await scope.far()
    const watched = scope.managed(far, { queue: { maxBytes: 10_000 } })
    const { client } = watched
    for (let i = 0; i < 6; i++) client.send('m', `${i}${large}`)
    await watched.failedWith('QUEUE_FULL')
    await client.connect()
    await far.messages(3)
    expect(far.payloads.map((text) => (text as string)[0])).toEqual(['3', '4', '5'])
  })

  test('with a connection send() throws, and nothing that was accepted is lost', async () => {
    const far = await scope.far()
    far.greet = (socket) => socket.pause()
    const watched = await scope.connected(far, { queue: { maxBytes: 10_000 } })
    const { client } = watched
    await until(() => far.accepted === 1)
    const sent: string[] = []
    let refused: unknown
    // The peer reads nothing: until the kernel has taken what it takes, of which nothing tells.
    for (let refusals = 0; refusals < 30;) {
      try {
        client.send('m', `${sent.length} ${large}`)
        sent.push(`${sent.length}`)
        refusals = 0
      } catch (error) {
        refused = error
        refusals++
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
    expect(refused).toMatchObject({ code: 'BACKPRESSURE_EXCEEDED', recoverable: true })
    expect(await rejection(client.send('m', large, { ack: true }))).toMatchObject({
      code: 'BACKPRESSURE_EXCEEDED',
    })
    far.socket.resume()
    await within(client.drained(), 'drained()')
    expect(client.send('m', 'last')).toBe(true)
    await far.messages(sent.length + 1)
    expect(far.payloads.map((text) => (text as string).split(' ')[0])).toEqual([...sent, 'last'])
    expect(watched.errors).toEqual([])
  })

  test('maxBackpressure bounds both, and is twice as much unless it is given', async () => {
    const far = await scope.far()
    const { client } = scope.managed(far, { queue: { maxBytes: 64 * 1024 * 1024 }, maxBackpressure: 10_000 })
    const fill = (): void => {
      for (let i = 0; i < 9; i++) client.send('m', large)
    }
    expect(fill).toThrow(expect.objectContaining({ code: 'BACKPRESSURE_EXCEEDED' }) as Error)
    expect(await client.queued()).toHaveLength(3)
  })
})

test('payloads that JSON cannot hold, and types that are none, are refused', async () => {
  const far = await scope.far()
  const { client } = scope.managed(far)
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  for (const payload of [loop, 1n, () => 1, Symbol('x')]) {
    expect(() => client.send('m', payload)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error,
    )
    expect(await rejection(client.request('m', payload))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  }
  for (const type of ['', 5, undefined, 'x'.repeat(129)]) {
    expect(() => client.send(type as string)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error,
    )
  }
  expect(() => client.send('m', 1, { priority: 'urgent' as 'high' })).toThrow(
    expect.objectContaining({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('priority') as string,
    }) as Error,
  )
  expect(() => client.send('m', 1, { durable: true })).toThrow(
    expect.objectContaining({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('queue.store') as string,
    }) as Error,
  )
  expect(client.bufferedAmount).toBe(0)
})

test('more than the queue holds passes a connection that is open', async () => {
  const far = await scope.far()
  const { client, errors } = await scope.connected(far, { queue: { maxMessages: 10 }, reconnect: brisk })
  for (let i = 0; i < 5_000; i++) client.send('m', i)
  await far.messages(5_000)
  expect(far.payloads).toEqual([...Array(5_000).keys()])
  expect(errors).toEqual([])
})
