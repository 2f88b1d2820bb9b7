// Users that share connections: who gets which, who waits, in what order, and what happens when one goes.
import type { PooledConnection, WebSocketPool } from '../../lib'
import { certificates } from '../support/certificates'
import { event, turns, until, within } from '../support/waiters'
import { answering } from './support/far-end'
import { fate, rejection, useManaged } from './support/managed'

const scope = useManaged()
const made = certificates()

/** What the pool says of its connections in use, one by one. */
function shown(pool: WebSocketPool, name: 'users' | 'state' | 'waiters' | 'activeRequests') {
  return pool.getActiveConnections().map((one) => one[name])
}

describe.each([
  ['ws', false],
  ['ws', true],
  ['hawser', false],
  ['hawser', true],
] as const)('against a server of %s, TLS: %s', (maker, secure) => {
  test('users share one connection, which stays until nobody uses it', async () => {
    const far = await scope.far(secure ? { maker, tls: made.server } : { maker })
    far.answer = answering
    const pool = scope.pool({ idleTime: 0, client: secure ? { ca: made.ca } : {} })
    const shares = await within(
      Promise.all(Array.from({ length: 5 }, () => pool.getConnection(far.url))),
      'five shares',
    )
    expect(new Set(shares.map(({ client }) => client)).size).toBe(1)
    expect(pool.getActiveConnections()).toMatchObject([
      { url: far.url, host: `127.0.0.1:${far.port}`, state: 'open', users: 5, waiters: 0 },
    ])
    expect(await Promise.all(shares.map((share, i) => share.request('ask', i)))).toEqual([0, 1, 2, 3, 4])
    expect(far.accepted).toBe(1)

    for (const share of shares.slice(1)) share.release()
    shares[1].release() // a second time gives nothing away that others use
    expect(shown(pool, 'users')).toEqual([1])
    expect(shares[0].state).toBe('connected')
    expect(await shares[0].request('ask', 'still here')).toBe('still here')
    shares[0].release()
    await far.until(() => far.sockets.length === 0, 'end of the connection')
    await until(() => pool.getActiveConnections().length === 0)
    expect(pool.getMetrics()).toMatchObject({
      total: 0,
      users: 0,
      waiters: 0,
      opened: 1,
      granted: 5,
      failed: 0,
    })
  })
})

test('what a share subscribed ends with it, what others subscribed does not', async () => {
  const far = await scope.far()
  far.answer = answering
  const pool = scope.pool()
  const [one, other] = await Promise.all([pool.getConnection(far.url), pool.getConnection(far.url)])
  const got: string[] = []
  const handler = (who: string) => (): void => void got.push(who)
  one.on('t', handler('one'))
  other.on('t', handler('other'))
  await one.request('ask')
  far.say({ type: 't' })
  await one.request('ask')
  expect(got.splice(0).sort()).toEqual(['one', 'other'])
  one.release()
  await other.request('ask')
  far.say({ type: 't' })
  await other.request('ask')
  expect(got).toEqual(['other'])
  expect(one.held).toBe(false)
  expect(() => one.send('x')).toThrow(expect.objectContaining({ code: 'INVALID_STATE' }))
  expect(await rejection(one.request('ask'))).toMatchObject({ code: 'INVALID_STATE' })
})

