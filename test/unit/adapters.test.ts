// Parts of the adapters that need no broker: names, what a stream holds, options, packages that are missing.
import { rabbitmqAdapter } from '../../lib/adapters/amqp'
import { routingKey } from '../../lib/adapters/amqp/session'
import { pause } from '../../lib/adapters/fan-out'
import { natsAdapter, natsJetStream } from '../../lib/adapters/nats'
import { decode, encode, entriesOf, nextEpoch, parted, placeOf } from '../../lib/adapters/nats/entry'
import { token } from '../../lib/adapters/nats/names'
import { thrown } from '../support/waiters'

const strange = ['a b', 'a.b', '*', '>', '$SYS', '', '~', '~YQ', 'ü', '☃'.repeat(300), 'x'.repeat(300), 'r:a']

test('every name is one token of a subject, and a routing key, of its own', () => {
  const tokens = strange.map(token)
  expect(new Set(tokens).size).toBe(strange.length)
  for (const one of tokens) expect(one).toMatch(/^[\w:~-]+$/)
  expect(token('r:room-1')).toBe('r:room-1')
  const keys = strange.map(routingKey)
  expect(new Set(keys).size).toBe(strange.length)
  for (const one of keys) expect(Buffer.byteLength(one)).toBeLessThan(256)
  expect(routingKey('r:room 1')).toBe('r:room 1')
})

test('what the stream holds is read as it was written, and nothing else is', () => {
  const stored = { epoch: 'ab-1', first: 7, node: 'n1', number: 3, part: 0, texts: ['a\nb', '', 'ü☃'] }
  expect(decode(encode(stored))).toEqual(stored)
  expect(placeOf(stored)).toEqual({ epoch: 'ab-1', offset: 9 })
  expect(entriesOf(stored).map(({ offset }) => offset)).toEqual([7, 8, 9])
  const marker = { ...stored, texts: [] }
  expect(decode(encode(marker))).toEqual(marker)
  expect(placeOf(marker)).toEqual({ epoch: 'ab-1', offset: 6 })
  for (const foreign of ['', '{}', 'a\x1fb\x1fc\x1fd\x1fe', 'a\x1f1\x1fn\x1f2', 'a\x1f-1\x1fn\x1f0\x1f0']) {
    expect(decode(foreign)).toBeUndefined()
  }
  expect(nextEpoch('a-b-9')).toBe('a-b-10')
})

test('texts are parted by their bytes', () => {
  expect(parted(['aa', 'bb', 'cc'], 6)).toEqual([['aa', 'bb'], ['cc']])
  expect(parted(['ü', 'ü'], 3)).toEqual([['ü'], ['ü']])
  expect(parted(['aaa'], 3)).toBeUndefined()
  expect(parted([], 3)).toEqual([])
})

test('attempts come slower and slower, up to a bound, and not all at once', () => {
  expect([0, 1, 2, 3].map((attempt) => pause(attempt, 1))).toEqual([50, 100, 200, 400])
  expect([0, 1, 2, 3].map((attempt) => pause(attempt, 0))).toEqual([25, 50, 100, 200])
  expect(pause(1e6, 1)).toBe(2000)
})

test.each([
  ['servers', () => natsAdapter({ servers: [] })],
  ['servers', () => natsAdapter({ servers: [''] })],
  ['servers', () => natsAdapter({ servers: 5 as never })],
  ['prefix', () => natsAdapter({ prefix: 'a b' })],
  ['prefix', () => natsAdapter({ prefix: 'a..b' })],
  ['connection', () => natsAdapter({ connection: 1 as never })],
  ['maxQueued', () => natsAdapter({ maxQueued: 0 })],
  ['stream', () => natsAdapter({ stream: {} } as never)],
  ['stream', () => natsJetStream({ stream: 'S' as never })],
  ['stream.name', () => natsJetStream({ stream: { name: 'a.b' } })],
  ['stream.storage', () => natsJetStream({ stream: { storage: 'disk' as never } })],
  ['stream.replicas', () => natsJetStream({ stream: { replicas: 6 } })],
  ['stream.maxAge', () => natsJetStream({ stream: { maxAge: -1 } })],
  ['url', () => rabbitmqAdapter({ url: 'http://x' })],
  ['url', () => rabbitmqAdapter({ url: [] })],
  ['url', () => rabbitmqAdapter({ url: 'amqp://[' })],
  ['exchange', () => rabbitmqAdapter({ exchange: 'ö' })],
  ['socket', () => rabbitmqAdapter({ socket: 'x' as never })],
  ['maxBacklog', () => rabbitmqAdapter({ maxBacklog: 0 })],
  ['ulr', () => rabbitmqAdapter({ ulr: 'amqp://x' } as never)],
])('options are checked: %s', (name, make) => {
  const error = thrown(make)
  expect(error).toMatchObject({ code: 'INVALID_OPTION' })
  expect(error?.message).toContain(`\`${name}\``)
})

describe('without the package', () => {
  const node = {
    ...{ id: 'n', receive() {}, entries() {}, connected() {}, disconnected() {}, report() {} },
  }
  const absent = (): never => {
    throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' })
  }
  afterEach(() => jest.resetModules())

  test.each([
    ['nats', 'natsAdapter', '@nats-io/transport-node'],
    ['nats', 'natsJetStream', '@nats-io/jetstream'],
    ['amqp', 'rabbitmqAdapter', 'amqplib'],
  ])('%s: %s says that %s has to be installed', async (module, factory, name) => {
    jest.doMock(name, absent)
    const adapters = (await import(`../../lib/adapters/${module}`)) as Record<string, typeof natsAdapter>
    const adapter = adapters[factory]()
    await expect(adapter.start(node)).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining(`npm install ${name}`),
    })
    await adapter.close()
    jest.dontMock(name)
  })
})
