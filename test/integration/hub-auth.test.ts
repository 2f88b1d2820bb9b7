// Who peers are and what they may do: at the upgrade, by message, by JSON Web Token, over time.
import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import { type HubOptions, type Identity, jwtAuth } from '../../lib'
import { request } from 'node:http'
import { until, within } from '../support/waiters'
import { useHubs } from './support/hubs'

const scope = useHubs()

const people: Record<string, Identity> = {
  ann: { userId: 'ann', roles: ['admin'], claims: { name: 'Ann' } },
  bob: { userId: 'bob' },
}
const byToken = (_request: unknown, token: string | undefined): Identity | undefined =>
  token === undefined ? undefined : people[token]

/** Status of the answer to an upgrade. */
function statusOf(port: number, path: string, headers: Record<string, string> = {}): Promise<number> {
  const asked = request({
    host: '127.0.0.1',
    port,
    path,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    },
  })
  const answered = new Promise<number>((resolve, reject) => {
    asked.on('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asked.on('upgrade', (_response, socket) => {
      socket.destroy()
      resolve(101)
    })
    asked.on('error', reject)
  })
  asked.end()
  return within(answered, 'answer')
}

describe('at the upgrade', () => {
  test.each([
    ['either', '/?token=ann', {}, 101],
    ['either', '/', { authorization: 'Bearer ann' }, 101],
    ['either', '/', {}, 101],
    ['either', '/?token=eve', {}, 401],
    ['either', '/', { authorization: 'Bearer eve' }, 401],
    ['upgrade', '/?token=ann', {}, 101],
    ['upgrade', '/', {}, 401],
    ['upgrade', '/', { authorization: 'Basic ann' }, 401],
    ['message', '/?token=eve', {}, 101],
    ['either', '/?token=ann&csrf=no', {}, 403],
  ] as const)('at %s: %s with %j is answered %d', async (at, path, headers, status) => {
    const { port } = await scope.hub({
      auth: { verify: byToken, at },
      csrf: async ({ url }) => !url.includes('csrf=no'),
    })
    expect(await statusOf(port, path, headers)).toBe(status)
  })

  test('the identity is the connection’s; a cookie may tell as well as a token', async () => {
    const { hub, url } = await scope.hub({
      auth: async ({ headers }, token) => people[token ?? headers['cookie']?.split('=')[1] ?? ''],
    })
    hub.handle('who', (_payload, ctx, { userId }) => [ctx.userId, ctx.roles, ctx.claims, userId])
    const ann = await scope.peer(`${url}?token=ann`)
    expect((await ann.ask({ type: 'who', userId: 'root' })).payload).toEqual([
      'ann',
      ['admin'],
      { name: 'Ann' },
      'ann',
    ])
    const bob = await scope.peer(url, { cookie: 'session=bob' })
    expect((await bob.ask({ type: 'who' })).payload).toEqual(['bob', [], null, 'bob'])
    expect(hub.metrics().authenticated).toBe(2)
  })

  test('`verify` of the server is asked as well; what `auth` throws is 500 and an `error`', async () => {
    const { server, port } = await scope.hub(
      {
        auth: (_request, token) => {
          if (token === 'broken') throw new Error('no database')
          return { userId: 'u' }
        },
      },
      { verify: ({ url }: { url: string }) => (url.startsWith('/no') ? { status: 404 } : true) },
    )
    const errors: unknown[] = []
    server.on('error', (error) => errors.push(error))
    expect(await statusOf(port, '/no?token=x')).toBe(404)
    expect(await statusOf(port, '/?token=x')).toBe(101)
    expect(await statusOf(port, '/?token=broken')).toBe(500)
    expect(errors).toMatchObject([{ code: 'VERIFY_FAILED', cause: { message: 'no database' } }])
  })

  test.each<[string, unknown]>([
    ['a text', 'ann'],
    ['no id', {}],
    ['roles that are no list', { userId: 'u', roles: 'admin' }],
    ['an end that is a text', { userId: 'u', expiresAt: 'soon' }],
  ])('nonsense from `auth` (%s) lets nobody in', async (_what, answer) => {
    const { server, port } = await scope.hub({ auth: () => answer as Identity })
    server.on('error', () => {})
    expect(await statusOf(port, '/?token=x')).toBe(500)
  })
})

