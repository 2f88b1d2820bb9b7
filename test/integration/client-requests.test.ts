// Requests and their replies: matching, errors, timeouts, cancellation, loss of the connection, many at once.
import { within } from '../support/waiters'
import { answering } from './support/far-end'
import { rejection, useManaged } from './support/managed'

const scope = useManaged()

test('resolves with the payload of the reply that carries its correlation id', async () => {
  const far = await scope.far()
  far.answer = answering
  const { client } = await scope.connected(far)
  expect(await client.request('ask', { n: 1 })).toEqual({ n: 1 })
  expect(await client.request('ask')).toBeUndefined()
  expect(await client.request('ask', null)).toBeNull()
  expect(await client.request('ask', 'Zürich 🚢')).toBe('Zürich 🚢')
  expect(await client.request('ask', 1, { room: 'r', priority: 'high' })).toBe(1)
  expect(far.received[4]).toMatchObject({ type: 'ask', room: 'r', payload: 1 })
  expect(far.received[0].correlationId).toBe(far.received[0].id)
  expect(client.getPerformanceMetrics()).toMatchObject({ requests: 5, requestTimeouts: 0, lateReplies: 0 })
})

test('replies may come in any order', async () => {
  const far = await scope.far()
  const { client } = await scope.connected(far)
  const asked = [1, 2, 3].map((n) => client.request('ask', n))
  await far.messages(3)
  for (const message of [...far.received].reverse()) answering(message, far.socket, far)
  expect(await within(Promise.all(asked), 'replies')).toEqual([1, 2, 3])
})

test.each([
  [{ code: 'UNAUTHORIZED', message: 'not you' }, 'UNAUTHORIZED', 'not you'],
  [{ code: 'RATE_LIMIT_EXCEEDED', message: 'slower', retryAfter: 250 }, 'RATE_LIMIT_EXCEEDED', 'slower'],
  [{ code: 'E_OWN', message: 'own words' }, 'SERVER_ERROR', 'own words'],
  [{ code: 'E_OWN' }, 'SERVER_ERROR', 'E_OWN'],
  ['text', 'SERVER_ERROR', 'text'],
])('an error reply %j rejects', async (said, code, words) => {
  const far = await scope.far()
  far.answer = (message) => far.say({ type: 'reply', correlationId: message.correlationId, error: said })
  const { client, errors } = await scope.connected(far)
  const error = await rejection(client.request('ask'))
  expect(error).toMatchObject({
    name: 'HawserError',
    code,
    message: expect.stringContaining(words) as string,
  })
  expect(error.cause).toEqual(said)
  if (typeof said === 'object') {
    expect(error['serverCode']).toBe(said.code)
    if ('retryAfter' in said) expect(error['retryAfter']).toBe(said.retryAfter)
  }
  expect(errors).toEqual([])
})

test('an `error` message with its correlation id rejects a request too', async () => {
  const far = await scope.far()
  far.answer = ({ correlationId }) => far.say({ type: 'error', correlationId, error: { code: 'TIMEOUT' } })
  const { client } = await scope.connected(far)
  expect(await rejection(client.request('ask'))).toMatchObject({ code: 'TIMEOUT' })
})

test('an `error` message may say why in its payload; a reply with an error in its payload is an answer', async () => {
  const far = await scope.far({ hawser: false })
  far.answer = ({ type, correlationId }) =>
    far.say({
      type: type === 'a' ? 'error' : 'reply',
      correlationId,
      payload: { code: 'E_OWN', error: 'no' },
    })
  const { client } = await scope.connected(far)
  expect(await rejection(client.request('a'))).toMatchObject({ code: 'SERVER_ERROR', serverCode: 'E_OWN' })
  expect(await client.request('b')).toEqual({ code: 'E_OWN', error: 'no' })
  far.answer = ({ correlationId }) => far.say({ type: 'error', correlationId })
  expect(await rejection(client.request('a'))).toMatchObject({ code: 'SERVER_ERROR' })
})

