// What the users of a pool share beside connections: tokens; and what a pool keeps of URLs that were asked for once.
import { keptTargets } from '../../lib/client/pool-targets'
import { WebSocketPool } from '../../lib'
import { within } from '../support/waiters'
import { fate, rejection, useManaged } from './support/managed'

const scope = useManaged()

test('one token for all connections, asked for once; a refused one is renewed once', async () => {
  const far = await scope.far()
  const asked: string[] = []
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  const token = async (reason: string): Promise<string> => {
    asked.push(reason)
    await held
    return `token-${asked.length}`
  }
  const pool = scope.pool({ client: { auth: { token } } })
  const shares = [0, 1, 2, 3].map((n) => pool.getConnection(`${far.url}${n}`))
  release()
  await within(Promise.all(shares), 'four connections')
  expect(asked).toEqual(['connect'])
  expect(far.requests.map(({ headers }) => headers.authorization)).toEqual(Array(4).fill('Bearer token-1'))

  const before = far.accepted
  for (const socket of [...far.sockets]) socket.close(4401)
  await far.connections(before + 4)
  expect(asked).toEqual(['connect', 'refused'])
  expect(far.requests.slice(4).map(({ headers }) => headers.authorization)).toEqual(
    Array(4).fill('Bearer token-2'),
  )
})

test('URLs that were asked for once are forgotten beyond a bound, those that somebody waits for are not', async () => {
  const far = await scope.far()
  const pool = scope.pool({ maxPerHost: 1, maxWaiters: 10 })
  const { targets } = pool as unknown as { targets: { readonly size: number } }
  const share = await pool.getConnection(`${far.url}first`)
  const patient = pool.getConnection(`${far.url}patient`, { timeout: 60_000 })
  for (let n = 0; n < keptTargets + 200; n++) {
    const given = new AbortController()
    const gone = fate(pool.getConnection(`${far.url}${n}`, { signal: given.signal }))
    given.abort()
    expect(await gone).toBe('ABORTED')
  }
  expect(targets.size).toBe(keptTargets)
  // Its URL is forgotten, its connection is not: nobody else needs a second one.
  const again = await within(pool.getConnection(`${far.url}first`), 'the shared connection')
  expect(again.client).toBe(share.client)
  again.release()
  share.release()
  expect((await within(patient, 'who waited all the time')).held).toBe(true)
  expect(far.accepted).toBe(2)
})

test('what is wrong with the options of the connections is said when the pool is made', () => {
  for (const client of [5, [], { maxPayload: -1 }, { reconnect: { minDelay: 'x' } }, { nonsense: 1 }]) {
    expect(() => new WebSocketPool({ client: client as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  }
})

test('a pool of several URLs fails over, and says so when none is there', async () => {
  const [down, up] = [await scope.farDown(), await scope.far()]
  const pool = scope.pool({ client: { reconnect: false } })
  const share = await within(pool.getConnection([down.url, up.url]), 'the second URL')
  expect(share.client.getConnectionInfo().url).toBe(up.url)
  share.release()
  expect(await rejection(pool.getConnection([]))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(await rejection(pool.getConnection('http//x'))).toMatchObject({ code: 'INVALID_URL' })
  expect(await rejection(pool.getConnection([down.url, `${down.url}2`]))).toMatchObject({
    code: 'CONNECTION_FAILED',
  })
})
