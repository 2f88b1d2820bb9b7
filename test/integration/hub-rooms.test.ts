// Rooms and sends of a hub, as peers of other makes see them: docs/protocol.md by hand.
import { HubError } from '../../lib'
import { Random } from '../support/random'
import { thrown, until } from '../support/waiters'
import { type Peer, useHubs } from './support/hubs'

const scope = useHubs()

describe('rooms', () => {
  test('join and leave are answered; others hear who came and went, by name of the connection', async () => {
    const { hub, url } = await scope.hub()
    const first = await scope.peer(url)
    expect(await first.ask({ type: 'join', room: 'r' })).toMatchObject({
      type: 'joined',
      room: 'r',
      payload: { members: 1 },
    })
    const second = await scope.browser(url)
    expect(await second.ask({ type: 'join', room: 'r' })).toMatchObject({ payload: { members: 2 } })
    const [came] = await first.got('user_joined')
    expect(came).toMatchObject({ room: 'r', payload: { connection: expect.any(String) as string } })
    expect(hub.rooms).toEqual(['r'])
    expect(hub.size('r')).toBe(2)
    expect(hub.members('r').map(({ roomNames }) => roomNames)).toEqual([['r'], ['r']])

    expect(await second.ask({ type: 'leave', room: 'r' })).toMatchObject({ type: 'left', room: 'r' })
    expect((await first.got('user_left'))[0].payload).toEqual(came.payload)
    // Leaving twice changes nothing.
    expect(await second.ask({ type: 'leave', room: 'r' })).toMatchObject({ type: 'left' })
    await first.settled()
    expect(first.of('user_left')).toHaveLength(1)
    expect(second.of('user_joined')).toEqual([])
  })

  test('who closes or vanishes has left all rooms; an empty room is gone', async () => {
    const { hub, url } = await scope.hub()
    const [stays] = await scope.joined(url, 'a')
    const [goes] = await scope.joined(url, 'a')
    await goes.ask({ type: 'join', room: 'b' })
    goes.drop()
    await stays.got('user_left')
    expect(hub.rooms).toEqual(['a'])
    stays.close(1000)
    await stays.end()
    await until(() => hub.rooms.length === 0)
    expect(hub.metrics()).toMatchObject({ memberships: 0, joins: 3, leaves: 3 })
  })

  test('without notices nobody hears of it', async () => {
    const { url } = await scope.hub({ notices: false })
    const [one, other] = await scope.joined(url, 'r', 2)
    await other.ask({ type: 'leave', room: 'r' })
    await one.settled()
    expect(one.said.filter(({ type }) => type.startsWith('user_'))).toEqual([])
  })

  test.each(['r', 'of ten', 'with "quotes"', 'Größe', 'x'.repeat(200)])(
    'a room named %s: answers say the same, whoever writes them, and their bytes are counted',
    async (room) => {
      const { hub, url } = await scope.hub({ notices: false })
      const others = room === 'of ten' ? await scope.joined(url, room, 9) : []
      const peer = await scope.peer(url)
      await peer.settled()
      const [connection] = hub.connections.slice(-1)
      const before = hub.metrics()
      const common = { timestamp: expect.any(Number) as number, correlationId: expect.any(String) as string }
      const joined = await peer.ask({ type: 'join', room })
      expect(joined).toEqual({ type: 'joined', ...common, room, payload: { members: others.length + 1 } })
      expect(Object.keys(joined)).toEqual(['type', 'timestamp', 'correlationId', 'room', 'payload'])
      const left = await peer.ask({ type: 'leave', room })
      expect(left).toEqual({ type: 'left', ...common, room })
      const { messagesOut, bytesOut, joins, leaves } = hub.metrics()
      expect(messagesOut - before.messagesOut).toBe(2)
      expect(bytesOut - before.bytesOut).toBe(JSON.stringify(joined).length + JSON.stringify(left).length)
      expect([joins - before.joins, leaves - before.leaves]).toEqual([1, 1])
      // Unasked, without a correlation id.
      connection.join(room)
      connection.leave(room)
      expect(Object.keys((await peer.got('joined', 2))[1])).toEqual(['type', 'timestamp', 'room', 'payload'])
      expect(Object.keys((await peer.got('left', 2))[1])).toEqual(['type', 'timestamp', 'room'])
      await until(() => connection.socket.bufferedAmount === 0)
      // It hears what is said while it is in, and not before its answer.
      connection.join(room)
      hub.to(room).send('m', 1)
      connection.leave(room)
      hub.to(room).send('m', 2)
      await peer.settled()
      expect(peer.said.map(({ type }) => type).slice(-4)).toEqual(
        expect.arrayContaining(['joined', 'm', 'left']),
      )
      expect(peer.of('m').map(({ payload }) => payload)).toEqual([1])
    },
  )

  test('joining twice is answered and changes nothing', async () => {
    const { hub, url } = await scope.hub()
    const [peer, other] = await scope.joined(url, 'r', 2)
    expect(await peer.ask({ type: 'join', room: 'r' })).toMatchObject({ type: 'joined' })
    hub.to('r').send('m', 1)
    await other.got('m')
    await peer.settled()
    expect(peer.of('m')).toHaveLength(1)
    expect(other.of('user_joined')).toEqual([])
  })

  test('the server puts connections into rooms and takes them out', async () => {
    const { hub, url } = await scope.hub()
    hub.on('connect', (ctx) => ctx.join('lobby'))
    hub.on('kick', (_payload, ctx) => void ctx.leave('lobby'))
    const peer = await scope.peer(url)
    expect((await peer.got('joined'))[0]).toMatchObject({ room: 'lobby', payload: { members: 1 } })
    peer.say({ type: 'kick' })
    expect((await peer.got('left'))[0]).toMatchObject({ room: 'lobby' })
    expect(hub.size('lobby')).toBe(0)
  })

  test('bounds: rooms of a connection, rooms in all, names', async () => {
    const { url } = await scope.hub({ maxRoomsPerConnection: 2, maxRooms: 3 })
    const [one] = await scope.joined(url, 'a')
    const [other] = await scope.joined(url, 'b')
    await one.ask({ type: 'join', room: 'b' })
    expect(await one.ask({ type: 'join', room: 'c' })).toMatchObject({ error: { code: 'TOO_MANY_ROOMS' } })
    expect(await one.ask({ type: 'join', room: 'a' })).toMatchObject({ type: 'joined' })
    expect(await other.ask({ type: 'join', room: 'c' })).toMatchObject({ type: 'joined' })
    const [third] = await scope.joined(url, 'a')
    expect(await third.ask({ type: 'join', room: 'd' })).toMatchObject({ error: { code: 'TOO_MANY_ROOMS' } })
    for (const room of ['', 'x'.repeat(257), 5, null, {}]) {
      expect(await third.ask({ type: 'join', room })).toMatchObject({
        type: 'error',
        error: { code: 'INVALID_MESSAGE' },
      })
    }
    expect(await third.ask({ type: 'join' })).toMatchObject({ error: { code: 'INVALID_MESSAGE' } })
    expect(third.closed).toBeUndefined()
  })
})

