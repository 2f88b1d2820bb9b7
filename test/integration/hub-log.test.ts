// Rooms through a log: one order on all nodes, resume at any of them, and what becomes of both when the log is away.
import type { Hub, HubAdapter, HubOptions } from '../../lib'
import { until } from '../support/waiters'
import { type Peer, type Said, useHubs } from './support/hubs'
import { rejection } from './support/managed'
import { MemoryBroker } from './support/memory-broker'

const scope = useHubs()

async function node(broker: MemoryBroker, options: HubOptions = {}) {
  const adapter = broker.adapter()
  const nodes = { patience: 30_000 }
  const one = await scope.hub({ history: true, notices: false, nodes, ...options, adapter })
  const errors: { code: string }[] = []
  one.hub.on('error', (error) => errors.push(error as { code: string }))
  await until(() => adapter.metrics().connected)
  // A slow machine may have taken its time.
  errors.length = 0
  return { ...one, adapter, errors }
}
async function pair(options?: HubOptions): Promise<{ broker: MemoryBroker; a: Node; b: Node }> {
  const broker = new MemoryBroker()
  return { broker, a: await node(broker, options), b: await node(broker, options) }
}
type Node = { hub: Hub; url: string; adapter: HubAdapter; errors: { code: string }[] }

const numbers = (peer: Peer): unknown[] => peer.of('m').map(({ payload }) => payload as unknown)
const places = (peer: Peer): [string, number][] =>
  peer.of('m').map(({ epoch, offset }) => [epoch as string, offset as number])
const upTo = (count: number, from = 1): number[] => Array.from({ length: count }, (_, i) => from + i)
const position = (said: Said): { epoch: string; offset: number } => ({
  epoch: (said.epoch ?? said.payload.epoch) as string,
  offset: (said.offset ?? said.payload.offset) as number,
})
async function resume(url: string, where: object): Promise<{ peer: Peer; answer: Said; failed: unknown }> {
  const peer = await scope.peer(url)
  const answer = await peer.ask({ type: 'resume', payload: { rooms: { r: where } } })
  return { peer, answer, failed: peer.of('resume_failed')[0]?.payload.rooms.r as unknown }
}

test('members of all nodes get one sequence, whoever says it; but nobody what it says to the others', async () => {
  const { a, b } = await pair()
  for (const { hub } of [a, b])
    hub.on('say', (payload, ctx, { room }) => ctx.to(room as string).send('m', payload))
  const peers = [...(await scope.joined(a.url, 'r', 2)), ...(await scope.joined(b.url, 'r', 2))]
  for (let i = 0; i < 100; i++) {
    for (const { hub } of [a, b]) hub.to('r').send('m', i)
    peers[i % 4].say({ type: 'say', room: 'r', payload: `from ${i % 4}` })
  }
  await Promise.all(peers.map((peer) => peer.got('m', 275)))
  const offsets = peers.map((peer) => places(peer).map(([, offset]) => offset))
  const all = new Map(
    peers.flatMap((peer) => peer.of('m').map((said) => [said.offset as number, said] as const)),
  )
  expect([...all.keys()].sort((x, y) => x - y)).toEqual(upTo(300))
  peers.forEach((peer, i) => {
    const others = [...all.values()]
      .filter(({ payload }) => payload !== `from ${i}`)
      .map(({ offset }) => offset as number)
    expect(offsets[i]).toEqual(others.sort((x, y) => x - y))
    expect(peer.of('m').every((said) => said.id === all.get(said.offset as number)?.id)).toBe(true)
  })
  expect(new Set(peers.flatMap((peer) => places(peer).map(([epoch]) => epoch))).size).toBe(1)
})

test('a peer goes on at another node, and at one that started later; late joiners get the latest', async () => {
  const { broker, a, b } = await pair()
  const [first] = await scope.joined(a.url, 'r')
  for (const i of upTo(5)) await a.hub.to('r').post('m', i)
  await first.got('m', 5)
  const where = position(first.of('m')[2])
  first.drop()
  await b.hub.to('r').post('m', 6)
  const late = await node(broker)
  for (const { url } of [b, late, a]) {
    const { peer, answer, failed } = await resume(url, where)
    expect([answer.payload, failed]).toEqual([{ rooms: { r: where } }, undefined])
    await peer.got('m', 3)
    expect(numbers(peer)).toEqual([4, 5, 6])
    const newcomer = await scope.peer(url)
    const joined = await newcomer.ask({ type: 'join', room: 'r', payload: { last: 2 } })
    expect(joined.payload).toMatchObject({ epoch: where.epoch, offset: where.offset + 1 })
    await newcomer.got('m', 2)
    expect(numbers(newcomer)).toEqual([5, 6])
  }
  expect((await resume(late.url, { ...where, epoch: 'another' })).failed).toMatchObject({
    reason: 'epoch',
    epoch: where.epoch,
  })
})

