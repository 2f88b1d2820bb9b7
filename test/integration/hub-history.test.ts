// History and resume, by hand: epochs, offsets, late joiners, what is gone.
import { Hub, WebSocketServer } from '../../lib'
import { event, until } from '../support/waiters'
import { Peer, useHubs } from './support/hubs'

const scope = useHubs()

const numbers = (peer: Peer): unknown[] => peer.of('m').map(({ payload }) => payload as unknown)

test('messages of a room are numbered under an epoch; a room without history has none', async () => {
  const { hub, url } = await scope.hub({ history: { rooms: (room) => room !== 'plain' } })
  const peer = await scope.peer(url)
  const joined = await peer.ask({ type: 'join', room: 'r' })
  const { epoch } = joined.payload as { epoch: string }
  expect(joined.payload).toEqual({ members: 1, epoch: expect.any(String) as string, offset: 0 })
  expect((await peer.ask({ type: 'join', room: 'plain' })).payload).toEqual({ members: 1 })
  hub.to('r').send('m', 'a')
  hub.to('plain').send('m', 'b')
  hub.to('r').send('m', 'c')
  await peer.settled()
  expect(peer.of('m').map(({ room, epoch, offset }) => [room, epoch, offset] as unknown)).toEqual([
    ['r', epoch, 1],
    ['plain', undefined, undefined],
    ['r', epoch, 2],
  ])
})

test.each([
  [{ last: 2 }, [4, 5, 6]],
  [{ last: 0 }, [6]],
  [{ last: 99 }, [2, 3, 4, 5, 6]],
  [undefined, [6]],
])('who joins late with %j gets %j, in order, then what follows', async (payload, expected) => {
  const { hub, url } = await scope.hub({ history: { count: 4 } })
  for (let i = 1; i <= 5; i++) hub.to('r').send('m', i)
  const peer = await scope.peer(url)
  const joined = await peer.ask({ type: 'join', room: 'r', payload })
  expect((joined.payload as { offset: number }).offset).toBe(expected[0] - 1)
  hub.to('r').send('m', 6)
  await peer.settled()
  expect(numbers(peer)).toEqual(expected)
  // Joined stands before everything of the room.
  expect(peer.said[0].type).toBe('joined')
})

test('what is sent before the server listens is kept like all that follows', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  const hub = new Hub(server, { history: { count: 4 } })
  for (let i = 1; i <= 5; i++) hub.to('r').send('m', i)
  await event(server, 'listening')
  hub.to('r').send('m', 6)
  const peer = await Peer.ws(`ws://127.0.0.1:${(server.address() as { port: number }).port}`)
  const joined = await peer.ask({ type: 'join', room: 'r', payload: { last: 99 } })
  expect(joined.payload).toMatchObject({ offset: 2 })
  hub.to('r').send('m', 7)
  await until(() => numbers(peer).length === 5)
  expect(numbers(peer)).toEqual([3, 4, 5, 6, 7])
  await hub.close()
})

test('who was away gets exactly what it missed, in order, then what follows', async () => {
  const { hub, url } = await scope.hub({ history: true, notices: false })
  const [first] = await scope.joined(url, 'r')
  await first.ask({ type: 'join', room: 's' })
  const positions: Record<string, object> = {}
  for (const { room, payload } of first.of('joined')) {
    positions[room as string] = { epoch: payload.epoch as string, offset: payload.offset as number }
  }
  for (let i = 1; i <= 3; i++) hub.to('r').send('m', i)
  await first.settled()
  for (const { room, epoch, offset } of first.of('m')) positions[room as string] = { epoch, offset }
  first.drop()
  await until(() => hub.metrics().connections === 0)
  for (let i = 4; i <= 6; i++) hub.to(i === 5 ? 's' : 'r').send('m', i)

  const second = await scope.browser(url)
  const resumed = await second.ask({ type: 'resume', payload: { rooms: positions } })
  expect(resumed).toMatchObject({ type: 'resumed', payload: { rooms: positions } })
  hub.to('r', 's').send('m', 7)
  await second.settled()
  const of = (room: string) => second.of('m').filter((one) => one.room === room)
  expect(of('r').map(({ payload }) => payload as number)).toEqual([4, 6, 7])
  expect(of('s').map(({ payload }) => payload as number)).toEqual([5, 7])
  expect(second.of('resume_failed')).toEqual([])
  expect(hub.metrics()).toMatchObject({ resumed: 2, resumeFailed: 0 })
})

