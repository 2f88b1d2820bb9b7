// Hubs that are connected: audiences, rooms, presence and notices across nodes; nodes that come and go.
import type { Hub, HubAdapter, HubOptions } from '../../lib'
import { thrown, until } from '../support/waiters'
import { type Peer, useHubs } from './support/hubs'
import { MemoryBroker } from './support/memory-broker'

const scope = useHubs()
const brief = { interval: 30, timeout: 90, patience: 50 }
const byToken = (_request: unknown, token: string | undefined) =>
  token === undefined ? undefined : { userId: token, roles: token.startsWith('a') ? ['admin'] : [] }

/** Hubs over one broker; each has heard of the others. */
async function cluster(count: number, options: HubOptions = {}, broker = new MemoryBroker()) {
  const nodes: { hub: Hub; url: string; adapter: HubAdapter }[] = []
  for (let i = 0; i < count; i++) {
    const adapter = broker.adapter({ log: false })
    const node = await scope.hub({ auth: { verify: byToken, required: false }, ...options, adapter })
    node.hub.on('error', () => {})
    nodes.push({ ...node, adapter })
  }
  await until(() => nodes.every(({ hub }) => hub.metrics().nodes === count))
  return { broker, nodes }
}
const user = (url: string, name: string): Promise<Peer> => scope.peer(`${url}?token=${name}`)
const payloads = (peer: Peer, type: string): unknown[] =>
  peer.of(type).map(({ payload }) => payload as unknown)

test('rooms, users, roles and broadcasts reach members of all nodes, each once, and no other', async () => {
  const { nodes } = await cluster(3)
  const [a, b, c] = nodes
  const [ann, bob, eve] = [await user(a.url, 'ann'), await user(b.url, 'bob'), await user(c.url, 'eve')]
  for (const peer of [ann, bob]) await peer.ask({ type: 'join', room: 'r' })
  await eve.ask({ type: 'join', room: 's' })
  a.hub.to('r').send('m', 'r from a')
  b.hub.to('r', 's').send('m', 'both from b')
  c.hub.to('r').toUser('eve', 'bob').send('m', 'mixed from c')
  b.hub.toRole('admin').send('m', 'role from b')
  c.hub.toUser('ann').send('m', 'user from c')
  a.hub
    .to('r')
    .except(...a.hub.connections)
    .send('m', 'others from a')
  for (const { hub } of nodes) hub.broadcast('m', 'all')
  await Promise.all(
    [ann, bob, eve].map((peer) =>
      peer.until(() => payloads(peer, 'm').filter((one) => one === 'all').length === 3, 'all'),
    ),
  )
  const of = (peer: Peer) => (payloads(peer, 'm') as string[]).filter((one) => one !== 'all').sort()
  expect(of(ann)).toEqual(['both from b', 'mixed from c', 'r from a', 'role from b', 'user from c'])
  expect(of(bob)).toEqual(['both from b', 'mixed from c', 'others from a', 'r from a'])
  expect(of(eve)).toEqual(['both from b', 'mixed from c'])
  expect(bob.of('m').find(({ payload }) => payload === 'r from a')).toMatchObject({ room: 'r' })
})

