// The end of a client: what was sent before close() goes out, or the program hears that it did not.
import { plenty } from '../support/kernel'
import { within } from '../support/waiters'
import { answering, type FarSocket } from './support/far-end'
import { fate, useManaged } from './support/managed'

const scope = useManaged()
/** The peer reads nothing from now on. */
const deafen = (socket: FarSocket): void => (socket as unknown as { pause(): void }).pause()

test.each([
  ['many short messages', 50_000, 10],
  ['some that are longer than a link holds', 20, 600_000],
])('close() lets out %s', async (_, count, size) => {
  const far = await scope.far()
  const watched = await scope.connected(far)
  const fill = 'x'.repeat(size)
  for (let i = 0; i < count; i++) watched.client.send('m', [i, fill])
  await watched.client.close()
  await far.messages(count)
  expect(far.payloads.map((payload) => (payload as number[])[0])).toEqual([...Array(count).keys()])
  expect(watched.errors).toEqual([])
  expect(watched.states.slice(-2)).toEqual(['disconnecting', 'disconnected'])
  expect(watched.client.getPerformanceMetrics()).toMatchObject({ messagesOut: count, dropped: 0, queued: 0 })
})

test('close() in front of the first byte to the kernel lets out too', async () => {
  const far = await scope.far()
  const watched = scope.managed(far)
  const connected = watched.client.connect()
  for (let i = 0; i < 100; i++) watched.client.send('m', i)
  await connected
  await watched.client.close()
  await far.messages(100)
})

test('what a peer does not take within closeTimeout is given up, counted and an error', async () => {
  const far = await scope.far()
  far.greet = deafen
  const watched = await scope.connected(far, { closeTimeout: 100, maxBackpressure: plenty + 10_000_000 })
  const size = 500_000
  const count = Math.ceil(plenty / size) + 10
  for (let i = 0; i < count; i++) watched.client.send('m', 'x'.repeat(size))
  const acked = fate(watched.client.send('m', 1, { ack: true }))
  await within(watched.client.close(), 'close()')
  expect(await acked).toBe('CONNECTION_CLOSED')
  expect(watched.codes).toEqual(['CONNECTION_CLOSED'])
  const { dropped } = watched.client.getPerformanceMetrics()
  expect(dropped).toBeGreaterThan(0)
  expect(watched.errors[0].message).toContain(`${dropped} messages`)
  expect(watched.client.bufferedAmount).toBe(0)
})

test('without a connection all of it is given up', async () => {
  const watched = scope.managed(await scope.farDown())
  for (let i = 0; i < 3; i++) watched.client.send('m', i)
  watched.client.send('m', 3, { debounce: true })
  await watched.client.close()
  expect(watched.codes).toEqual(['CONNECTION_CLOSED'])
  expect(watched.client.getPerformanceMetrics().dropped).toBe(4)
})

test('a connection that is lost meanwhile ends the client; it does not connect again', async () => {
  const far = await scope.far()
  far.greet = deafen
  const watched = await scope.connected(far, { maxBackpressure: plenty + 10_000_000 })
  const size = 500_000
  for (let i = 0; i < plenty / size + 10; i++) watched.client.send('m', 'x'.repeat(size))
  const closed = watched.client.close()
  await watched.reached('disconnecting')
  far.hangUp()
  await within(closed, 'close()')
  expect(far.accepted).toBe(1)
  expect(watched.states.slice(-2)).toEqual(['disconnecting', 'disconnected'])
  expect(watched.codes).toContain('CONNECTION_CLOSED')
})

test('acks that come while the last messages go out still count', async () => {
  const far = await scope.far()
  far.answer = answering
  const { client } = await scope.connected(far)
  const acked = fate(client.send('acked', 1, { ack: true }))
  await far.messages(1)
  for (let i = 0; i < 40; i++) client.send('m', 'x'.repeat(500_000))
  await client.close()
  expect(await acked).toBe('resolved')
  await far.messages(41)
})