test('what was not kept is told with its number, and a room that nobody is in still takes messages', async () => {
  const { a, b } = await pair({ history: { count: 3 } })
  const [first] = await scope.joined(a.url, 'r')
  const where = position(first.of('joined')[0])
  first.drop()
  for (const i of upTo(10)) b.hub.to('r').send('m', i)
  await b.hub.to('r').post('m', 11)
  const { peer, failed } = await resume(a.url, where)
  expect(failed).toEqual({ reason: 'gone', joined: true, epoch: where.epoch, offset: 8, missed: 8 })
  await peer.got('m', 3)
  expect(numbers(peer)).toEqual([9, 10, 11])
})

test('a short outage is waited out: nothing is lost, nothing comes twice, and it is one epoch', async () => {
  const { broker, a, b } = await pair()
  const peers = [...(await scope.joined(a.url, 'r')), ...(await scope.joined(b.url, 'r'))]
  await a.hub.to('r').post('m', 1)
  for (let round = 0; round < 5; round++) {
    // The answer is lost, though the log has it: it is appended again, and is known.
    broker.loseAnswers = round % 2
    const sent = [a, b].map(({ hub }) => hub.to('r').post('m', `${round}`))
    await until(() => broker.loseAnswers === 0)
    broker.stop()
    a.hub.to('r').send('m', `${round} away`)
    broker.restart()
    await Promise.all(sent)
  }
  await Promise.all(peers.map((peer) => peer.got('m', 16)))
  for (const peer of peers) {
    expect(places(peer).map(([, offset]) => offset)).toEqual(upTo(16))
    expect(peer.of('resume_failed')).toEqual([])
    expect(new Set(numbers(peer)).size).toBe(11)
  }
  expect(a.hub.metrics()).toMatchObject({ uncarried: 0 })
})

test('a node that is cut off goes on alone under its own epoch, and nobody claims to have everything after it', async () => {
  const { broker, a, b } = await pair({ nodes: { patience: 20 } })
  const [near] = await scope.joined(a.url, 'r')
  const [far] = await scope.joined(b.url, 'r')
  const [quiet] = await scope.joined(a.url, 'silent')
  for (const i of upTo(3)) await a.hub.to('r').post('m', i)
  await Promise.all([near.got('m', 3), far.got('m', 3)])
  const [before] = near.of('m').map(position)

  broker.cut(a.adapter)
  expect(a.errors).toMatchObject([{ code: 'BROKER_UNAVAILABLE' }])
  expect(await rejection(a.hub.to('r').post('m', 'alone 1'))).toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  a.hub.to('r').send('m', 'alone 2')
  for (const i of [4, 5]) await b.hub.to('r').post('m', i)
  await near.got('m', 5)
  const [, , , one, two] = near.of('m')
  expect(one.epoch).not.toBe(before.epoch)
  expect([one.offset, two.epoch, two.offset]).toEqual([1, one.epoch, 2])
  const told = { reason: 'epoch', joined: true, missed: null }
  expect(near.of('resume_failed').map(({ payload }) => payload.rooms.r as unknown)).toEqual([
    { ...told, epoch: one.epoch, offset: 0 },
  ])
  expect(a.hub.metrics()).toMatchObject({ uncarried: 2 })
  // Who was away meanwhile is told, here and there.
  expect((await resume(a.url, before)).failed).toMatchObject({ reason: 'epoch', epoch: one.epoch })
  const joined = await (await scope.peer(a.url)).ask({ type: 'join', room: 'r', payload: { last: 9 } })
  expect(joined.payload).toMatchObject({ epoch: one.epoch, offset: 0 })

  broker.mend(a.adapter)
  await a.hub.to('r').post('m', 6)
  await Promise.all([near.got('m', 8), far.got('m', 6)])
  // What the others said meanwhile comes behind.
  expect(numbers(near)).toEqual([1, 2, 3, 'alone 1', 'alone 2', 4, 5, 6])
  expect(numbers(far)).toEqual([1, 2, 3, 4, 5, 6])
  const last = position(near.of('m')[7])
  expect(position(far.of('m')[5])).toEqual(last)
  expect(new Set([before.epoch, one.epoch, last.epoch]).size).toBe(3)
  expect(
    near
      .of('m')
      .slice(5, 7)
      .map(({ epoch }) => epoch as string),
  ).toEqual([before.epoch, before.epoch])
  for (const { url } of [a, b]) {
    expect((await resume(url, before)).failed).toMatchObject({ reason: 'epoch', epoch: last.epoch })
    expect((await resume(url, last)).failed).toBe(undefined)
  }
  expect(far.of('resume_failed').map(({ payload }) => payload.rooms.r.reason as string)).toEqual(['epoch'])
  // Rooms in which nothing was said meanwhile go on as if nothing had been.
  await b.hub.to('silent').post('m', 1)
  await quiet.got('m')
  expect(quiet.of('resume_failed')).toEqual([])
  expect(places(quiet)[0]).toEqual([position(quiet.of('joined')[0]).epoch, 1])
})

