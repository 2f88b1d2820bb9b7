// Clients whose WebSocket is blocked, and what stands between them and a hub.
import { WebSocket } from 'undici'
import type { HubOptions, ManagedClientOptions } from '../../lib'
import { httpLink } from '../../lib/client/portable/http-link'
import { type ProxyRules, ReverseProxy } from '../support/reverse-proxy'
import { event, thrown, until, within } from '../support/waiters'
import { useHubs } from './support/hubs'
import { brisk, rejection } from './support/managed'

const scope = useHubs()

const portable = {
  WebSocket,
  fallback: 'auto',
  reconnect: brisk,
} as const satisfies Partial<ManagedClientOptions>

async function blocked(
  rules: ProxyRules,
  options: Omit<Partial<ManagedClientOptions>, 'url'> = {},
  hubOptions: HubOptions = { fallback: true },
) {
  const hub = await scope.hub(hubOptions)
  const between = await ReverseProxy.listen(hub.port, rules)
  scope.defer(() => between.close())
  const watched = scope.managed(`ws://127.0.0.1:${between.port}/`, { ...portable, ...options })
  return { hub: hub.hub, between, posts: between.posts, client: watched.client, watched }
}

test('where upgrades are refused, the client chats by HTTP', async () => {
  const { hub, watched, client, posts } = await blocked({ upgrades: 'refuse' })
  hub.handle('double', (n: number) => n * 2)
  await within(client.connect(), 'connect')
  expect(client.getConnectionInfo().protocol).toBe('hawser.v1')
  expect(await client.request('double', 4)).toBe(8)
  await client.joinRoom('r')
  const heard = new Promise((resolve) => client.on('m', resolve))
  hub.to('r').send('m', 'é')
  expect(await heard).toMatchObject({ payload: 'é', room: 'r' })
  expect(hub.connections.map(({ request }) => request.overHttp)).toEqual([true])
  const [connection] = hub.connections
  const gone = event<[number]>(connection.socket, 'close')
  await client.disconnect()
  expect((await gone)[0]).toBe(1000)
  expect(watched.errors.map(({ code }) => code)).not.toContain('PARSE_ERROR')
  expect(posts.length).toBeGreaterThan(3)
})

test('one dial that drags on is enough', async () => {
  const { hub, client, watched } = await blocked(
    { upgrades: 'swallow' },
    { connectTimeout: 60, fallback: { after: 100, patience: 5_000 } },
  )
  await within(client.connect(), 'connect')
  expect(hub.connections[0].request.overHttp).toBe(true)
  expect(watched.codes).toContain('CONNECT_TIMEOUT')
})

test('where answers are gathered, it polls', async () => {
  const { hub, client, posts } = await blocked(
    { upgrades: 'refuse', gathers: true },
    { fallback: { after: 1, patience: 100 } },
  )
  hub.on('n', (payload, ctx) => void ctx.send('n', payload))
  await within(client.connect(), 'connect')
  const heard: unknown[] = []
  client.on('n', ({ payload }) => void heard.push(payload))
  for (let i = 0; i < 20; i++) client.send('n', i)
  await until(() => heard.length === 20)
  expect(heard).toEqual([...Array(20).keys()])
  expect(posts.some((body) => body.includes('"poll"'))).toBe(true)
})

test('answers and requests that are lost on the way cost nothing', async () => {
  let meddling = false
  let count = 0
  const { hub, client } = await blocked(
    {
      upgrades: 'refuse',
      meddle: (body) => {
        if (!meddling || !body.includes('"seq"')) return undefined
        return [undefined, 'lose answer', 'lose request'][count++ % 3] as 'lose answer' | undefined
      },
    },
    { fallback: { after: 1 } },
  )
  const seen: unknown[] = []
  hub.on('n', (payload) => void seen.push(payload))
  await within(client.connect(), 'connect')
  meddling = true
  for (let i = 0; i < 8; i++) {
    client.send('n', i)
    await until(() => seen.length > i)
  }
  expect(seen).toEqual([...Array(8).keys()])
  expect(hub.connections.length).toBe(1)
})

test('an answer that never comes to its end is given up', async () => {
  let stalled = ''
  const { hub, client } = await blocked(
    {
      upgrades: 'refuse',
      gathers: true,
      meddle: (body) => {
        if (stalled === '' || !body.includes(stalled)) return undefined
        stalled = ''
        return 'stall answer'
      },
    },
    { fallback: { after: 1, patience: 100 } },
    { fallback: { interval: 50, grace: 1_000 } },
  )
  const seen: unknown[] = []
  hub.on('n', (payload) => void seen.push(payload))
  await within(client.connect(), 'connect')
  stalled = '"seq"'
  const sent = client.send('n', 0, { ack: true })
  await until(() => seen.length === 1)
  await Promise.all([sent, client.send('n', 1, { ack: true })])
  expect(seen).toEqual([0, 1])
  const heard: unknown[] = []
  client.on('m', ({ payload }) => void heard.push(payload))
  stalled = '"poll"'
  await until(() => stalled === '')
  // Also where a busy machine has lost the session meanwhile.
  await until(() => {
    hub.broadcast('m', 'after all')
    return heard.length > 0
  })
})