describe('by message', () => {
  test('until then nothing else is taken; then it goes on', async () => {
    const { hub, url } = await scope.hub({ auth: byToken })
    hub.handle('who', (_payload, ctx) => ctx.userId)
    const connected: unknown[] = []
    hub.on('connect', ({ userId }) => connected.push(userId))
    const peer = await scope.peer(url)
    for (const type of ['who', 'join', 'resume', 'batch', 'refresh_auth']) {
      expect(await peer.ask({ type, room: 'r' })).toMatchObject({
        type: 'error',
        error: { code: 'UNAUTHORIZED' },
      })
    }
    hub.broadcast('m', 'not for strangers')
    expect(await peer.ask({ type: 'heartbeat' })).toMatchObject({ type: 'heartbeat_ack' })
    expect(connected).toEqual([])
    expect(await peer.ask({ type: 'auth', payload: { token: 'eve' } })).toMatchObject({
      type: 'auth_error',
      error: { code: 'AUTHENTICATION_FAILED' },
    })
    const { type, payload } = await peer.ask({ type: 'auth', payload: { token: 'ann' } })
    expect([type, payload]).toEqual(['auth_ok', { userId: 'ann', roles: ['admin'] }])
    expect((await peer.ask({ type: 'who' })).payload).toBe('ann')
    expect([connected, peer.of('m')]).toEqual([['ann'], []])
  })

  test('three tokens that are refused, or none in time, are closed with 4401', async () => {
    const { url } = await scope.hub({ auth: { verify: byToken, deadline: 30_000 } })
    const peer = await scope.peer(url)
    for (const token of ['eve', 5, 'mallory']) peer.say({ type: 'auth', payload: { token } })
    expect(await peer.end()).toEqual({ code: 4401, reason: 'authentication failed' })
    expect(peer.of('auth_error').map(({ error }) => error.code as string)).toEqual([
      'AUTHENTICATION_FAILED',
      'INVALID_MESSAGE',
      'AUTHENTICATION_FAILED',
    ])
    const { url: hasty } = await scope.hub({ auth: { verify: byToken, deadline: 20 } })
    expect(await (await scope.peer(hasty)).end()).toEqual({ code: 4401, reason: 'authentication timeout' })
  })

  test('where a user is not required, peers stay without one, and may become one later in their rooms', async () => {
    const { hub, url } = await scope.hub({ auth: { verify: byToken, required: false } })
    hub.handle('who', (_payload, ctx) => ctx.userId ?? 'nobody')
    const [peer] = await scope.joined(url, 'r')
    expect((await peer.ask({ type: 'who' })).payload).toBe('nobody')
    await peer.ask({ type: 'auth', payload: { token: 'bob' } })
    expect((await peer.ask({ type: 'who' })).payload).toBe('bob')
    hub.toUser('bob').send('m', 1)
    await peer.got('m')
    await peer.ask({ type: 'leave', room: 'r' })
    expect(hub.rooms).toEqual([])
  })

  test('without `auth` a token is welcome and says nothing', async () => {
    const { url } = await scope.hub()
    const peer = await scope.peer(url)
    expect(await peer.ask({ type: 'auth', payload: { token: 'x' } })).toMatchObject({ type: 'auth_ok' })
  })
})