test('a room that is joined while the log is away works, and is in the log later', async () => {
  const { broker, a, b } = await pair({ nodes: { patience: 20 } })
  for (const i of upTo(3)) await b.hub.to('r').post('m', i)
  broker.stop()
  const [peer] = await scope.joined(a.url, 'r')
  const alone = position(peer.of('joined')[0])
  expect(alone.offset).toBe(0)
  a.hub.to('r').send('m', 'alone')
  await peer.got('m')
  broker.restart()
  // Whatever the log got meanwhile: from here on it is followed.
  await peer.got('resume_failed')
  await b.hub.to('r').post('m', 4)
  await peer.got('m', 2)
  expect(numbers(peer)).toEqual(['alone', 4])
  const { peer: other, failed } = await resume(a.url, alone)
  expect(failed).toMatchObject({ reason: 'epoch' })
  await other.settled()
  expect(numbers(other).at(-1)).toBe(4)
})

test('a log that has lost everything begins anew, and everybody is told', async () => {
  const { broker, a, b } = await pair()
  const peers = [...(await scope.joined(a.url, 'r')), ...(await scope.joined(b.url, 'r'))]
  for (const i of upTo(3)) await a.hub.to('r').post('m', i)
  await Promise.all(peers.map((peer) => peer.got('m', 3)))
  const before = position(peers[0].of('m')[2])
  broker.stop()
  broker.restart({ empty: true })
  await b.hub.to('r').post('m', 4)
  await Promise.all(peers.map((peer) => peer.got('m', 4)))
  for (const peer of peers) {
    expect(peer.of('resume_failed')).toMatchObject([
      { payload: { rooms: { r: { reason: 'epoch', offset: 0 } } } },
    ])
    expect(position(peer.of('m')[3]).offset).toBe(1)
  }
  expect((await resume(b.url, before)).failed).toMatchObject({ reason: 'epoch', missed: null })
})

test('what the log refuses nobody gets, its sender hears it, and the rest goes on', async () => {
  const { a, b } = await pair()
  const [peer] = await scope.joined(b.url, 'r')
  expect(await rejection(a.hub.to('r').post('m', 'unwanted'))).toMatchObject({ code: 'BROKER_REFUSED' })
  await a.hub.to('r').post('m', 1)
  await peer.got('m')
  expect(numbers(peer)).toEqual([1])
  expect(a.errors).toMatchObject([{ code: 'BROKER_REFUSED' }])
})

test('a node that is full of what waits for the log says so, and takes no more at a bound', async () => {
  const { broker, a } = await pair()
  await a.hub.to('r').post('m', 0)
  let drains = 0
  a.hub.server.on('drain', () => drains++)
  broker.stop()
  const large = 'x'.repeat(1 << 20)
  let accepted = 0
  expect(() => {
    for (; ; accepted++) expect(a.hub.to('r').send('m', large)).toBe(false)
  }).toThrow(expect.objectContaining({ code: 'BACKPRESSURE_EXCEEDED' }) as Error)
  expect(accepted).toBeGreaterThan(60)
  expect(a.hub.metrics().logQueue).toBeGreaterThan(60 << 20)
  broker.restart()
  await until(() => a.hub.metrics().logQueue === 0)
  expect([drains, a.hub.to('r').send('m', 1)]).toEqual([1, true])
})

test('a connection that the program puts into a room is in it once the log was read, unless it leaves first', async () => {
  const { a } = await pair()
  const [peer] = await scope.joined(a.url, 'other')
  const [connection] = a.hub.connections
  connection.join('r', { last: 1 })
  connection.join('never')
  expect(connection.roomNames).toEqual(['other'])
  expect(connection.leave('never')).toBe(true)
  await peer.until(() => peer.of('joined').some(({ room }) => room === 'r'), 'joined')
  await peer.settled()
  expect(connection.roomNames.sort()).toEqual(['other', 'r'])
  expect(peer.of('left').map(({ room }) => room as string)).toEqual(['never'])
})
