// Rates and counts of addresses and users hold for the connections of all I/O threads together.
import { configure } from '../../lib'
import { until } from '../support/waiters'
import { useHubs } from './support/hubs'

configure({ threads: 3 })

const scope = useHubs()
const day = 86_400_000

test('a user and an address have one rate', async () => {
  const { hub, url } = await scope.hub({
    auth: (_request, token) => (token === undefined ? false : { userId: token }),
    rateLimit: { user: { messages: 4, per: day }, address: { messages: 7, per: day } },
  })
  const seen: unknown[] = []
  hub.on('m', (_payload, { userId }) => seen.push(userId))
  for (const user of ['ann', 'ann', 'ann', 'bob', 'bob', 'bob']) {
    const peer = await scope.peer(`${url}?token=${user}`)
    for (let i = 0; i < 10; i++) peer.say({ type: 'm' })
    await peer.got('error')
  }
  // A peer is told of the first that was too many, not of all of them.
  await until(() => seen.length + hub.metrics().server.rateLimited >= 60)
  expect(seen.sort()).toEqual([...Array<string>(4).fill('ann'), ...Array<string>(3).fill('bob')])
  expect(hub.metrics().server.rateLimited).toBe(60 - 7)
})

test('connections of an address are counted once', async () => {
  const { hub, port, url } = await scope.hub({}, { maxConnectionsPerAddress: 4 })
  for (let i = 0; i < 4; i++) await scope.peer(url)
  const { first } = await (await scope.rawClient(port)).upgrade().readHead()
  expect(first).toContain(' 429 ')
  await until(() => hub.connections.length === 4)
  expect(hub.metrics().server.refusedAddress).toBe(1)
})
