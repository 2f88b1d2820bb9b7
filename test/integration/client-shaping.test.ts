// Send shaping: messages that travel together, and messages that replace each other.
import { until, within } from '../support/waiters'
import type { FarEnd, Received } from './support/far-end'
import { useManaged } from './support/managed'

const scope = useManaged()
const refusal = (text: string): Error =>
  expect.objectContaining({
    code: 'INVALID_OPTION',
    message: expect.stringContaining(text) as string,
  }) as Error

/** What arrived, batches as lists of payloads. */
const shapes = (far: FarEnd): unknown[] =>
  far.received.map(({ type, payload }) =>
    type === 'batch' ? (payload as Received[]).map((one) => one.payload) : payload,
  )
/** All messages, those in batches too. */
const inside = (far: FarEnd): Received[] =>
  far.received.flatMap((message) => (message.type === 'batch' ? (message.payload as Received[]) : [message]))

describe('sendBatch', () => {
  test('joins messages, ten at a time by default, and loses none', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far, { sendBatch: true })
    for (let i = 0; i < 95; i++) client.send('m', i)
    await far.until(() => inside(far).length === 95, 'all messages')
    expect(inside(far).map(({ payload }) => payload)).toEqual([...Array(95).keys()])
    expect(new Set(inside(far).map(({ id }) => id)).size).toBe(95)
    const batches = far.received.filter(({ type }) => type === 'batch')
    expect(batches.slice(0, 9).map(({ payload }) => (payload as unknown[]).length)).toEqual(Array(9).fill(10))
    expect(client.getPerformanceMetrics()).toMatchObject({ messagesOut: 95, batches: batches.length })
    await until(() => client.bufferedAmount === 0)
  })

  test('a batch that is not full goes in time, one message goes as it is', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far, { sendBatch: { max: 100, every: 20 } })
    client.send('m', 1)
    client.send('m', 2)
    await far.messages(1)
    client.send('m', 3)
    await far.messages(2)
    expect(shapes(far)).toEqual([[1, 2], 3])
  })

  test('priorities do not mix, and high ones wait for nobody', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far, { sendBatch: { max: 2, every: 60_000 } })
    client.send('m', 'low 1', { priority: 'low' })
    client.send('m', 'normal 1')
    client.send('m', 'high', { priority: 'high' })
    client.send('m', 'normal 2')
    client.send('m', 'low 2', { priority: 'low' })
    await far.messages(3)
    expect(shapes(far)).toEqual(['high', ['normal 1', 'normal 2'], ['low 1', 'low 2']])
  })

  test('acked messages and requests ride along, each settled under its own id', async () => {
    const far = await scope.far()
    far.answer = ({ type, payload }, socket) => {
      if (type !== 'batch') return
      const answers = (payload as Received[]).map((one) =>
        one.type === 'ask'
          ? { type: 'reply', correlationId: one.correlationId, payload: one.payload }
          : { type: 'ack', correlationId: one.id },
      )
      far.say({ type: 'batch', payload: answers }, socket)
    }
    const { client } = await scope.connected(far, { sendBatch: { max: 4, every: 5_000 } })
    const all = Promise.all([
      client.send('m', 1, { ack: true }),
      client.request('ask', 'one'),
      client.send('m', 2, { ack: true }),
      client.request('ask', 'two'),
    ])
    expect(await within(all, 'acks and replies')).toEqual([undefined, 'one', undefined, 'two'])
    expect(far.received.length).toBe(1)
    expect(client.getPerformanceMetrics()).toMatchObject({ acked: 2, inFlight: 0 })
  })

  test('binary messages go alone, behind what was sent before them', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far, { sendBatch: { max: 10, every: 60_000 } })
    client.send('m', 1)
    client.send('m', 2)
    client.sendBinary(Buffer.from([1]))
    await far.until(() => far.binaries.length === 1, 'the binary message')
    expect(shapes(far)).toEqual([[1, 2]])
  })

  test('disconnect() and close() let out what waits for company', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far, { sendBatch: { max: 10, every: 60_000 } })
    client.send('m', 1)
    client.send('m', 2)
    await client.disconnect()
    await client.connect()
    client.send('m', 3)
    client.send('m', 4)
    await client.close()
    await far.messages(2)
    expect(shapes(far)).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  test('a message whose time to live is shorter than the wait takes the others along', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far, { sendBatch: { max: 10, every: 60_000 } })
    client.send('m', 1)
    client.send('m', 2, { ttl: 5_000 })
    await far.messages(1)
    expect(shapes(far)).toEqual([[1, 2]])
  })

  test('what waited while there was no connection goes in batches at once', async () => {
    const far = await scope.far()
    const { client } = scope.managed(far, { sendBatch: { max: 3, every: 100 } })
    for (let i = 0; i < 6; i++) client.send('m', i)
    await client.connect()
    await far.messages(2)
    expect(shapes(far)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ])
  })

  test('a server without hawser.v1 gets none, unless `always` says so', async () => {
    const far = await scope.far({ hawser: false })
    const plain = await scope.connected(far, { sendBatch: { max: 2, every: 60_000 } })
    plain.client.send('m', 1)
    plain.client.send('m', 2)
    await far.messages(2)
    const forced = await scope.connected(far, { sendBatch: { max: 2, every: 60_000, always: true } })
    forced.client.send('m', 3)
    forced.client.send('m', 4)
    await far.messages(3)
    expect(shapes(far)).toEqual([1, 2, [3, 4]])
  })

  test.each([
    [{ sendBatch: 5 }, 'sendBatch'],
    [{ sendBatch: null }, 'sendBatch'],
    [{ sendBatch: { size: 5 } }, 'sendBatch.size'],
    [{ sendBatch: { always: 1 } }, 'sendBatch.always'],
  ])('%j is refused', (options, name) => {
    expect(() => scope.managed('ws://127.0.0.1:1', options as object)).toThrow(refusal(name))
  })
})