test('no reply in time is TIMEOUT; the reply that comes then is ignored', async () => {
  const far = await scope.far()
  const { client, errors } = await scope.connected(far, { requestTimeout: 30 })
  const seen: unknown[] = []
  client.on('reply', (message) => seen.push(message))
  client.on('message', (text) => seen.push(text))
  expect(await rejection(client.request('ask', 1))).toMatchObject({ code: 'TIMEOUT', recoverable: true })
  expect(await rejection(client.request('ask', 2, { timeout: 10 }))).toMatchObject({ code: 'TIMEOUT' })
  far.answer = answering
  for (const message of [...far.received]) answering(message, far.socket, far)
  // The answer to a later request comes after those.
  expect(await client.request('ask', 3, { timeout: 5_000 })).toBe(3)
  expect(client.getPerformanceMetrics()).toMatchObject({ requests: 3, requestTimeouts: 2, lateReplies: 2 })
  expect(seen).toEqual([])
  expect(errors).toEqual([])
})

test('a late reply that is an error is ignored too; an error that answers no request is told', async () => {
  const far = await scope.far()
  const watched = await scope.connected(far)
  const { client, errors } = watched
  // One with options, and one without.
  const over = rejection(client.request('ask', 1, { timeout: 10 }))
  const stop = new AbortController()
  const back = rejection(client.request('ask', 2, { signal: stop.signal }))
  const { client: brief } = await scope.connected(far, { requestTimeout: 10 })
  brief.on('error', (error) => errors.push(error))
  const plain = rejection(brief.request('ask', 3))
  await far.messages(3)
  stop.abort()
  expect((await Promise.all([over, back, plain])).map(({ code }) => code)).toEqual([
    ...['TIMEOUT', 'ABORTED', 'TIMEOUT'],
  ])
  const error = { code: 'E_OWN', message: 'no' }
  const [first, second] = far.sockets
  for (const { payload, correlationId } of [...far.received])
    far.say({ type: 'error', correlationId, error }, payload === 3 ? second : first)
  client.send('m', 4)
  await far.messages(4)
  far.answer = answering
  expect(await within(brief.request('ask', 5, { timeout: 5_000 }), 'reply')).toBe(5)
  expect(await within(client.request('ask', 6), 'reply')).toBe(6)
  expect(errors).toEqual([])
  expect([client, brief].map((one) => one.getPerformanceMetrics().lateReplies)).toEqual([2, 1])
  // One of a message that is no request, and one that was never ours.
  const { id } = far.received[3]
  for (const correlationId of [id, 'elsewhere-01']) far.say({ type: 'error', correlationId, error }, first)
  await watched.until(() => errors.length === 2, 'both errors')
})

test('a request that never left the queue times out and is not sent later', async () => {
  const far = await scope.far()
  const { client } = scope.managed(far)
  expect(await rejection(client.request('ask', 1, { timeout: 20 }))).toMatchObject({ code: 'TIMEOUT' })
  await client.connect()
  client.send('m')
  await far.messages(1)
  expect(far.types).toEqual(['m'])
})

test('an AbortSignal takes it back, before and after it was sent', async () => {
  const far = await scope.far()
  const { client } = scope.managed(far)
  const early = new AbortController()
  const queued = rejection(client.request('ask', 1, { signal: early.signal }))
  early.abort(new Error('changed my mind'))
  expect(await queued).toMatchObject({ code: 'ABORTED', cause: { message: 'changed my mind' } })
  expect(await rejection(client.request('ask', 1, { signal: AbortSignal.abort() }))).toMatchObject({
    code: 'ABORTED',
  })
  await client.connect()
  const late = new AbortController()
  const sent = rejection(client.request('ask', 2, { signal: late.signal }))
  await far.messages(1)
  late.abort()
  expect(await sent).toMatchObject({ code: 'ABORTED' })
  expect(far.payloads).toEqual([2])
  // The reply that comes nonetheless disturbs nobody.
  far.answer = answering
  answering(far.received[0], far.socket, far)
  expect(await client.request('ask', 3)).toBe(3)
  // A signal that aborts when all is over does nothing.
  late.abort()
})

test('a request whose connection is lost before the reply is CONNECTION_LOST; one that waited goes on', async () => {
  const far = await scope.far()
  const watched = await scope.connected(far)
  const { client } = watched
  const lost = rejection(client.request('ask', 'lost'))
  await far.messages(1)
  far.hangUp()
  expect(await lost).toMatchObject({ code: 'CONNECTION_LOST', recoverable: true })
  far.answer = answering
  expect(await within(client.request('ask', 'waits'), 'reply')).toBe('waits')
  expect(far.payloads).toEqual(['lost', 'waits'])
})