describe('over time', () => {
  test('a token that ends is told of; a new one goes on, other roles and all', async () => {
    let roles = ['old', 'both']
    const { hub, url } = await scope.hub({
      auth: (_request, token) =>
        token !== undefined && {
          userId: 'ann',
          roles,
          ...(token === 'short' ? { expiresAt: Date.now() + 30 } : {}),
        },
    })
    const peer = await scope.peer(`${url}?token=short`)
    expect(await peer.got('token_expired')).toMatchObject([{ payload: { grace: 30_000 } }])
    roles = ['both', 'new']
    expect(await peer.ask({ type: 'refresh_auth', payload: { token: 'long' } })).toMatchObject({
      type: 'auth_ok',
      payload: { roles: ['both', 'new'] },
    })
    for (const role of ['old', 'both', 'new']) hub.toRole(role).send('m', role)
    await peer.settled()
    expect(peer.of('m').map(({ payload }) => payload as string)).toEqual(['both', 'new'])
    expect(hub.connections.length).toBe(1)
  })

  test('without a new one the connection is closed with 4401', async () => {
    const { hub, url } = await scope.hub({
      auth: {
        verify: () => ({ userId: 'ann', expiresAt: Date.now() + 20 }),
        grace: 20,
      },
    })
    const peer = await scope.peer(`${url}?token=x`)
    expect(await peer.end()).toEqual({ code: 4401, reason: 'token expired' })
    await peer.got('token_expired')
    await until(() => hub.ofUser('ann').length === 0)
  })

  test('a token of another user does not change whose connection it is', async () => {
    const { url, hub } = await scope.hub({ auth: byToken })
    const peer = await scope.peer(`${url}?token=ann`)
    for (const token of ['bob', 'eve']) {
      expect(await peer.ask({ type: 'refresh_auth', payload: { token } })).toMatchObject({
        type: 'auth_error',
        error: { code: 'AUTHENTICATION_FAILED' },
      })
    }
    expect(hub.connections.map(({ userId }) => userId)).toEqual(['ann'])
    expect(peer.closed).toBeUndefined()
  })

  test('WebSocketClient answers `token_expired` with a new token', async () => {
    const seen: unknown[] = []
    const { url } = await scope.hub({
      auth: (_request, token) => {
        seen.push(token)
        return (
          token !== undefined && { userId: 'ann', expiresAt: Date.now() + (token === 't1' ? 30 : 60_000) }
        )
      },
    })
    let count = 0
    const { client, errors } = await scope.connected(url, {
      auth: { token: () => `t${++count}`, as: 'message' },
    })
    await until(() => seen.includes('t2'))
    expect([client.state, errors]).toEqual(['connected', []])
  })
})

describe('authorize', () => {
  const rules: HubOptions['authorize'] = (ctx, action, target, type) => {
    if (ctx.hasRole('admin')) return true
    if (action === 'join') return target === 'public'
    if (action === 'send') return type !== 'announce' && target !== 'read-only'
    return target === ctx.userId
  }
  const later: HubOptions['authorize'] = async (...args) => rules(...args)

  describe.each([
    ['at once', rules],
    ['later', later],
  ])('%s', (_when, authorize) => {
    test.each([
      ['ann', { type: 'join', room: 'secret' }, 'joined'],
      ['bob', { type: 'join', room: 'secret' }, 'UNAUTHORIZED'],
      ['bob', { type: 'join', room: 'public' }, 'joined'],
      ['ann', { type: 'announce' }, 'reply'],
      ['bob', { type: 'announce' }, 'UNAUTHORIZED'],
      ['bob', { type: 'chat' }, 'reply'],
      ['bob', { type: 'chat', room: 'read-only' }, 'UNAUTHORIZED'],
      ['ann', { type: 'chat', room: 'read-only' }, 'reply'],
      ['bob', { type: 'presence_update', payload: { watch: ['ann'] } }, 'UNAUTHORIZED'],
      ['bob', { type: 'presence_update', payload: { watch: ['bob'] } }, 'reply'],
    ])('%s says %j: %s', async (who, message, outcome) => {
      const { hub, url } = await scope.hub({ auth: byToken, authorize, presence: true })
      hub.on('connect', (ctx) => ctx.join('read-only'))
      hub.handle('announce', () => 1)
      hub.handle('chat', () => 1)
      const peer = await scope.peer(`${url}?token=${who}`)
      const { type, error } = await peer.ask(message)
      expect(error === undefined ? type : error.code).toBe(outcome)
    })
  })

  test('what it throws is SERVER_ERROR, and lets nothing through', async () => {
    const { hub, url } = await scope.hub({
      authorize: async (_ctx, action) => {
        if (action === 'join') return Promise.reject(new Error('no database'))
        throw new Error('none either')
      },
    })
    const errors: string[] = []
    hub.on('error', (error) => errors.push((error as Error).message))
    const peer = await scope.peer(url)
    expect(await peer.ask({ type: 'join', room: 'r' })).toMatchObject({ error: { code: 'SERVER_ERROR' } })
    expect(await peer.ask({ type: 'm' })).toMatchObject({ error: { code: 'SERVER_ERROR' } })
    expect([hub.rooms, errors]).toEqual([[], ['no database', 'none either']])
  })
})