describe('throttle and debounce', () => {
  test('throttle sends the first at once, and then the latest', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far)
    for (let i = 0; i < 50; i++) client.send('m', i, { throttle: 50 })
    await far.messages(2)
    expect(far.payloads).toEqual([0, 49])
    expect(client.getPerformanceMetrics()).toMatchObject({ replaced: 48, messagesOut: 2 })
    await until(() => client.bufferedAmount === 0)
  })

  test('debounce sends the latest only', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far)
    for (let i = 0; i < 50; i++) client.send('m', i, { debounce: 20 })
    expect(client.bufferedAmount).toBeGreaterThan(0)
    await far.messages(1)
    client.send('m', 'next', { debounce: 20 })
    await far.messages(2)
    expect(far.payloads).toEqual([49, 'next'])
    expect(client.getPerformanceMetrics()).toMatchObject({ replaced: 49 })
  })

  test('messages replace those of their key, which is the type by default', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far)
    const send = (type: string, payload: number, key?: string): void => {
      client.send(type, payload, { debounce: true, key })
    }
    send('a', 1)
    send('b', 2)
    send('a', 3)
    send('a', 4, 'mine')
    send('b', 5, 'mine')
    // Names that an encoding might confuse.
    const odd = ['ü', '%00fc', 'Ã¼', '\ud800', '%', '\udc00']
    odd.forEach((key, i) => send('odd', 10 + i, key))
    await far.messages(3 + odd.length)
    expect([...(far.payloads as number[])].sort((a, b) => a - b)).toEqual([2, 3, 5, 10, 11, 12, 13, 14, 15])
  })

  test('what is held goes out with disconnect() and close(), and is given up by clearQueue()', async () => {
    const far = await scope.far()
    const watched = await scope.connected(far)
    const { client } = watched
    client.send('m', 1, { debounce: 60_000 })
    await client.disconnect()
    await client.connect()
    client.send('m', 2, { debounce: 60_000 })
    client.clearQueue()
    await watched.failedWith('ABORTED')
    client.send('m', 3, { debounce: 60_000 })
    await client.close()
    await far.messages(2)
    expect(far.payloads).toEqual([1, 3])
  })

  test('binary messages can be throttled too', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far)
    for (const n of [1, 2, 3]) client.sendBinary(Buffer.of(n), { throttle: true })
    await far.until(() => far.binaries.length === 2, 'two binary messages')
    expect(far.binaries).toEqual([Buffer.of(1), Buffer.of(3)])
  })

  test.each([
    [{ throttle: true, debounce: true }, 'exclude'],
    [{ throttle: true, ack: true }, 'throttle'],
    [{ debounce: 10, ack: true }, 'debounce'],
    [{ throttle: 0 }, 'throttle'],
    [{ throttle: 1.5 }, 'throttle'],
    [{ debounce: '300' }, 'debounce'],
    [{ debounce: 60_001 }, 'debounce'],
    [{ key: 'k' }, 'key'],
    [{ key: '', throttle: true }, 'key'],
    [{ key: 'k'.repeat(129), throttle: true }, 'key'],
    [{ key: 5, throttle: true }, 'key'],
  ])('%j is refused', (options, text) => {
    const { client } = scope.managed('ws://127.0.0.1:1')
    expect(() => client.send('m', 1, options as object)).toThrow(refusal(text))
  })
})
