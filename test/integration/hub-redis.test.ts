// Hubs over a real Redis, some in processes of their own: what holds when a process is killed, and when Redis is.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HubNode, HubOptions } from '../../lib'
import { type RedisOptions, redisAdapter, redisStreams } from '../../lib/adapters/redis'
import { thrown, until } from '../support/waiters'
import { HubProcess } from './support/hub-process'
import { type Peer, useHubs } from './support/hubs'
import { rejection } from './support/managed'
import { Broker } from './support/brokers'

const scope = useHubs()
let redis: Broker
let folder: string
let tests = 0
let adapter: { url: string; prefix: string }
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hawser-hubs-'))
  redis = await Broker.redis()
})
beforeEach(async () => {
  // Where a test has failed while it was away.
  if (!redis.running) await redis.restart()
  adapter = { url: redis.url, prefix: `hub${++tests}` }
})
afterAll(async () => {
  await redis.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function child(factory: string, hub: HubOptions = {}): Promise<HubProcess> {
  const socketPath = join(folder, `${tests}-${Math.random()}.sock`)
  const process = new HubProcess({ socketPath, module: 'redis', factory, adapter, hub })
  scope.defer(() => process.kill())
  return process.start()
}
/** A hub that has found Redis. */
async function here(options: HubOptions) {
  const one = await scope.hub(options)
  const errors: string[] = []
  one.hub.on('error', (error) => errors.push((error as { code: string }).code))
  await until(() => one.hub.metrics().adapter?.connected === true)
  // A slow machine may have taken its time.
  errors.length = 0
  return { ...one, errors }
}
const payloads = (peer: Peer, type = 'm'): unknown[] => peer.of(type).map(({ payload }) => payload as unknown)

test('a process that is killed takes its users along; one that comes back goes on', async () => {
  const nodes = { interval: 50, timeout: 500 }
  const other = await child('redisAdapter', { nodes, presence: { timeout: 10 } })
  const { hub, url } = await here({ nodes, presence: { timeout: 10 }, adapter: redisAdapter(adapter) })
  const [watcher] = await scope.joined(url, 'r')
  const { client } = await scope.connected(`${other.url}?token=ann`)
  await client.joinRoom('r')
  await watcher.got('user_joined')
  await until(() => hub.size('r') === 2 && hub.presenceOf('ann')?.status === 'online')
  await other.ask('send', 'r', 'from there')
  expect(await watcher.got('m')).toMatchObject([{ payload: 'from there', room: 'r' }])
  await other.kill()
  await watcher.got('user_left')
  expect(payloads(watcher, 'user_left')).toEqual([{ userId: 'ann' }])
  await until(() => hub.presenceOf('ann')?.status === 'offline')
  expect(hub.metrics()).toMatchObject({ nodes: 1, missed: 0 })
  await other.start()
  await watcher.got('user_joined', 2)
  await until(() => hub.size('r') === 2 && hub.metrics().nodes === 2)
})

test('Redis is killed and comes back: rooms go on, what was not carried counts, and nobody claims to have all', async () => {
  const options = { history: true, notices: false, nodes: { patience: 400 } }
  const a = await here({ ...options, adapter: redisStreams(adapter) })
  const b = await here({ ...options, adapter: redisStreams(adapter) })
  const [near] = await scope.joined(a.url, 'r')
  const [far] = await scope.joined(b.url, 'r')
  await a.hub.to('r').post('m', 1)
  await Promise.all([near.got('m'), far.got('m')])
  const [{ epoch, offset }] = near.of('m')
  await redis.kill()
  await until(() => a.errors.length === 1 && b.errors.length === 1)
  expect([a.errors, b.errors]).toEqual([['BROKER_UNAVAILABLE'], ['BROKER_UNAVAILABLE']])
  expect(await rejection(a.hub.to('r').post('m', 'near only'))).toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  b.hub.to('r').send('m', 'far only')
  await Promise.all([near.got('m', 2), far.got('m', 2)])
  expect(a.hub.metrics()).toMatchObject({ uncarried: 1, adapter: { connected: false } })
  await redis.restart()
  await until(() => [a, b].every(({ hub }) => hub.metrics().adapter?.connected === true))
  await b.hub.to('r').post('m', 2)
  await Promise.all([near, far].map((peer) => peer.until(() => payloads(peer).includes(2), '2')))
  expect([payloads(near), payloads(far)]).toEqual([
    [1, 'near only', 2],
    [1, 'far only', 2],
  ])
  for (const { url } of [a, b]) {
    const peer = await scope.peer(url)
    await peer.ask({ type: 'resume', payload: { rooms: { r: { epoch, offset } } } })
    expect(peer.of('resume_failed')[0].payload.rooms.r).toMatchObject({ reason: 'epoch', missed: null })
  }
  const last = far.of('m')[2]
  const peer = await scope.peer(a.url)
  const { payload } = await peer.ask({
    type: 'resume',
    payload: { rooms: { r: { epoch: last.epoch as string, offset: last.offset as number } } },
  })
  expect(payload.rooms).toMatchObject({ r: { epoch: last.epoch as string } })
})

test('what was acknowledged is in the log, whatever becomes of the process that took it', async () => {
  const options = { history: { count: 1000 }, notices: false, nodes: { patience: 60_000 } }
  const processes = [await child('redisStreams', options), await child('redisStreams', options)]
  const { url } = await here({ ...options, adapter: redisStreams(adapter) })
  const [reader] = await scope.joined(url, 'r')
  const urls = processes.map((one) => one.url)
  const { client } = await scope.connected(urls, { queue: { ackTimeout: 500, retries: 100 } })
  const acked: number[] = []
  for (let i = 0; i < 60; i++) {
    const sent = client.send('say', { to: 'r', what: i }, { ack: true }).then(() => acked.push(i))
    if (i % 20 === 10) {
      const one = processes[(i / 10 - 1) % 2 === 0 ? 0 : 1]
      await one.kill()
      await sent
      await one.start()
    } else if (i % 3 === 0) await sent
    else void sent.catch(() => undefined)
  }
  await until(() => acked.length === 60)
  await reader.until(() => new Set(payloads(reader)).size === 60, 'all that was acknowledged')
  const offsets = reader.of('m').map(({ offset }) => offset as number)
  expect(offsets).toEqual(offsets.map((_, i) => i + 1))
})

test('options are checked; an adapter serves one hub', async () => {
  for (const [wrong, name] of [
    [{ urll: 'x' }, 'urll'],
    [{ url: 'http://x' }, 'url'],
    [{ client: {} }, 'client'],
    [{ client: { duplicate: () => null }, url: 'redis://x' }, 'client'],
    [{ maxQueued: 0 }, 'maxQueued'],
  ] as [RedisOptions, string][]) {
    const error = thrown(() => redisAdapter(wrong))
    expect(error).toMatchObject({ code: 'INVALID_OPTION' })
    expect(error?.message).toContain(`\`${name}\``)
  }
  const one = redisAdapter(adapter)
  await here({ adapter: one })
  expect(await rejection(one.start(undefined as unknown as HubNode) as Promise<void>)).toMatchObject({
    code: 'INVALID_STATE',
  })
})

test('connections can be those of a client that the program has configured', async () => {
  const { createClient } = await import('redis')
  const client = createClient({ url: redis.url, name: 'mine' })
  const a = await here({ adapter: redisAdapter({ client, prefix: adapter.prefix }) })
  const b = await here({ adapter: redisAdapter(adapter) })
  await until(() => a.hub.metrics().nodes === 2 && b.hub.metrics().nodes === 2)
  // Only copied.
  expect(client.isOpen).toBe(false)
})
