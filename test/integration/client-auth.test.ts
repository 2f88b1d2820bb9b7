// Tokens: how they travel, when they are renewed, and how refusals end.
import { TokenSource, type TokenReason } from '../../lib'
import { turns, within } from '../support/waiters'
import type { FarEnd, FarOptions } from './support/far-end'
import { rejection, useManaged } from './support/managed'

const scope = useManaged()

/** A far end that lets in only who brings one of `good` in the Authorization header. */
async function guarded(good: Set<string>, options: FarOptions = {}): Promise<FarEnd & { refused: number }> {
  const far = (await scope.far({
    ...options,
    server: {
      verifyClient: (
        { req }: { req: { headers: Record<string, string> } },
        done: (ok: boolean, status?: number) => void,
      ) => {
        const allowed = good.has(req.headers['authorization'] ?? '')
        if (!allowed) far.refused++
        done(allowed, 401)
      },
    },
  })) as FarEnd & { refused: number }
  far.refused = 0
  return far
}

test('as a header: Authorization with Bearer, or one of its own name', async () => {
  const far = await scope.far()
  await scope.connected(far, { auth: () => 'secret' })
  await scope.connected(far, { auth: { token: async () => 'secret', name: 'X-Token' } })
  await scope.connected(far, { auth: { token: 'fixed' }, headers: { authorization: 'Basic x' } })
  expect(far.requests[0].headers['authorization']).toBe('Bearer secret')
  expect(far.requests[1].headers).toMatchObject({ 'x-token': 'secret' })
  expect(far.requests[1].headers['authorization']).toBeUndefined()
  expect(far.requests[2].headers['authorization']).toBe('Bearer fixed')
})

test('as a query parameter, escaped, beside what the URL has', async () => {
  const far = await scope.far()
  await scope.connected(far, { auth: { token: () => 'a b&c/ü=', as: 'query' } })
  await scope.connected(`${far.url}path?x=1`, { auth: { token: 'two', as: 'query', name: 'key' } })
  expect(new URL(far.requests[0].url!, far.url).searchParams.get('token')).toBe('a b&c/ü=')
  expect(far.requests[1].url).toBe('/path?x=1&key=two')
})

describe('as the first message of hawser.v1', () => {
  test('is connected at auth_ok, and nothing else goes out before', async () => {
    const far = await scope.far()
    const watched = scope.managed(far, { auth: { token: () => 'secret', as: 'message' } })
    const { client } = watched
    client.send('m', 1)
    const connected = client.connect()
    await far.messages(1)
    expect(far.received[0]).toMatchObject({ type: 'auth', payload: { token: 'secret' } })
    await turns(5)
    expect(client.state).toBe('connecting')
    far.say({ type: 'auth_ok' })
    await within(connected, 'connect()')
    await far.messages(2)
    expect(far.types).toEqual(['auth', 'm'])
  })

  test('auth_error leads to another token, once; then it is final', async () => {
    const far = await scope.far()
    far.answer = () => far.say({ type: 'auth_error', error: { code: 'AUTHENTICATION_FAILED' } })
    const reasons: TokenReason[] = []
    let count = 0
    const token = (reason: TokenReason): string => {
      reasons.push(reason)
      return `token ${++count}`
    }
    const watched = scope.managed(far, { auth: { token, as: 'message' } })
    const error = await rejection(watched.client.connect())
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', recoverable: false })
    expect(watched.client.state).toBe('failed')
    expect(reasons).toEqual(['connect', 'refused'])
    expect(far.payloads).toEqual([{ token: 'token 1' }, { token: 'token 2' }])
  })

  test('auth_error, then the better token is let in', async () => {
    const far = await scope.far()
    far.answer = ({ payload }) =>
      far.say({ type: (payload as { token: string }).token === 'new' ? 'auth_ok' : 'auth_error' })
    const watched = scope.managed(far, {
      auth: { token: (reason) => (reason === 'connect' ? 'old' : 'new'), as: 'message' },
    })
    await within(watched.client.connect(), 'connect()')
    expect(watched.errors).toEqual([])
  })

  test('a server that knows nothing of it gets it first, and need not answer', async () => {
    const far = await scope.far({ hawser: false })
    const { client } = await scope.connected(far, { auth: { token: 'secret', as: 'message' } })
    client.send('m')
    await far.messages(2)
    expect(far.types).toEqual(['auth', 'm'])
  })
})

test('a 401 is answered with a new token', async () => {
  const far = await guarded(new Set(['Bearer new']))
  const reasons: TokenReason[] = []
  const watched = await scope.connected(far, {
    auth: (reason) => {
      reasons.push(reason)
      return reason === 'connect' ? 'old' : 'new'
    },
  })
  expect(reasons).toEqual(['connect', 'refused'])
  expect(far.refused).toBe(1)
  expect(watched.states).toEqual(['connecting', 'connected'])
})

test('a 401 that a new token does not help is final', async () => {
  const far = await guarded(new Set())
  let count = 0
  const watched = scope.managed(far, { auth: () => `token ${++count}` })
  expect(await rejection(watched.client.connect())).toMatchObject({
    code: 'AUTHENTICATION_FAILED',
    statusCode: 401,
    recoverable: false,
  })
  expect(count).toBe(2)
  expect(far.refused).toBe(2)
})