test('disconnect() and close() end requests that wait for a reply', async () => {
  const far = await scope.far()
  const { client } = await scope.connected(far)
  const first = rejection(client.request('ask'))
  await far.messages(1)
  await client.disconnect()
  expect(await first).toMatchObject({ code: 'CONNECTION_LOST' })
  await client.connect()
  const second = rejection(client.request('ask'))
  await far.messages(2)
  const third = rejection(client.request('ask', 'x'.repeat(2_000_000)))
  await client.close()
  expect(await third).toMatchObject({ code: expect.stringMatching(/^CONNECTION_(LOST|CLOSED)$/) as string })
  expect(await second).toMatchObject({ code: 'CONNECTION_LOST' })
})

test('2000 requests in flight, answered in another order, each get their own reply', async () => {
  const far = await scope.far()
  const { client } = await scope.connected(far)
  const asked = Array.from({ length: 2_000 }, (_, n) => client.request('ask', n))
  await far.messages(2_000)
  expect(client.getPerformanceMetrics().requests).toBe(2_000)
  const backwards = [...far.received].sort((a, b) => (a.id < b.id ? 1 : -1))
  far.sayAll(backwards.map(({ correlationId, payload }) => ({ type: 'reply', correlationId, payload })))
  expect(await within(Promise.all(asked), 'replies')).toEqual([...Array(2_000).keys()])
})

// Those that come in one read cross as one record.
test('replies that come together each give their own payload, in their order, errors and messages between them', async () => {
  const far = await scope.far({ maker: 'hawser' })
  const { client } = await scope.connected(far)
  const values = [7, 'Zürich 🚢', { a: [1, { b: null }] }, [], true, null, '', -0.5, 'x'.repeat(20_000), {}]
  const payloads = Array.from({ length: 300 }, (_, i) => values[i % values.length])
  const told: unknown[] = []
  client.on('news', (message) => told.push((message as { payload: unknown }).payload))
  const ended: number[] = []
  const asked = payloads.map((payload, i) =>
    client
      .request('ask', payload)
      .catch((error: unknown) => (error as { code: string }).code)
      .finally(() => ended.push(i)),
  )
  await far.messages(payloads.length)
  const expected = payloads.map((payload, i) => (i % 70 === 69 ? 'UNAUTHORIZED' : payload))
  const said: object[] = []
  for (const [i, { correlationId, payload }] of far.received.entries()) {
    const error = i % 70 === 69 ? { code: 'UNAUTHORIZED' } : undefined
    said.push({ type: 'reply', correlationId, payload, error })
    if (i % 50 === 0) said.push({ type: 'news', payload: i })
  }
  far.sayAll(said)
  expect(await within(Promise.all(asked), 'replies')).toEqual(expected)
  expect(ended).toEqual([...payloads.keys()])
  expect(told).toEqual([0, 50, 100, 150, 200, 250])
})

test('maxRequests bounds them', async () => {
  const far = await scope.far()
  const { client } = await scope.connected(far, { maxRequests: 2 })
  const asked = [client.request('ask', 1), client.request('ask', 2)]
  expect(await rejection(client.request('ask', 3))).toMatchObject({ code: 'QUEUE_FULL' })
  for (const one of asked) one.catch(() => undefined)
  await far.messages(2)
  for (const message of [...far.received]) answering(message, far.socket, far)
  expect(await within(Promise.all(asked), 'replies')).toEqual([1, 2])
  far.answer = answering
  expect(await client.request('ask', 4)).toBe(4)
})

test('what looks like a reply but is no JSON is none', async () => {
  const far = await scope.far({ hawser: false })
  far.answer = ({ correlationId }) => {
    far.socket.send(`{"type":"reply","correlationId":"${correlationId}","payload":nonsense}`)
    far.say({ type: 'reply', correlationId, payload: 'sound' })
  }
  const { client } = await scope.connected(far)
  const texts: string[] = []
  client.on('message', (text) => texts.push(text))
  expect(await client.request('ask', 1)).toBe('sound')
  expect(texts).toEqual([expect.stringContaining('nonsense')])
})

test.each([
  [{ timeout: 0 }],
  [{ timeout: 1.5 }],
  [{ timeout: '5' }],
  [{ signal: {} }],
  [{ prio: 'high' }],
  [5],
])('options %j are refused by a rejection', async (options) => {
  const far = await scope.far()
  const { client } = scope.managed(far)
  expect(await rejection(client.request('ask', 1, options as never))).toMatchObject({
    code: 'INVALID_OPTION',
  })
})
