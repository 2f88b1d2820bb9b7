// Presence: who is online, away, offline; told to rooms and to watchers.
import { until } from '../support/waiters'
import { type Peer, useHubs } from './support/hubs'

const scope = useHubs()

const auth = (_request: unknown, token: string | undefined) => token !== undefined && { userId: token }
/** What a peer heard of a user's status in a room, or as a watcher. */
const heard = (peer: Peer, user: string, room?: string): unknown[] =>
  peer
    .of('presence_update')
    .filter((message) => message.userId === user && message.room === room)
    .map(({ payload }) => payload.status as string)

test('a user is offline some time after its last connection; it is online again at once', async () => {
  const { hub, url } = await scope.hub({ auth, presence: { timeout: 30 } })
  const ann = await scope.peer(`${url}?token=ann`)
  await ann.ask({ type: 'join', room: 'r' })
  const bob = [await scope.peer(`${url}?token=bob`), await scope.peer(`${url}?token=bob`)]
  await bob[0].ask({ type: 'join', room: 'r' })
  expect(hub.presenceIn('r')).toMatchObject([
    { userId: 'ann', status: 'online' },
    { userId: 'bob', status: 'online' },
  ])
  const came = hub.presenceOf('bob')?.lastSeen as number
  bob[0].drop()
  await ann.got('user_left')
  // The other connection is there still.
  bob[1].drop()
  await until(() => hub.presenceOf('bob')?.status === 'offline')
  expect(hub.presenceOf('bob')?.lastSeen).toBeGreaterThanOrEqual(came)
  const back = await scope.peer(`${url}?token=bob`)
  await back.ask({ type: 'join', room: 'r' })
  expect(hub.presenceOf('bob')?.status).toBe('online')
  expect(hub.presenceOf('nobody')).toBeUndefined()
})

test('status and words of its own reach the rooms; the room can be asked for', async () => {
  const { hub, url } = await scope.hub({ auth, presence: true })
  const ann = await scope.peer(`${url}?token=ann`)
  const bob = await scope.peer(`${url}?token=bob`)
  const cid = await scope.peer(`${url}?token=cid`)
  for (const peer of [ann, bob]) await peer.ask({ type: 'join', room: 'r' })
  const custom = { mood: '🚢' }
  await ann.ask({ type: 'presence_update', payload: { status: 'away', custom } })
  expect(await bob.got('presence_update')).toMatchObject([
    { room: 'r', userId: 'ann', payload: { userId: 'ann', status: 'away', custom } },
  ])
  // The same again is no news.
  await ann.ask({ type: 'presence_update', payload: { status: 'away', custom } })
  await ann.ask({ type: 'presence_update', payload: { status: 'online' } })
  await bob.settled()
  expect(heard(bob, 'ann', 'r')).toEqual(['away', 'online'])
  const { payload } = await bob.ask({ type: 'presence_update', room: 'r' })
  expect(payload).toMatchObject({
    users: [
      { userId: 'ann', status: 'online' },
      { userId: 'bob', status: 'online' },
    ],
  })
  expect(await cid.ask({ type: 'presence_update', room: 'r' })).toMatchObject({
    error: { code: 'NOT_A_MEMBER' },
  })
  await cid.settled()
  expect(cid.of('presence_update')).toEqual([])
  expect(hub.presenceOf('ann')).toMatchObject({ status: 'online' })
})

test('who watches a user hears of it without a room, until it does not want to', async () => {
  const { url } = await scope.hub({ auth, presence: { timeout: 0 } })
  const ann = await scope.peer(`${url}?token=ann`)
  const first = await ann.ask({ type: 'presence_update', payload: { watch: ['bob', 'ann'] } })
  expect(first.payload).toMatchObject({
    users: [
      { userId: 'bob', status: 'offline', lastSeen: 0 },
      { userId: 'ann', status: 'online' },
    ],
  })
  const bob = await scope.peer(`${url}?token=bob`)
  bob.drop()
  await ann.until(() => heard(ann, 'bob').length === 2, 'two changes')
  expect(heard(ann, 'bob')).toEqual(['online', 'offline'])
  await ann.ask({ type: 'presence_update', payload: { unwatch: ['bob'] } })
  const again = await scope.peer(`${url}?token=bob`)
  await again.settled()
  await ann.settled()
  expect(heard(ann, 'bob')).toHaveLength(2)
})

test.each([
  ['a status there is not', { status: 'busy' }],
  ['too many words', { custom: 'x'.repeat(1100) }],
  ['a user that is no list', { watch: 'bob' }],
  ['too many users', { watch: Array.from({ length: 101 }, () => 'x') }],
  ['a user without a name', { unwatch: [''] }],
])('%s is INVALID_MESSAGE', async (_what, payload) => {
  const { url } = await scope.hub({ auth, presence: true })
  const ann = await scope.peer(`${url}?token=ann`)
  expect(await ann.ask({ type: 'presence_update', payload })).toMatchObject({
    error: { code: 'INVALID_MESSAGE' },
  })
})

test('who has no user has no status', async () => {
  const { url } = await scope.hub({ presence: true })
  const peer = await scope.peer(url)
  expect(await peer.ask({ type: 'presence_update', payload: { status: 'away' } })).toMatchObject({
    error: { code: 'UNAUTHORIZED' },
  })
})