test('connections are put into rooms, taken out and ended wherever they are', async () => {
  const { nodes } = await cluster(2)
  const [a, b] = nodes
  const peers = [await user(a.url, 'ann'), await user(b.url, 'ann'), await user(b.url, 'bob')]
  const rooms = () => nodes.map(({ hub }) => hub.connections.map(({ roomNames }) => roomNames.join()))
  a.hub.toUser('ann').join('r')
  await until(() => rooms().flat().sort().join(' ') === ' r r')
  b.hub.to('r').send('m', 1)
  await Promise.all(peers.slice(0, 2).map((peer) => peer.got('m')))
  a.hub
    .toAll()
    .where(() => true)
    .join('here')
  a.hub
    .toRole('admin')
    .except(...a.hub.connections)
    .leave('r')
  await until(
    () => rooms()[0][0] === 'r,here' && b.hub.connections.every(({ roomNames }) => roomNames.length === 0),
  )
  expect(thrown(() => a.hub.toAll().close(1))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(thrown(() => a.hub.toAll().join(''))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  b.hub.toUser('ann').close(4000, 'elsewhere')
  for (const peer of peers.slice(0, 2)) expect(await peer.end()).toEqual({ code: 4000, reason: 'elsewhere' })
  await until(() => b.hub.connections.length === 1)
})

test('a connection that says who it is later is one member everywhere', async () => {
  const { nodes } = await cluster(2, { presence: true })
  const [a, b] = nodes
  const [watcher] = await scope.joined(a.url, 'r')
  const late = await scope.peer(b.url)
  await late.ask({ type: 'join', room: 'r' })
  await watcher.got('user_joined')
  await late.ask({ type: 'auth', payload: { token: 'ann' } })
  await until(() => a.hub.presenceIn('r').length === 1)
  late.drop()
  await watcher.got('user_left')
  expect(payloads(watcher, 'user_left')).toEqual([{ userId: 'ann' }])
  expect(watcher.of('user_joined').length).toBe(1)
  await until(() => a.hub.size('r') === 1)
})

test('what one node says in a room keeps its order, and a node hears only of rooms in which it has members', async () => {
  const { nodes } = await cluster(2)
  const [a, b] = nodes
  const [peer] = await scope.joined(b.url, 'r')
  const before = b.adapter.metrics().received
  for (let i = 0; i < 500; i++) a.hub.to(i % 2 === 0 ? 'r' : 'elsewhere').send('m', i)
  await peer.got('m', 250)
  expect(payloads(peer, 'm')).toEqual(Array.from({ length: 250 }, (_, i) => 2 * i))
  expect(b.adapter.metrics().received - before).toBeLessThan(300)
  await peer.ask({ type: 'leave', room: 'r' })
  a.hub.to('r').send('m', 'left')
  a.hub.broadcast('m', 'end')
  await peer.until(() => payloads(peer, 'm').includes('end'), 'end')
  expect(payloads(peer, 'm')).not.toContain('left')
})

test('sizes count all nodes; a user joins and leaves once, wherever its connections are', async () => {
  const { nodes } = await cluster(2)
  const [a, b] = nodes
  const [watcher, far] = [await user(a.url, 'w'), await user(b.url, 'v')]
  for (const peer of [watcher, far]) await peer.ask({ type: 'join', room: 'r' })
  await until(() => a.hub.size('r') === 2 && b.hub.size('r') === 2)
  const joined = (peer: Peer) =>
    peer.of('user_joined').map(({ payload }) => (payload as { userId: string }).userId)
  const left = (peer: Peer) =>
    peer.of('user_left').map(({ payload }) => (payload as { userId: string }).userId)
  const here = await user(a.url, 'ann')
  await here.ask({ type: 'join', room: 'r' })
  await far.until(() => joined(far).includes('ann'), 'news of ann')
  const there = await user(b.url, 'ann')
  await there.ask({ type: 'join', room: 'r' })
  await until(() => a.hub.size('r') === 4)
  await here.ask({ type: 'leave', room: 'r' })
  await until(() => b.hub.size('r') === 3)
  there.drop()
  await watcher.until(() => left(watcher).includes('ann'), 'end of ann')
  await far.until(() => left(far).includes('ann'), 'end of ann')
  const nobody = await scope.peer(a.url)
  await nobody.ask({ type: 'join', room: 'r' })
  await far.until(() => far.of('user_joined').length === 2, 'news of nobody')
  expect(far.of('user_joined')[1].payload).toEqual({ connection: a.hub.connections.at(-1)?.id })
  expect([joined(watcher), left(watcher)]).toEqual([['v', 'ann', undefined], ['ann']])
  expect([joined(far), left(far)]).toEqual([['ann', undefined], ['ann']])
})

test('presence holds across nodes: status, rooms, watchers, and the end of the last connection', async () => {
  const { nodes, broker } = await cluster(2, { presence: { timeout: 40 } })
  const [a, b] = nodes
  const watcher = await user(a.url, 'w')
  await watcher.ask({ type: 'presence_update', payload: { watch: ['ann'] } })
  const ann = await user(b.url, 'ann')
  const statuses = () =>
    watcher.of('presence_update').map(({ payload }) => (payload as { status: string }).status)
  await watcher.until(() => statuses().length === 1, 'ann online')
  await ann.ask({ type: 'presence_update', payload: { status: 'away', custom: { mood: 'calm' } } })
  await watcher.until(() => statuses().length === 2, 'ann away')
  expect(a.hub.presenceOf('ann')).toMatchObject({ status: 'away', custom: { mood: 'calm' } })
  // A node that comes late hears how everybody is.
  const late = await scope.hub({ adapter: broker.adapter({ log: false }), presence: { timeout: 40 } })
  await until(() => late.hub.presenceOf('ann')?.status === 'away')
  // A second connection elsewhere: she stays.
  const second = await user(a.url, 'ann')
  ann.drop()
  await until(() => b.hub.connections.length === 0)
  await watcher.ask({ type: 'join', room: 'r' })
  await second.ask({ type: 'join', room: 'r' })
  const { users } = (await watcher.ask({ type: 'presence_update', room: 'r' })).payload as { users: object[] }
  expect(users.length).toBe(2)
  expect(b.hub.presenceOf('ann')).toMatchObject({ status: 'away' })
  second.drop()
  await watcher.until(() => statuses().includes('offline'), 'ann offline')
  await until(
    () => b.hub.presenceOf('ann')?.status === 'offline' && late.hub.presenceOf('ann')?.status === 'offline',
  )
})

test('users of a node that dies leave after a while; those of one that ends, at once', async () => {
  const { nodes, broker } = await cluster(3, { presence: { timeout: 30 }, nodes: brief })
  const [a, b, c] = nodes
  const watcher = await user(a.url, 'w')
  const [ann, bob] = [await user(b.url, 'ann'), await user(c.url, 'bob')]
  for (const peer of [watcher, ann, bob]) await peer.ask({ type: 'join', room: 'r' })
  await until(() => a.hub.size('r') === 3 && a.hub.presenceIn('r').length === 3)
  broker.cut(b.adapter)
  await watcher.until(() => watcher.of('user_left').length === 1, 'end of ann')
  await c.hub.close()
  await watcher.until(() => watcher.of('user_left').length === 2, 'end of bob')
  expect(payloads(watcher, 'user_left')).toEqual([{ userId: 'ann' }, { userId: 'bob' }])
  await until(() => a.hub.metrics().nodes === 1)
  expect(a.hub.size('r')).toBe(1)
  await until(() => ['ann', 'bob'].every((one) => a.hub.presenceOf(one)?.status === 'offline'))
})

test('a broker that is lost is reported; local delivery goes on, and what was dropped is counted', async () => {
  const { nodes, broker } = await cluster(2, { nodes: brief, presence: true })
  const [a, b] = nodes
  const errors: unknown[] = []
  a.hub.on('error', (error) => errors.push((error as { code: string }).code))
  const [near, far] = [await user(a.url, 'near'), await user(b.url, 'far')]
  for (const peer of [near, far]) await peer.ask({ type: 'join', room: 'r' })
  await until(() => a.hub.size('r') === 2)
  broker.stop()
  expect(errors).toEqual(['BROKER_UNAVAILABLE'])
  a.hub.to('r').send('m', 1)
  expect(await near.got('m')).toMatchObject([{ payload: 1 }])
  expect(a.hub.metrics().adapter).toMatchObject({ connected: false })
  // Joins go on as well, after a moment.
  const other = await user(a.url, 'other')
  await other.ask({ type: 'join', room: 'alone' })
  await near.until(() => near.of('user_left').length === 1, 'far left')
  broker.restart()
  // What waited comes; so do those who are there.
  expect(await far.got('m')).toMatchObject([{ payload: 1 }])
  await near.until(() => near.of('user_joined').length === 2, 'far is back')
  await until(() => a.hub.size('r') === 2 && a.hub.metrics().nodes === 2)
  expect(a.hub.metrics().adapter).toMatchObject({ connected: true, reconnects: 1, lost: 0 })
  expect(a.hub.prometheus()).toContain('hawser_hub_broker_connected 1\n')
})

test('a broker that is not there at the start is reported, and found later', async () => {
  const broker = new MemoryBroker()
  broker.stop()
  const errors: unknown[] = []
  const adapters = [broker.adapter(), broker.adapter()]
  const hubs: { hub: Hub; url: string }[] = []
  for (const adapter of adapters) {
    const one = await scope.hub({ adapter, nodes: { ...brief, patience: 100 } })
    one.hub.on('error', (error) => errors.push((error as { code: string }).code))
    hubs.push(one)
  }
  const [a, b] = hubs
  await until(() => errors.length === 2)
  expect(errors).toEqual(['BROKER_UNAVAILABLE', 'BROKER_UNAVAILABLE'])
  const [peer] = await scope.joined(a.url, 'r')
  broker.restart()
  await until(() => hubs.every(({ hub }) => hub.metrics().nodes === 2))
  b.hub.to('r').send('m', 1)
  await peer.got('m')
})

test('texts of other nodes that are lost on the way are noticed', async () => {
  const { nodes, broker } = await cluster(2)
  const [a, b] = nodes
  const [peer] = await scope.joined(b.url, 'r')
  a.hub.to('r').send('m', 1)
  await peer.got('m')
  broker.swallow = 3
  for (let i = 2; i < 6; i++) a.hub.to('r').send('m', i)
  await peer.got('m', 2)
  expect(payloads(peer, 'm')).toEqual([1, 5])
  expect(b.hub.metrics()).toMatchObject({ missed: 3 })
})