describe('sends', () => {
  const payloads = (peer: Peer): unknown[] => peer.of('m').map(({ payload }) => payload as unknown)

  test('to rooms, users, roles, all, by predicate, except: each once', async () => {
    const people: Record<string, string[]> = { ann: ['admin'], bob: ['admin', 'dev'], cid: ['dev'], dan: [] }
    const { hub, url } = await scope.hub({
      auth: (_request, token) =>
        token !== undefined && token in people && { userId: token, roles: people[token] },
    })
    const peers: Record<string, Peer> = {}
    for (const name of Object.keys(people)) {
      peers[name] = await scope.peer(`${url}?token=${name}`)
      await peers[name].ask({ type: 'join', room: 'all' })
    }
    for (const name of ['ann', 'bob']) await peers[name].ask({ type: 'join', room: 'ab' })
    for (const name of ['bob', 'cid']) await peers[name].ask({ type: 'join', room: 'bc' })
    const bob = hub.ofUser('bob')

    const cases: [string, () => boolean, string[]][] = [
      ['room', () => hub.to('ab').send('m', 'room'), ['ann', 'bob']],
      ['rooms', () => hub.to('ab', 'bc').send('m', 'rooms'), ['ann', 'bob', 'cid']],
      ['user', () => hub.toUser('cid').send('m', 'user'), ['cid']],
      ['users', () => hub.toUser('cid', 'dan', 'nobody').send('m', 'users'), ['cid', 'dan']],
      ['role', () => hub.toRole('dev').send('m', 'role'), ['bob', 'cid']],
      ['roles', () => hub.toRole('dev', 'admin').send('m', 'roles'), ['ann', 'bob', 'cid']],
      ['mix', () => hub.to('ab').toUser('dan').toRole('dev').send('m', 'mix'), ['ann', 'bob', 'cid', 'dan']],
      ['all', () => hub.broadcast('m', 'all'), ['ann', 'bob', 'cid', 'dan']],
      [
        'except',
        () =>
          hub
            .to('ab')
            .except(...bob)
            .send('m', 'except'),
        ['ann'],
      ],
      [
        'except several',
        () =>
          hub
            .toAll()
            .except(...bob, ...hub.ofUser('ann'))
            .send('m', 'except several'),
        ['cid', 'dan'],
      ],
      [
        'where',
        () =>
          hub
            .toAll()
            .where((c) => c.hasRole('admin'))
            .send('m', 'where'),
        ['ann', 'bob'],
      ],
      ['nobody', () => hub.to('no such room').send('m', 'nobody'), []],
    ]
    for (const [, send] of cases) expect(send()).toBe(true)
    for (const [name, peer] of Object.entries(peers)) {
      await peer.settled()
      expect([name, payloads(peer)]).toEqual([
        name,
        cases.filter(([, , who]) => who.includes(name)).map(([what]) => what),
      ])
    }
    // One room is named in the message; several are not.
    expect(peers['ann'].of('m')[0]).toMatchObject({ room: 'ab', id: expect.any(String) as string })
    expect(peers['ann'].of('m')[1]).not.toHaveProperty('room')
  })

  test('a handler sends to the others in the room and answers its peer', async () => {
    const { hub, url } = await scope.hub()
    hub.on('chat', (payload, ctx, { room }) => {
      ctx.to(room as string).send('chat', payload)
      ctx.send('sent', 'yes', { room: room as string })
    })
    hub.on('shout', (payload, ctx) => void ctx.broadcast('shout', payload))
    const [one, two, three] = await scope.joined(url, 'r', 3)
    one.say({ type: 'chat', room: 'r', payload: { text: 'Zürich 🚢' } })
    one.say({ type: 'shout', payload: 1 })
    for (const peer of [two, three]) {
      expect(await peer.got('chat')).toMatchObject([{ room: 'r', payload: { text: 'Zürich 🚢' } }])
      await peer.got('shout')
    }
    expect((await one.got('sent'))[0]).toMatchObject({ room: 'r' })
    expect([one.of('chat'), one.of('shout')]).toEqual([[], []])
  })

  test('a message to a room is taken from its members only', async () => {
    const { hub, url } = await scope.hub()
    const seen: unknown[] = []
    hub.on('chat', (payload) => seen.push(payload))
    const peer = await scope.peer(url)
    expect(await peer.ask({ type: 'chat', room: 'r', payload: 1 })).toMatchObject({
      type: 'error',
      error: { code: 'NOT_A_MEMBER' },
    })
    expect(seen).toEqual([])
  })

  test('what cannot be sent is told to the program', async () => {
    const { hub } = await scope.hub()
    const loop: { self?: unknown } = {}
    loop.self = loop
    for (const wrong of [
      () => hub.broadcast('m', loop),
      () => hub.broadcast('m', () => 1),
      () => hub.broadcast(''),
      () => hub.to(''),
      () => hub.to('x'.repeat(257)),
      () => hub.toUser(5 as never),
      () => hub.toAll().where(5 as never),
    ]) {
      expect(thrown(wrong)).toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    expect(thrown(() => hub.on('join_room', 5 as never))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(thrown(() => hub.on('resume', () => {}))).toMatchObject({ code: 'INVALID_STATE' })
    hub.handle('ask', () => 1)
    expect(thrown(() => hub.handle('ask', () => 2))).toMatchObject({ code: 'INVALID_STATE' })
    expect(new HubError('X')).toMatchObject({ name: 'HubError', code: 'X', message: 'X' })
  })
})

test('random operations: rooms, members, users and what peers hear are those of a plain model', async () => {
  const random = new Random()
  const { hub, url } = await scope.hub({
    auth: (_request, token) => token !== undefined && { userId: token },
    presence: true,
  })
  const rooms = ['a', 'b', 'c', 'd']
  interface Actor {
    user: string
    peer: Peer
    rooms: Set<string>
    expected: number[]
  }
  let actors: Actor[] = []
  let count = 0
  const connect = async (): Promise<void> => {
    const user = `u${random.below(4)}`
    const peer = await scope.peer(`${url}?token=${user}`)
    // The peer is open before the hub has heard of it.
    await peer.settled()
    actors.push({ user, peer, rooms: new Set(), expected: [] })
  }
  const check = (): void => {
    const inRoom = (room: string): Actor[] => actors.filter((actor) => actor.rooms.has(room))
    for (const room of rooms) {
      expect([room, hub.size(room)]).toEqual([room, inRoom(room).length])
      const users = [...new Set(inRoom(room).map(({ user }) => user))].sort()
      expect(
        hub
          .presenceIn(room)
          .map(({ userId }) => userId)
          .sort(),
      ).toEqual(users)
    }
    expect(hub.rooms.sort()).toEqual(rooms.filter((room) => inRoom(room).length > 0))
    expect(hub.connections.length).toBe(actors.length)
    for (const { user } of actors) {
      expect(hub.ofUser(user).length).toBe(actors.filter((one) => one.user === user).length)
      expect(hub.presenceOf(user)?.status).toBe('online')
    }
  }
  for (let i = 0; i < 3; i++) await connect()
  for (let step = 0; step < 250; step++) {
    const actor = actors[random.below(actors.length)]
    const room = rooms[random.below(rooms.length)]
    switch (random.below(10)) {
      case 0:
        if (actors.length < 8) await connect()
        break
      case 1:
        if (actors.length > 2) {
          const before = hub.metrics().connections
          if (random.below(2) === 0) actor.peer.drop()
          else actor.peer.close(1000)
          actors = actors.filter((one) => one !== actor)
          await until(() => hub.metrics().connections < before)
        }
        break
      case 2:
      case 3:
      case 4:
        await actor.peer.ask({ type: 'join', room })
        actor.rooms.add(room)
        break
      case 5:
        await actor.peer.ask({ type: 'leave', room })
        actor.rooms.delete(room)
        break
      case 6:
      case 7: {
        const number = ++count
        hub.to(room).send('m', number)
        for (const one of actors) if (one.rooms.has(room)) one.expected.push(number)
        break
      }
      case 8: {
        const number = ++count
        const other = rooms[random.below(rooms.length)]
        hub.to(room, other).toUser(actor.user).send('m', number)
        for (const one of actors) {
          if (one.rooms.has(room) || one.rooms.has(other) || one.user === actor.user)
            one.expected.push(number)
        }
        break
      }
      default: {
        const number = ++count
        hub
          .toAll()
          .except(...hub.ofUser(actor.user))
          .send('m', number)
        for (const one of actors) if (one.user !== actor.user) one.expected.push(number)
      }
    }
    check()
  }
  for (const { peer, expected } of actors) {
    await peer.settled()
    expect(peer.of('m').map(({ payload }) => payload as number)).toEqual(expected)
  }
})