test('several clients of one TokenSource share one refresh', async () => {
  const good = new Set(['Bearer 1'])
  const far = await guarded(good)
  let count = 0
  const asked: TokenReason[] = []
  const source = new TokenSource(async (reason) => {
    asked.push(reason)
    await turns(5)
    return String(++count)
  })
  const clients = await Promise.all(
    Array.from({ length: 5 }, () => scope.connected(far, { auth: { token: source } })),
  )
  expect(asked).toEqual(['connect'])
  good.clear()
  good.add('Bearer 2')
  far.hangUp()
  await Promise.all(clients.map((watched) => watched.reached('connected', 2)))
  expect(asked).toEqual(['connect', 'refused'])
})

test('token_expired: a new token goes to the server, once, and the connection stays', async () => {
  const far = await scope.far()
  let count = 0
  const reasons: TokenReason[] = []
  const watched = await scope.connected(far, {
    auth: (reason) => {
      reasons.push(reason)
      return `token ${++count}`
    },
  })
  far.say({ type: 'token_expired' })
  await far.messages(1)
  watched.client.send('m')
  await far.messages(1, 'm')
  expect(far.types).toEqual(['refresh_auth', 'm'])
  expect(far.received[0].payload).toEqual({ token: 'token 2' })
  expect(reasons).toEqual(['connect', 'expired'])
  far.hangUp()
  await far.connections(2)
  expect(far.requests[1].headers['authorization']).toBe('Bearer token 2')
})

test('a token that expires is renewed ahead of time and told to the server', async () => {
  const far = await scope.far()
  let count = 0
  const reasons: TokenReason[] = []
  await scope.connected(far, {
    auth: {
      token: (reason) => {
        reasons.push(reason)
        // The first one is as good as expired: renewed in the middle of what is left, a second at the least.
        return { token: `token ${++count}`, expiresAt: Date.now() + (count === 1 ? 1_500 : 3_600_000) }
      },
    },
  })
  await far.messages(1)
  expect(far.received[0]).toMatchObject({ type: 'refresh_auth', payload: { token: 'token 2' } })
  expect(reasons).toEqual(['connect', 'refresh'])
})

test('an auth function that fails is asked again, and its error is told', async () => {
  const far = await scope.far()
  let count = 0
  const watched = await scope.connected(far, {
    auth: async () => {
      if (++count < 3) throw new Error(`no network ${count}`)
      return 'secret'
    },
  })
  expect(watched.codes).toEqual(['AUTHENTICATION_FAILED', 'AUTHENTICATION_FAILED'])
  expect(watched.errors[0].cause).toMatchObject({ message: 'no network 1' })
  expect(watched.states).toEqual(['connecting', 'reconnecting', 'connected'])
})

test.each([[undefined], [''], [5], [{}], [{ token: '' }], [{ token: 'x', expiresAt: 'soon' }]])(
  'an auth function that returns %j is told so',
  async (token) => {
    const far = await scope.far()
    const watched = scope.managed(far, { auth: () => token as string })
    const connected = rejection(watched.client.connect())
    await watched.failedWith('AUTHENTICATION_FAILED')
    expect((watched.errors[0].cause as Error).message).toContain('The token source returned')
    await watched.client.disconnect()
    await connected
    expect(far.accepted).toBe(0)
  },
)

test('authenticate() takes another token, and connects with it', async () => {
  const far = await guarded(new Set(['Bearer one', 'Bearer two']))
  const watched = await scope.connected(far, { auth: () => 'one' })
  await within(watched.client.authenticate('two'), 'authenticate()')
  await far.connections(2)
  expect(far.requests[1].headers['authorization']).toBe('Bearer two')
  expect(watched.client.state).toBe('connected')
  const plain = await scope.connected(await scope.far())
  expect(await rejection(plain.client.authenticate('x'))).toMatchObject({ code: 'INVALID_STATE' })
  expect(await rejection(watched.client.authenticate(''))).toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('authenticate() brings back a client that failed for its token', async () => {
  const far = await guarded(new Set(['Bearer good']))
  const watched = scope.managed(far, { auth: { token: 'bad' } })
  await rejection(watched.client.connect())
  await within(watched.client.authenticate('good'), 'authenticate()')
  expect(watched.client.state).toBe('connected')
})

test.each([4401, 3000])('close code %i asks for a new token and connects with it', async (code) => {
  const far = await scope.far()
  let count = 0
  const watched = await scope.connected(far, { auth: () => `token ${++count}` })
  far.socket.close(code)
  await far.connections(2)
  await watched.reached('connected', 2)
  expect(far.requests[1].headers['authorization']).toBe('Bearer token 2')
})

test('a server that throws out each connection at once is not asked again and again without a pause', async () => {
  const far = await scope.far()
  far.greet = (socket) => {
    socket.close(4401)
  }
  const reasons: string[] = []
  const watched = scope.managed(far, {
    auth: (reason) => `token ${reasons.push(reason)}`,
    reconnect: { minUptime: 0, minDelay: 20, maxAttempts: 4, jitter: 0, adaptive: false },
  })
  watched.client.connect().catch(() => undefined)
  await watched.reached('failed')
  expect(watched.client.getConnectionInfo().error).toMatchObject({
    code: 'RETRIES_EXHAUSTED',
    cause: { code: 'CONNECTION_CLOSED', closeCode: 4401 },
  })
  expect(reasons).toEqual(['connect', 'refused', 'refused', 'refused', 'refused'])
})