test('connections that break do not end the session', async () => {
  const { hub, client, between, watched } = await blocked({ upgrades: 'refuse' }, { fallback: { after: 1 } })
  await within(client.connect(), 'connect')
  await client.joinRoom('r')
  const [{ id }] = hub.connections
  const heard: unknown[] = []
  client.on('m', ({ payload }) => void heard.push(payload))
  for (let i = 0; i < 5; i++) {
    between.cut()
    hub.to('r').send('m', i)
    await until(() => heard.length > i)
  }
  expect(heard).toEqual([0, 1, 2, 3, 4])
  expect(hub.connections.map((one) => one.id)).toEqual([id])
  expect(watched.times('connected')).toBe(1)
})

test('a session that is gone is a connection that is lost: the client comes back, and resumes', async () => {
  const { hub, client, watched } = await blocked(
    { upgrades: 'refuse' },
    { fallback: { after: 1 } },
    { fallback: true, history: true },
  )
  await within(client.connect(), 'connect')
  await client.joinRoom('r')
  const heard: unknown[] = []
  client.on('m', ({ payload }) => void heard.push(payload))
  hub.connections[0].socket.terminate()
  hub.to('r').send('m', 1)
  await watched.reached('connected', 2)
  await until(() => heard.length === 1)
  expect(watched.last('reconnecting')).toBeDefined()
})

test('when upgrades pass again, a later reconnect takes one', async () => {
  const rules: ProxyRules = { upgrades: 'refuse' }
  const { hub, client, watched } = await blocked(rules, { fallback: { after: 1, retry: 0 } })
  await within(client.connect(), 'connect')
  expect(hub.connections[0].request.overHttp).toBe(true)
  hub.connections[0].socket.terminate()
  await watched.reached('connected', 2)
  // Refused again, and back by HTTP.
  expect(hub.connections.map(({ request }) => request.overHttp)).toEqual([true])
  rules.upgrades = undefined
  hub.connections[0].socket.terminate()
  await watched.reached('connected', 3)
  expect(hub.connections.map(({ request }) => request.overHttp)).toEqual([false])
})

test('a token that is refused is asked for again, as with an upgrade', async () => {
  const tokens = ['bad', 'ann']
  const { hub, client } = await blocked(
    { upgrades: 'refuse' },
    { fallback: { after: 1 }, auth: { token: () => tokens.shift() ?? 'none', as: 'query' } },
    {
      fallback: true,
      auth: (_request, token) => (token === 'ann' ? { userId: token } : null),
    },
  )
  await within(client.connect(), 'connect')
  expect(hub.connections.map(({ userId }) => userId)).toEqual(['ann'])
})

test('without `fallback` nobody tries, and a server without it is not taken for one', async () => {
  const off = await blocked(
    { upgrades: 'refuse' },
    { fallback: 'off', reconnect: { ...brisk, maxAttempts: 5 } },
  )
  await rejection(off.client.connect())
  expect(off.posts).toEqual([])
  const plain = await blocked(
    { upgrades: 'refuse' },
    { fallback: { after: 1 }, reconnect: { ...brisk, maxAttempts: 5 } },
    {},
  )
  await rejection(plain.client.connect())
  expect(plain.posts.length).toBeGreaterThan(0)
})

test('long messages, bytes, and what is above the bound of a post', async () => {
  const { hub, port } = await scope.hub({ fallback: { maxBody: 300_000 } })
  hub.on('n', (payload, ctx) => void ctx.send('n', (payload as string).length))
  const texts: unknown[] = []
  const link = httpLink(`ws://127.0.0.1:${port}/`, ['hawser.v1'], {
    patience: 5_000,
    polls: { needed: false },
  })
  const opened = new Promise((resolve) => (link.onopen = resolve))
  const closed = new Promise<{ code: number; wasClean: boolean }>((resolve) => (link.onclose = resolve))
  link.onmessage = ({ data }: { data: string | ArrayBuffer }) => texts.push(data)
  await within(opened, 'open')
  expect([link.readyState, link.protocol]).toEqual([1, 'hawser.v1'])
  const send = (payload: string): void => link.send(JSON.stringify({ type: 'n', payload }) as never)
  for (let i = 0; i < 5; i++) send('é'.repeat(100_000))
  expect(link.bufferedAmount).toBeGreaterThan(1_000_000)
  await until(() => texts.length === 5 && link.bufferedAmount === 0)
  hub.connections[0].socket.send(Buffer.from([1, 2]))
  await until(() => texts.length === 6)
  expect(new Uint8Array(texts[5] as ArrayBuffer)).toEqual(new Uint8Array([1, 2]))
  link.send(new Uint8Array([3]) as never)
  await until(() => texts.length === 7)
  expect(JSON.parse(texts[6] as string)).toMatchObject({ type: 'error', error: { code: 'INVALID_MESSAGE' } })
  send('x'.repeat(400_000))
  expect(await within(closed, 'close')).toMatchObject({ code: 1009 })
})

test('bad options say what to do', () => {
  const make = (fallback: unknown) => () =>
    scope.managed('ws://127.0.0.1:1', { WebSocket, fallback: fallback as 'auto' })
  expect(thrown(make('on'))).toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining("'auto'"),
  })
  expect(thrown(make({ after: 0 }))).toMatchObject({ code: 'INVALID_OPTION' })
  expect(thrown(make({ path: '/x' }))).toMatchObject({ code: 'INVALID_OPTION' })
  // The native engine checks it too.
  expect(thrown(() => scope.managed('ws://127.0.0.1:1', { fallback: 'on' as 'auto' }))).toMatchObject({
    code: 'INVALID_OPTION',
  })
})