describe('limits', () => {
  test('users beyond `maxPerHost` are served in the order in which they came', async () => {
    const far = await scope.far()
    const pool = scope.pool({ maxPerHost: 2 })
    const url = (n: number): string => `${far.url}${n}`
    const first = await Promise.all([pool.getConnection(url(0)), pool.getConnection(url(1))])
    const order: number[] = []
    const waiting = Array.from({ length: 6 }, (_, i) =>
      pool.getConnection(url(i + 2)).then((share) => {
        order.push(i)
        share.release()
      }),
    )
    await turns()
    expect(pool.getMetrics()).toMatchObject({ total: 2, waiters: 6 })
    first[0].release()
    await within(Promise.all(waiting), 'six waiters')
    expect(order).toEqual([0, 1, 2, 3, 4, 5])
    expect(pool.getMetrics()).toMatchObject({ waiters: 0, evicted: 6, granted: 8, refused: 0 })
    first[1].release()
    const paths = far.requests.map(({ url: path }) => path)
    expect(paths.slice(2)).toEqual(['/2', '/3', '/4', '/5', '/6', '/7'])
  })

  test('hosts do not wait for each other', async () => {
    const [a, b] = [await scope.far(), await scope.far()]
    const pool = scope.pool({ maxPerHost: 1 })
    await pool.getConnection(a.url)
    const stuck = fate(pool.getConnection(`${a.url}other`))
    const free = await within(pool.getConnection(b.url), 'a connection to the other host')
    expect(free.state).toBe('connected')
    expect(pool.getMetrics().waiters).toBe(1)
    await pool.close()
    expect(await stuck).toBe('POOL_CLOSED')
  })

  test('setConnectionLimit: raising it serves who waits, of one host or of all', async () => {
    const far = await scope.far()
    const pool = scope.pool({ maxPerHost: 1 })
    const shares = [await pool.getConnection(`${far.url}0`)]
    const waiting = [1, 2, 3].map((n) => pool.getConnection(`${far.url}${n}`))
    expect(pool.getMetrics().waiters).toBe(3)
    pool.setConnectionLimit(2, `127.0.0.1:${far.port}`)
    shares.push(await within(waiting[0], 'the first that waited'))
    expect(pool.getMetrics().waiters).toBe(2)
    pool.setConnectionLimit(9) // the host has a limit of its own
    await turns()
    expect(pool.getMetrics().waiters).toBe(2)
    pool.setConnectionLimit(4, `127.0.0.1:${far.port}`)
    shares.push(...(await within(Promise.all(waiting.slice(1)), 'the others')))
    // Lowering it ends nothing that is in use.
    pool.setConnectionLimit(1, `127.0.0.1:${far.port}`)
    expect(shown(pool, 'state')).toEqual(['open', 'open', 'open', 'open'])
    for (const limit of [0, -1, 1.5, NaN, 100_001]) {
      expect(() => pool.setConnectionLimit(limit)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      )
    }
    for (const share of shares) share.release()
    await far.until(() => far.sockets.length <= 1, 'idle connections above the limit')
  })

  test('acquireTimeout, its option, a signal, and maxWaiters end a wait; each takes its place away', async () => {
    const far = await scope.far()
    const pool = scope.pool({ maxPerHost: 1, acquireTimeout: 30, maxWaiters: 3 })
    const share = await pool.getConnection(`${far.url}0`)
    const stop = new AbortController()
    const late = rejection(pool.getConnection(`${far.url}1`))
    const taken = rejection(pool.getConnection(`${far.url}2`, { signal: stop.signal, timeout: 60_000 }))
    const patient = pool.getConnection(`${far.url}3`, { timeout: 60_000 })
    expect(await rejection(pool.getConnection(`${far.url}4`))).toMatchObject({ code: 'QUEUE_FULL' })
    expect(await late).toMatchObject({ code: 'TIMEOUT', recoverable: true })
    stop.abort('enough')
    expect(await taken).toMatchObject({ code: 'ABORTED', cause: 'enough' })
    expect(pool.getMetrics()).toMatchObject({ waiters: 1, refused: 3 })
    share.release()
    expect((await within(patient, 'the one that had patience')).held).toBe(true)
    expect(await rejection(pool.getConnection(far.url, { signal: stop.signal }))).toMatchObject({
      code: 'ABORTED',
    })
    for (const bad of [{ signal: {} }, { timeout: 0 }, { timeuot: 1 }]) {
      expect(await rejection(pool.getConnection(far.url, bad as never))).toMatchObject({
        code: 'INVALID_OPTION',
      })
    }
    expect(pool.getMetrics().waiters).toBe(0)
  })

  test('several connections to one endpoint: first one for each, then the one with the least to do', async () => {
    const far = await scope.far()
    const pool = scope.pool({ connectionsPerEndpoint: 3 })
    const shares: PooledConnection<never>[] = []
    for (let i = 0; i < 3; i++) shares.push((await pool.getConnection(far.url)) as never)
    expect(new Set(shares.map(({ client }) => client)).size).toBe(3)
    const open = [
      fate(shares[0].request('silence' as never)),
      fate(shares[0].request('silence' as never)),
      fate(shares[1].request('silence' as never)),
    ]
    await far.messages(3, 'silence')
    expect(shown(pool, 'activeRequests')).toEqual([2, 1, 0])
    const fourth = await pool.getConnection(far.url)
    expect(fourth.client as unknown).toBe(shares[2].client)
    expect(far.accepted).toBe(3)
    await pool.close()
    expect(await Promise.all(open)).toEqual(open.map(() => 'CONNECTION_LOST'))
  })

  test('maxInFlight: one request more waits its turn, in order, and its time runs', async () => {
    const far = await scope.far()
    const pool = scope.pool({ maxInFlight: 2 })
    const [one, other] = [await pool.getConnection(far.url), await pool.getConnection(far.url)]
    const done: number[] = []
    const asked = [one, other, one, other].map((share, i) =>
      share.request('later', i, { timeout: 60_000 }).then((value) => done.push(value as number)),
    )
    const impatient = rejection(one.request('never', 0, { timeout: 20 }))
    await far.messages(2, 'later')
    expect(pool.getActiveConnections()).toMatchObject([{ activeRequests: 2, waitingRequests: 3 }])
    expect(await impatient).toMatchObject({ code: 'TIMEOUT' })
    expect(far.payloads).toEqual([0, 1])
    for (let i = 0; i < 4; i++) {
      await far.messages(i + 1, 'later')
      const { correlationId, payload } = far.received[i]
      far.say({ type: 'reply', correlationId, payload })
      await within(asked[i], `reply ${i}`)
    }
    expect(done).toEqual([0, 1, 2, 3])
    expect(far.types).not.toContain('never')
    expect(shown(pool, 'activeRequests')).toEqual([0])
  })
})

