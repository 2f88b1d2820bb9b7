// What a log over JetStream holds when things go wrong: kills at any moment, a broker that comes back with less, a stream
// that is deleted or belongs to somebody else, texts that do not fit.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { type JetStreamOptions, natsAdapter, natsJetStream } from '../../lib/adapters/nats'
import type { HubAdapter, RoomEntry } from '../../lib'
import { Random } from '../support/random'
import { event, until } from '../support/waiters'
import { Node } from './support/adapter-contract'
import { Broker, ownPort } from './support/brokers'
import { Gate } from './support/gate'
import { type Peer, useHubs } from './support/hubs'
import { rejection } from './support/managed'

const scope = useHubs()
const bounds = { count: 1000, bytes: 1 << 20, age: 0 }
let broker: Broker
beforeEach(async () => {
  broker = await Broker.nats()
  scope.defer(() => broker.stop())
})

async function started(adapter: HubAdapter): Promise<Node> {
  const node = new Node(adapter)
  scope.defer(() => adapter.close())
  const found = event(node, 'connected')
  await adapter.start(node)
  await found
  return node
}
const jetStream = (options: JetStreamOptions = {}): Promise<Node> =>
  started(natsJetStream({ servers: broker.url, ...options }))
const texts = (entries: readonly RoomEntry[]): string[] => entries.map(({ text }) => text)
/** Kills the broker, and waits until all nodes have noticed. */
async function kill(...nodes: Node[]): Promise<() => Promise<void>> {
  const gone = Promise.all(nodes.map((node) => event(node, 'lost')))
  await broker.kill()
  await gone
  return async () => {
    const back = Promise.all(nodes.map((node) => event(node, 'connected')))
    await broker.restart()
    await back
  }
}

test('a broker that is killed at any moment has each text once, in order', async () => {
  const random = new Random()
  const [a, b, c] = [await jetStream(), await jetStream(), await jetStream()]
  await c.log.follow('r', bounds)
  const each = 200
  let appended = 0
  const lane = async (node: Node, name: string): Promise<void> => {
    for (let i = 0; i < each; i++) {
      await node.append('r', [`${name}${i}`], i)
      appended++
    }
  }
  const lanes = Promise.all([lane(a, 'a'), lane(b, 'b')])
  for (let kills = 1; kills <= 3; kills++) {
    const at = ((kills - 1) * 2 * each) / 3 + random.below(Math.floor((2 * each) / 3))
    await until(() => appended >= at)
    await broker.kill()
    await broker.restart()
  }
  await lanes
  await until(() => c.adapter.metrics().connected)
  const { entries, offset } = await c.log.read('r', undefined, 1000, bounds)
  expect(offset).toBe(2 * each)
  expect(entries.map((entry) => entry.offset)).toEqual(Array.from({ length: 2 * each }, (_, i) => i + 1))
  for (const name of ['a', 'b']) {
    const own = texts(entries).filter((text) => text.startsWith(name))
    expect(own).toEqual(Array.from({ length: each }, (_, i) => `${name}${i}`))
  }
  // What was heard live is what the log has.
  for (const entry of c.logged.get('r') ?? []) expect(entries[entry.offset - 1]).toEqual(entry)
})

test('an append whose answer is lost is not made twice', async () => {
  const gate = await Gate.before(broker, ownPort())
  scope.defer(() => gate.shut())
  const [a, b] = [await jetStream({ servers: `nats://${broker.host}:${gate.port}` }), await jetStream()]
  await b.log.follow('r', bounds)
  const { epoch } = await a.append('r', ['1'], 0)
  gate.mute = true
  const unknown = a.log.append('r', ['2', '3'], 1, bounds)
  await b.followed('r', 3)
  const back = event(a, 'connected')
  await gate.shut()
  await expect(unknown).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  // Another writes meanwhile.
  await b.append('r', ['4'], 0)
  await gate.open()
  await back
  expect(await a.append('r', ['2', '3'], 1)).toEqual({ epoch, offset: 3 })
  expect(texts((await b.log.read('r', undefined, 10, bounds)).entries)).toEqual(['1', '2', '3', '4'])
})