test('what is not kept any more is told, with how much; what is left follows', async () => {
  const { hub, url } = await scope.hub({ history: { count: 3 } })
  const [first] = await scope.joined(url, 'r')
  const { epoch } = first.of('joined')[0].payload as { epoch: string }
  for (let i = 1; i <= 10; i++) hub.to('r').send('m', i)
  const resume = async (position: object): Promise<[unknown, unknown]> => {
    const peer = await scope.peer(url)
    await peer.ask({ type: 'resume', payload: { rooms: { r: position } } })
    await peer.settled()
    const failed = peer.of('resume_failed')[0]?.payload as { rooms: { r: object } } | undefined
    return [failed?.rooms.r, numbers(peer)]
  }
  expect(await resume({ epoch, offset: 5 })).toEqual([
    { reason: 'gone', joined: true, epoch, offset: 7, missed: 2 },
    [8, 9, 10],
  ])
  expect(await resume({ epoch, offset: 7 })).toEqual([undefined, [8, 9, 10]])
  expect(await resume({ epoch, offset: 10 })).toEqual([undefined, []])
  const anew = { reason: 'epoch', joined: true, epoch, offset: 7, missed: null }
  expect(await resume({ epoch: 'another', offset: 9 })).toEqual([anew, [8, 9, 10]])
  expect(await resume({ epoch, offset: 11 })).toEqual([anew, [8, 9, 10]])
  // Who never knew a number begins now.
  expect(await resume({})).toEqual([undefined, []])
  expect(hub.metrics()).toMatchObject({ resumed: 3, resumeFailed: 3 })
})

test('rooms that may not be joined, or are too many, are told; the others go on', async () => {
  const { url, hub } = await scope.hub({
    history: { rooms: (room) => room !== 'plain' },
    maxRoomsPerConnection: 3,
    authorize: async (_ctx, action, room) => action !== 'join' || room !== 'secret',
  })
  const peer = await scope.peer(url)
  await peer.ask({ type: 'join', room: 'there already' })
  const { payload } = await peer.ask({
    type: 'resume',
    payload: { rooms: { secret: {}, plain: { epoch: 'e', offset: 1 }, a: {} } },
  })
  expect(Object.keys((payload as { rooms: object }).rooms)).toEqual(['a'])
  expect(peer.of('resume_failed')[0].payload).toEqual({
    rooms: {
      secret: { reason: 'unauthorized', joined: false },
      plain: { reason: 'epoch', joined: true, missed: null },
    },
  })
  const full = await peer.ask({ type: 'resume', payload: { rooms: { b: {}, a: {} } } })
  expect(Object.keys((full.payload as { rooms: object }).rooms)).toEqual(['a'])
  expect(peer.of('resume_failed')[1].payload).toEqual({ rooms: { b: { reason: 'limit', joined: false } } })
  const rooms = Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`x${i}`, {}]))
  expect(await peer.ask({ type: 'resume', payload: { rooms } })).toMatchObject({
    error: { code: 'TOO_MANY_ROOMS' },
  })
  expect(hub.connections[0].roomNames.sort()).toEqual(['a', 'plain', 'there already'])
})

test('a room that has emptied keeps its messages, until too many rooms are there', async () => {
  const { hub, url } = await scope.hub({ history: true, maxRooms: 2 })
  const [peer] = await scope.joined(url, 'r')
  await peer.ask({ type: 'join', room: 'silent' })
  hub.to('r').send('m', 1)
  for (const room of ['silent', 'r']) await peer.ask({ type: 'leave', room })
  expect(hub.rooms).toEqual(['r', 'silent'])
  const late = await scope.peer(url)
  await late.ask({ type: 'join', room: 'r', payload: { last: 5 } })
  await late.settled()
  expect(numbers(late)).toEqual([1])
  await late.ask({ type: 'join', room: 'third' })
  expect(hub.rooms).toEqual(['r', 'third'])
  expect(await late.ask({ type: 'join', room: 'fourth' })).toMatchObject({
    error: { code: 'TOO_MANY_ROOMS' },
  })
})

test('what is old is not kept, and an empty room is forgotten with it', async () => {
  const { hub, url } = await scope.hub({ history: { age: 30 } })
  hub.to('r').send('m', 1)
  await until(() => hub.rooms.length === 0)
  const peer = await scope.peer(url)
  await peer.ask({ type: 'join', room: 'r', payload: { last: 5 } })
  await peer.settled()
  expect(numbers(peer)).toEqual([])
})

test('messages that are chosen by more than the room are not kept', async () => {
  const { hub, url } = await scope.hub({ history: true })
  const [one] = await scope.joined(url, 'r')
  hub
    .to('r')
    .where(() => true)
    .send('m', 'chosen')
  hub
    .to('r')
    .except(...hub.members('r'))
    .send('m', 'kept')
  const [late] = await scope.joined(url, 'other')
  await late.ask({ type: 'join', room: 'r', payload: { last: 5 } })
  await late.settled()
  await one.settled()
  expect([numbers(one), numbers(late)]).toEqual([['chosen'], ['kept']])
})

test('bounds by bytes, and rooms with bounds of their own', async () => {
  const { hub, url } = await scope.hub({
    history: { bytes: 1000, rooms: (room) => (room === 'few' ? { count: 1 } : true) },
  })
  for (let i = 1; i <= 20; i++) {
    hub.to('few').send('m', i)
    hub.to('big').send('m', 'x'.repeat(300))
  }
  const peer = await scope.peer(url)
  for (const room of ['few', 'big']) await peer.ask({ type: 'join', room, payload: { last: 99 } })
  await peer.settled()
  expect(peer.of('m').filter(({ room }) => room === 'few')).toMatchObject([{ payload: 20 }])
  expect(peer.of('m').filter(({ room }) => room === 'big')).toHaveLength(2)
})