describe('the end of connections', () => {
  test('idleTime: kept for the next user until it is over; cleanup() does not wait for it', async () => {
    const far = await scope.far()
    const pool = scope.pool({ idleTime: 60_000 })
    const first = await pool.getConnection(far.url)
    first.release()
    const second = await pool.getConnection(far.url)
    expect(second.client).toBe(first.client)
    pool.cleanup()
    expect(shown(pool, 'state')).toEqual(['open'])
    second.release()
    pool.cleanup()
    await far.until(() => far.sockets.length === 0, 'end of the connection')
    const third = await pool.getConnection(far.url)
    expect(third.client).not.toBe(first.client)

    const brief = scope.pool({ idleTime: 20 })
    const gone = await brief.getConnection(`${far.url}brief`)
    const socket = far.socket
    gone.release()
    await event(socket, 'close')
    await until(() => brief.getMetrics().total === 0)
  })

  test('removeConnection revokes the shares, tells each of them once, and lets the next user begin anew', async () => {
    const far = await scope.far()
    const pool = scope.pool()
    const shares = await Promise.all([pool.getConnection(far.url), pool.getConnection(far.url)])
    const told: string[] = []
    for (const share of shares) share.onRevoked((error) => told.push(error.code))
    expect(pool.removeConnection(`${far.url}other`)).toBe(false)
    expect(pool.removeConnection(far.url)).toBe(true)
    expect(pool.removeConnection(far.url)).toBe(false)
    expect(told).toEqual(['ABORTED', 'ABORTED'])
    expect(shares.map(({ held }) => held)).toEqual([false, false])
    for (const share of shares) share.release()
    await far.until(() => far.sockets.length === 0, 'end of the connection')
    expect((await pool.getConnection(far.url)).state).toBe('connected')
    expect(pool.getMetrics()).toMatchObject({ total: 1, users: 1 })
  })

  test('a connection that fails for good is revoked with its cause; one that is lost heals under its users', async () => {
    const far = await scope.far()
    far.answer = answering
    const pool = scope.pool()
    const share = await pool.getConnection(far.url)
    far.hangUp()
    await until(() => shown(pool, 'state')[0] === 'lost')
    await far.connections(2)
    await until(() => shown(pool, 'state')[0] === 'open')
    expect(await share.request('ask', 1)).toBe(1)
    const revoked = new Promise<Error & { code?: string; cause?: unknown }>((resolve) =>
      share.onRevoked(resolve),
    )
    far.socket.close(4000, 'never again')
    const error = await within(revoked, 'onRevoked')
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', cause: { closeCode: 4000 } })
    expect(share.held).toBe(false)
    expect(pool.getMetrics()).toMatchObject({ total: 0, failed: 1, users: 0 })
  })

  test('who waits for a connection that cannot be made learns why', async () => {
    const far = await scope.far()
    const pool = scope.pool({ client: { reconnect: false } })
    await far.stop()
    const errors = await Promise.all([
      rejection(pool.getConnection(far.url)),
      rejection(pool.getConnection(far.url)),
    ])
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'CONNECTION_FAILED', cause: { code: 'CONNECTION_REFUSED' } })
    }
    await far.start()
    expect((await within(pool.getConnection(far.url), 'a connection')).held).toBe(true)
  })

  test('close() refuses who waits, revokes who holds, closes all, and refuses who comes later', async () => {
    const far = await scope.far()
    const pool = scope.pool({ maxPerHost: 2 })
    const shares = [await pool.getConnection(`${far.url}0`), await pool.getConnection(`${far.url}1`)]
    const revoked: string[] = []
    for (const share of shares) share.onRevoked(({ code }) => revoked.push(code))
    const waiting = [2, 3, 4].map((n) => fate(pool.getConnection(`${far.url}${n}`)))
    await within(Promise.all([pool.close(), pool.close()]), 'close()')
    expect(await Promise.all(waiting)).toEqual(['POOL_CLOSED', 'POOL_CLOSED', 'POOL_CLOSED'])
    expect(revoked).toEqual(['POOL_CLOSED', 'POOL_CLOSED'])
    await far.until(() => far.sockets.length === 0, 'end of all connections')
    expect(await rejection(pool.getConnection(far.url))).toMatchObject({ code: 'POOL_CLOSED' })
    expect(pool.getMetrics()).toMatchObject({ total: 0, users: 0, waiters: 0 })
    for (const share of shares) share.release()
  })
})