test('a broker that comes back with less than it told begins another log', async () => {
  const [a, b, c] = [await jetStream(), await jetStream(), await jetStream()]
  await a.log.follow('r', bounds)
  await a.append('r', ['1', '2'], 0)
  const copy = `${broker.folder}.copy`
  scope.defer(() => rmSync(copy, { recursive: true, force: true }))
  let restart = await kill(a, b, c)
  cpSync(join(broker.folder, 'jetstream'), copy, { recursive: true })
  await restart()
  const told = await a.append('r', ['3'], 1)
  expect(told.offset).toBe(3)
  await a.followed('r', 3)
  restart = await kill(a, b, c)
  rmSync(join(broker.folder, 'jetstream'), { recursive: true })
  cpSync(copy, join(broker.folder, 'jetstream'), { recursive: true })
  await restart()
  // One that has never heard of the third text takes its place,
  const other = await b.append('r', ['other'], 0)
  expect(other).toEqual(told)
  await a.followed('r', 4)
  // which one that has heard of it notices, whether it writes or reads.
  const next = await a.append('r', ['4'], 2)
  expect(next.epoch).not.toBe(told.epoch)
  const page = await c.log.read('r', told, 10, bounds)
  expect(page).toMatchObject({ ...next, anew: true, entries: [{ ...next, text: '4' }] })
})

test('who asks behind the end of a log is told that it is another', async () => {
  const a = await jetStream()
  const { epoch } = await a.append('r', ['1', '2'], 0)
  const page = await a.log.read('r', { epoch, offset: 3 }, 10, bounds)
  expect(page).toMatchObject({ anew: true, offset: 0, entries: [] })
  expect(page.epoch).not.toBe(epoch)
})

test('a stream that is deleted is made again', async () => {
  const [a, b] = [await jetStream(), await jetStream()]
  const connection = await connect({ servers: broker.url })
  scope.defer(() => connection.close())
  const before = await a.append('r', ['1'], 0)
  await (await jetstreamManager(connection)).streams.delete('HAWSER')
  const after = await a.append('r', ['2'], 1)
  expect(after.offset).toBe(1)
  expect(after.epoch).not.toBe(before.epoch)
  expect((await b.log.read('r', before, 10, bounds)).anew).toBe(true)
})

test('a stream that is not the adapter’s is left alone, and reported', async () => {
  const connection = await connect({ servers: broker.url })
  scope.defer(() => connection.close())
  await (await jetstreamManager(connection)).streams.add({ name: 'HAWSER', subjects: ['mine.>'] })
  const adapter = natsJetStream({ servers: broker.url })
  scope.defer(() => adapter.close())
  const node = new Node(adapter)
  await adapter.start(node)
  await until(() => node.reports.length > 0)
  expect(node.reports[0]).toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  expect(String(node.reports[0].cause)).toContain('The stream HAWSER is not one of this adapter')
})

test('texts that are too long together go one after the other; one that is too long alone is refused', async () => {
  const [a, b] = [await jetStream(), await jetStream()]
  await b.log.follow('r', bounds)
  const long = Array.from({ length: 5 }, (_, i) => String(i).repeat(400_000))
  const wide = { ...bounds, bytes: 1 << 24 }
  const place = await a.log.append('r', long, 0, wide)
  expect(place.offset).toBe(5)
  expect(texts(await b.followed('r', 5)).map((text, i) => text === long[i])).toEqual(Array(5).fill(true))
  const refused = a.log.append('r', ['x'.repeat(2 << 20)], 1, wide)
  await expect(refused).rejects.toMatchObject({ code: 'BROKER_REFUSED' })
  expect(await a.append('r', ['next'], 2)).toEqual({ ...place, offset: 6 })
  // The same without a log: counted, and reported.
  a.adapter.publish('x', 'x'.repeat(2 << 20))
  expect(a.adapter.metrics().lost).toBe(1)
  expect(a.reports).toMatchObject([{ code: 'BROKER_REFUSED' }])
})

