// Which of several URLs a user of a pool gets while others are at work there: the one with the fewest users, or the one
// that opened fastest.
import type { AnyProtocol, PooledConnection } from '../../lib'
import { Random } from '../support/random'
import { within } from '../support/waiters'
import { answering } from './support/far-end'
import { useManaged } from './support/managed'

type Share = PooledConnection<AnyProtocol>
const scope = useManaged()

const urlOf = ({ client }: Share): string => client.getConnectionInfo().url

test('least-busy: whoever comes and goes, the next user joins the fewest, and every request is answered', async () => {
  const random = new Random()
  const ends = await Promise.all([scope.far(), scope.far(), scope.far()])
  for (const far of ends) far.answer = answering
  const urls = ends.map(({ url }) => url)
  const pool = scope.pool({ strategy: 'least-busy', idleTime: 60_000, maxInFlight: 0 })
  const held: Share[] = []
  const replies: Promise<unknown>[] = []
  const asked: number[] = []
  for (let round = 0; round < 150; round++) {
    if (held.length > 0 && random.below(3) === 0) {
      held.splice(random.below(held.length), 1)[0].release()
      continue
    }
    const users = urls.map((url) => held.filter((share) => urlOf(share) === url).length)
    const share = await within(pool.getConnection(urls), 'a share')
    const mine = users[urls.indexOf(urlOf(share))]
    expect({ round, users, mine }).toEqual({ round, users, mine: Math.min(...users) })
    held.push(share)
    for (const one of held) {
      asked.push(replies.length)
      replies.push(one.request('ask', replies.length))
    }
  }
  expect(await within(Promise.all(replies), 'replies')).toEqual(asked)
  expect(ends.map(({ accepted }) => accepted)).toEqual([1, 1, 1])
})

test('latency: when both are known, users join the one that opened faster, however busy it is', async () => {
  const fast = await scope.far()
  // It keeps the client waiting for many times as long as the other one took.
  let patience = 0
  const verifyClient = (_: unknown, done: (accept: boolean) => void): void =>
    void setTimeout(() => done(true), patience)
  const slow = await scope.far({ server: { verifyClient } })
  for (const far of [fast, slow]) far.answer = answering
  const { client } = await scope.connected(fast)
  patience = 200 + 20 * client.learned()[0].latency

  const pool = scope.pool({ strategy: 'latency', idleTime: 60_000 })
  const urls = [slow.url, fast.url]
  const first = await within(pool.getConnection(urls), 'a share of the first')
  expect(urlOf(first)).toBe(slow.url)
  const shares = []
  const replies = []
  for (let n = 0; n < 20; n++) {
    const share = await within(pool.getConnection(urls), 'a share')
    shares.push(urlOf(share))
    for (let i = 0; i < 5; i++) replies.push(share.request('ask', n * 5 + i))
  }
  expect(new Set(shares)).toEqual(new Set([fast.url]))
  expect(await within(Promise.all(replies), 'replies')).toEqual([...Array(100).keys()])
})