describe('JSON Web Tokens', () => {
  const secret = 'a secret of at least thirty-two bytes'
  const signed = (claims: Record<string, unknown>, alg = 'HS256', key: unknown = Buffer.from(secret)) =>
    new SignJWT(claims).setProtectedHeader({ alg }).sign(key as never)
  const later = Math.floor(Date.now() / 1000) + 3600

  test.each<[string, Record<string, unknown>, unknown]>([
    ['user and roles', { sub: 'ann', roles: ['admin'], exp: later }, ['ann', ['admin'], later * 1000]],
    ['roles as a text', { sub: 'ann', roles: 'a b' }, ['ann', ['a', 'b'], undefined]],
    ['a number as id', { sub: 'ann', id: 5 }, ['ann', [], undefined]],
    ['expired', { sub: 'ann', exp: later - 7200 }, null],
    ['not valid yet', { sub: 'ann', nbf: later }, null],
    ['no user', { roles: ['admin'] }, null],
    ['of another issuer', { sub: 'ann', iss: 'evil' }, null],
  ])('%s', async (_what, claims, expected) => {
    const auth = jwtAuth({ secret, issuer: 'good' })
    const identity = await auth({} as never, await signed({ iss: 'good', ...claims }))
    expect(identity ? [identity.userId, identity.roles, identity.expiresAt] : identity).toEqual(expected)
  })

  test('what is not signed with the key, in the algorithm, is refused', async () => {
    const auth = jwtAuth({ secret })
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`
    for (const token of [
      await signed({ sub: 'a' }, 'HS256', Buffer.from(`${secret}x`)),
      await signed({ sub: 'a' }, 'HS512'),
      unsigned,
      'nonsense',
    ]) {
      expect(await auth({} as never, token)).toBeNull()
    }
    expect(await auth({} as never, undefined)).toBeNull()
  })

  test('public keys; the claims can have other names', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
    const token = await signed({ uid: 7, scope: 'x y' }, 'ES256', privateKey)
    for (const key of [publicKey, pem]) {
      const auth = jwtAuth({ publicKey: key, userId: 'uid', roles: 'scope' })
      expect(await auth({} as never, token)).toMatchObject({ userId: '7', roles: ['x', 'y'] })
    }
    for (const wrong of [{}, { secret: 'x', publicKey }, { secret: 'x', algorithm: 'HS256' }]) {
      expect(() => jwtAuth(wrong as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
  })

  test('as `auth` of a hub', async () => {
    const { hub, url } = await scope.hub({ auth: jwtAuth({ secret }) })
    hub.handle('who', (_payload, ctx) => [ctx.userId, ctx.claims])
    const claims = { sub: 'ann', team: 1 }
    const peer = await scope.peer(`${url}?token=${await signed(claims)}`)
    expect((await peer.ask({ type: 'who' })).payload).toEqual(['ann', claims])
  })
})
