// Every counter and gauge that docs/client.md names moves when it should.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ManagedClientOptions, WebSocketClient } from '../../lib'
import { until, within } from '../support/waiters'
import { type FarEnd, answering } from './support/far-end'
import { fate, useManaged } from './support/managed'

const scope = useManaged()

type Name = keyof ReturnType<WebSocketClient['getPerformanceMetrics']>
interface Case {
  names: Name[]
  options?: Partial<ManagedClientOptions>
  /** False: the client stays without a connection. */
  connected?: false
  act(client: WebSocketClient, far: FarEnd): unknown
}
const say = (far: FarEnd, ...messages: unknown[]): void => {
  for (const message of messages) far.say(message)
}
/** Subscriptions made before are in force when this resolves. */
const inForce = (client: WebSocketClient): Promise<unknown> => client.request('ask')
const tick = (payload: unknown): object => ({ type: 't', payload })

const cases: Case[] = [
  {
    names: ['messagesIn', 'bytesIn', 'routed', 'delivered'],
    async act(client, far) {
      client.on('t', () => undefined)
      await inForce(client)
      say(far, tick(1))
    },
  },
  { names: ['unrouted'], act: (_client, far) => say(far, { type: 'nobody' }) },
  { names: ['untyped'], act: (_client, far) => say(far, { payload: 1 }) },
  { names: ['notJson'], act: (_client, far) => far.socket.send('{"type":') },
  { names: ['binary'], act: (_client, far) => far.socket.send(Buffer.from([1])) },
  {
    names: ['conflated'],
    async act(client, far) {
      client.subscribe({ type: 't', conflate: { key: '/payload', every: 1000 } }, () => undefined)
      await inForce(client)
      say(far, tick('A'), tick('A'))
    },
  },
  {
    names: ['sampledOut'],
    async act(client, far) {
      client.subscribe({ type: 't', sample: { every: 1000, mode: 'throttle' } }, () => undefined)
      await inForce(client)
      say(far, tick(1), tick(2))
    },
  },
  {
    names: ['notNumbers'],
    async act(client, far) {
      client.subscribe({ type: 't', columns: { p: '/payload' }, batch: { max: 1 } }, () => undefined)
      await inForce(client)
      say(far, tick('5'))
    },
  },
  {
    names: ['replaced'],
    act(client) {
      for (const n of [1, 2]) client.send('x', n, { debounce: 1_000 })
    },
  },
  {
    names: ['batches'],
    options: { sendBatch: { max: 2, always: true } },
    act(client) {
      for (const n of [1, 2]) client.send('x', n)
    },
  },
  { names: ['messagesOut', 'bytesOut'], act: (client) => client.send('x') },
  {
    names: ['queued', 'queuedHigh', 'queuedNormal', 'queuedLow', 'queuedBytes'],
    connected: false,
    act(client) {
      for (const priority of ['high', 'normal', 'low'] as const) client.send('x', 1, { priority })
    },
  },
  { names: ['inFlight'], act: (client) => void fate(client.send('silent', 1, { ack: true })) },
  {
    names: ['dropped'],
    connected: false,
    options: { queue: { maxMessages: 1 } },
    act(client) {
      client.send('x')
      client.send('x')
    },
  },
  { names: ['expired'], connected: false, act: (client) => client.send('x', 1, { ttl: 1 }) },
  { names: ['acked'], act: (client) => client.send('acked', 1, { ack: true }) },
  {
    names: ['retries'],
    options: { queue: { ackTimeout: 10 } },
    act: (client) => void fate(client.send('silent', 1, { ack: true })),
  },
  { names: ['requests'], act: (client) => client.request('ask') },
  { names: ['requestTimeouts'], act: (client) => fate(client.request('silent', 1, { timeout: 1 })) },
  {
    names: ['lateReplies'],
    async act(client, far) {
      await fate(client.request('silent', 1, { timeout: 1 }))
      await far.messages(1, 'silent')
      const { correlationId } = far.received.find(({ type }) => type === 'silent')!
      say(far, { type: 'reply', correlationId })
    },
  },
  {
    names: ['connects', 'reconnects'],
    act: (_client, far) => far.hangUp(),
  },
  { names: ['failures'], act: (_client, far) => far.socket.close(4000) },
  {
    names: [
      'latencyCount',
      'latencyLast',
      'latencyMin',
      'latencyMax',
      'latencyMean',
      'latencyP50',
      'latencyP90',
      'latencyP99',
    ],
    options: { heartbeat: { interval: 5, timeout: 30_000 } },
    act: () => undefined,
  },
]

test.each(cases.map((one) => [one.names.join(', '), one] as const))('%s', async (_name, one) => {
  const far = await scope.far()
  far.answer = answering
  const watched = scope.managed(far, one.options)
  const { client } = watched
  if (one.connected !== false) await within(client.connect(), 'connect()')
  const before = client.getPerformanceMetrics()
  await one.act(client, far)
  await until(() => {
    const now = client.getPerformanceMetrics()
    return one.names.every((name) => now[name] > before[name])
  })
})

test('state and health follow the connection', async () => {
  const far = await scope.far()
  const watched = scope.managed(far)
  const { client } = watched
  expect(client.getPerformanceMetrics().state).toBe('idle')
  await within(client.connect(), 'connect()')
  expect(client.getPerformanceMetrics().state).toBe('connected')
  // It counts the share of the time in which the client was connected; nothing else has to happen.
  await until(() => client.getPerformanceMetrics().health > 50)
  const healthy = client.getPerformanceMetrics().health
  expect(healthy).toBeLessThanOrEqual(100)
  for (let round = 2; round <= 5; round++) {
    far.hangUp()
    await watched.reached('connected', round)
    await far.connections(round)
  }
  await far.stop()
  await watched.until(() => watched.errors.length >= 8, 'some failures')
  const { health } = client.getPerformanceMetrics()
  expect(health).toBeGreaterThanOrEqual(0)
  expect(health).toBeLessThan(healthy)
  await until(() => client.getPerformanceMetrics().health < health)
})

test('the documentation names exactly what there is, and each name has its case here', () => {
  const text = readFileSync(join(__dirname, '../../docs/client.md'), 'utf8')
  const section = text.slice(text.indexOf('\n## Metrics'), text.indexOf('\n## Pool'))
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  const named = rows.flatMap((row) =>
    [...row.replace(/\([^)]*\)/g, '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
  )
  const client = scope.managed('ws://127.0.0.1:1/').client
  expect(named.sort()).toEqual(Object.keys(client.getPerformanceMetrics()).sort())
  const tried = new Set<string>(['state', 'health', ...cases.flatMap(({ names }) => names)])
  expect([...tried].sort()).toEqual(named)
})