test('a stream keeps as many messages of a room as the widest bounds ask for', async () => {
  const a = await jetStream()
  const wide = { ...bounds, count: 400 }
  for (let i = 0; i < 300; i++) await a.log.append('r', [String(i)], i, wide)
  expect((await a.log.read('r', undefined, 1000, wide)).entries.length).toBe(300)
  expect((await a.log.read('r', undefined, 1000, { ...wide, count: 7 })).entries.length).toBe(7)
})

test('a server that does not answer is left, and taken again when it does', async () => {
  const connection = { pingInterval: 100, maxPingOut: 1, timeout: 500 }
  const a = await started(natsAdapter({ servers: broker.url, connection }))
  const gone = event(a, 'lost')
  broker.freeze()
  a.adapter.publish('x', 'on its way')
  await gone
  // It may have had it before it stopped.
  const { connected, published, lost } = a.adapter.metrics()
  expect([connected, published + lost]).toEqual([false, 1])
  const back = event(a, 'connected')
  broker.thaw()
  await back
})

describe('hubs', () => {
  const payloads = (peer: Peer): unknown[] => peer.of('m').map(({ payload }) => payload as unknown)
  /** Two, with a member of the room r at each. */
  async function pair(patience: number) {
    const options = { history: true, notices: false, nodes: { patience } }
    const make = () => scope.hub({ ...options, adapter: natsJetStream({ servers: broker.url }) })
    const [a, b] = [await make(), await make()]
    for (const { hub } of [a, b]) hub.on('error', () => {})
    const [[near], [far]] = [await scope.joined(a.url, 'r'), await scope.joined(b.url, 'r')]
    await a.hub.to('r').post('m', 1)
    await Promise.all([near.got('m'), far.got('m')])
    return { a, b, near, far }
  }

  test('wait for a broker that is killed and soon back: nothing is missing, and the epoch goes on', async () => {
    const { a, b, near, far } = await pair(600_000)
    await broker.kill()
    const posts = [a, b].map(({ hub }, i) => hub.to('r').post('m', i + 2))
    await broker.restart()
    await Promise.all(posts)
    await Promise.all([near.got('m', 3), far.got('m', 3)])
    expect(near.of('m')).toEqual(far.of('m'))
    expect(payloads(near).sort()).toEqual([1, 2, 3])
    expect(new Set(near.of('m').map(({ epoch }) => epoch as string)).size).toBe(1)
    expect([...near.of('resume_failed'), ...far.of('resume_failed')]).toEqual([])
  })

  test('go on without it, and then nobody claims to have all', async () => {
    const { a, b, near, far } = await pair(50)
    const [{ epoch, offset }] = near.of('m')
    await broker.kill()
    const alone = a.hub.to('r').post('m', 'near only')
    expect(await rejection(alone)).toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    await near.got('m', 2)
    expect(a.hub.metrics()).toMatchObject({ uncarried: 1, adapter: { connected: false } })
    await broker.restart()
    await until(() => [a, b].every(({ hub }) => hub.metrics().adapter?.connected === true))
    await a.hub.to('r').post('m', 2)
    await Promise.all([near, far].map((peer) => peer.until(() => payloads(peer).includes(2), '2')))
    expect([payloads(near), payloads(far)]).toEqual([
      [1, 'near only', 2],
      [1, 2],
    ])
    for (const { url } of [a, b]) {
      const peer = await scope.peer(url)
      await peer.ask({ type: 'resume', payload: { rooms: { r: { epoch, offset } } } })
      expect(peer.of('resume_failed')[0].payload.rooms.r).toMatchObject({ reason: 'epoch', missed: null })
    }
  })
})
