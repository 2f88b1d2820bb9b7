// Feeds in the two forms that exchanges document, and dialects that a program writes itself.
import { WebSocketServer as PeerServer } from 'ws'
import { type Dialect, channelFeed, combinedStreams, jsonRpc } from '../../lib'
import { event, until, within } from '../support/waiters'
import { rejection, useManaged } from './support/managed'
import { closePeer, urlOf } from './support/peers'

const scope = useManaged()

/** A message of a feed that has fields of its own. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the feed has
const fields = (message: unknown): any => message

/** A server that keeps what comes, and answers as `reply` says. */
async function serve(reply: (message: Record<string, unknown>) => unknown[]) {
  const server = new PeerServer({ port: 0, host: '127.0.0.1' })
  scope.defer(() => closePeer(server))
  await event(server, 'listening')
  const got: Record<string, unknown>[] = []
  let watch = (): void => undefined
  server.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(String(data)) as Record<string, unknown>
      got.push(message)
      for (const out of reply(message)) socket.send(JSON.stringify(out))
      watch()
    }),
  )
  const came = async (count: number): Promise<void> => {
    const reached = new Promise<void>((resolve) => {
      watch = () => {
        if (got.length >= count) resolve()
      }
      watch()
    })
    await within(reached, `${count} messages at the server`)
  }
  const hangUp = (): void => {
    for (const socket of server.clients) socket.terminate()
  }
  return { url: urlOf(server), got, came, hangUp }
}

test('combined streams: subscribed on each connection, routed by the core', async () => {
  const trade = (s: string, p: string) => ({
    stream: `${s.toLowerCase()}@trade`,
    data: { e: 'trade', E: 1672515782136, s, t: 12345, p, q: '100', m: true },
  })
  const far = await serve(({ method, id }) =>
    method === 'SUBSCRIBE'
      ? [{ result: null, id }, trade('BNBBTC', '0.001'), trade('ETHBTC', '0.07')]
      : [{ result: ['x'], id }],
  )
  const watched = scope.managed(far.url, { dialect: combinedStreams({ streams: ['bnbbtc@trade'] }) })
  const { client } = watched
  const seen: unknown[] = []
  const twice = new Promise<void>((resolve) =>
    client.subscribe({ type: '*', where: { '/data/s': 'BNBBTC', '/data/m': true } }, (message) => {
      if (seen.push(fields(message).data.p) === 3) resolve()
    }),
  )
  await within(client.connect(), 'connect()')
  await far.came(1)
  expect(await client.request('SUBSCRIBE', ['ethbtc@trade', 'ltcbtc@trade'])).toBeNull()
  expect(await client.request('UNSUBSCRIBE', ['ltcbtc@trade'])).toEqual(['x'])
  expect(far.got.map(({ method, params }) => [method, params])).toEqual([
    ['SUBSCRIBE', ['bnbbtc@trade']],
    ['SUBSCRIBE', ['ethbtc@trade', 'ltcbtc@trade']],
    ['UNSUBSCRIBE', ['ltcbtc@trade']],
  ])
  expect(far.got.every(({ id }) => Number.isInteger(id))).toBe(true)
  far.hangUp()
  await far.came(4)
  expect(far.got[3]).toMatchObject({ method: 'SUBSCRIBE', params: ['bnbbtc@trade', 'ethbtc@trade'] })
  await within(twice, 'ticks of three answers')
  expect(seen).toEqual(['0.001', '0.001', '0.001'])
  // The core routed them: those of the other stream, the last of which comes behind, never came up.
  await until(() => client.getPerformanceMetrics().unrouted === 3)
  expect(client.getPerformanceMetrics().routed).toBe(3)
})

test('a refused subscription rejects with the words of the server', async () => {
  const far = await serve(({ id }) => [{ error: { code: 2, msg: 'Invalid request' }, id }])
  const { client } = await scope.connected(far.url, { dialect: combinedStreams() })
  const error = await rejection(client.request('SUBSCRIBE', ['nonsense']))
  expect(error).toMatchObject({ code: 'SERVER_ERROR', serverCode: 2 })
  expect(error.message).toContain('Invalid request')
})

test('a channel feed: subscribed on each connection, routed by the core', async () => {
  const ticker = (product: string, price: string) => ({
    channel: 'ticker',
    client_id: '',
    timestamp: '2026-02-09T20:30:37.167359596Z',
    sequence_num: 0,
    events: [{ type: 'snapshot', tickers: [{ type: 'ticker', product_id: product, price }] }],
  })
  const far = await serve(({ type }) =>
    type === 'subscribe'
      ? [
          { channel: 'subscriptions', events: [{ subscriptions: {} }] },
          ticker('BTC-USD', '1'),
          ticker('ETH-USD', '2'),
        ]
      : [],
  )
  const first = { channel: 'ticker', product_ids: ['BTC-USD'] }
  const { client } = scope.managed(far.url, { dialect: channelFeed({ subscribe: [first] }) })
  const seen: unknown[] = []
  const three = new Promise<void>((resolve) =>
    client.subscribe(
      { type: 'ticker', where: { '/events/0/tickers/0/product_id': 'BTC-USD' } },
      (message) => {
        if (seen.push(fields(message).sequence_num) === 4) resolve()
      },
    ),
  )
  await within(client.connect(), 'connect()')
  client.send('subscribe', { channel: 'level2', product_ids: ['ETH-USD'] })
  client.send('subscribe', { product_ids: ['x'], channel: 'status' })
  client.send('unsubscribe', { channel: 'status', product_ids: ['x'] })
  await far.came(4)
  far.hangUp()
  await far.came(6)
  expect(far.got[0]).toEqual({ type: 'subscribe', channel: 'ticker', product_ids: ['BTC-USD'] })
  expect(far.got.slice(4)).toEqual([
    { type: 'subscribe', channel: 'ticker', product_ids: ['BTC-USD'] },
    { type: 'subscribe', channel: 'level2', product_ids: ['ETH-USD'] },
  ])
  await within(three, 'tickers')
  expect(await rejection(client.request('ticker'))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(() => client.send('subscribe', 'ticker')).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error,
  )
})

test('a channel feed with names of its own', async () => {
  const far = await serve(({ op }) =>
    op === 'subscribe' ? [{ arg: { channel: 'tickers', instId: 'X' }, data: [{ last: '1' }] }] : [],
  )
  const dialect = channelFeed({
    subscribe: [{ args: [{ channel: 'tickers', instId: 'X' }] }],
    channel: '/arg/channel',
    payload: '/data',
    verb: 'op',
  })
  const { client } = scope.managed(far.url, { dialect })
  const got = new Promise((resolve) => client.on('tickers', resolve))
  await client.connect()
  expect(await within(got, 'ticker')).toMatchObject({ data: [{ last: '1' }] })
})

test('a dialect of the program’s own: a handshake, lines of words, a refusal', async () => {
  const words = (secret: string): Dialect => ({
    name: 'words',
    handshake: true,
    url: (url) => url.searchParams.set('v', '2'),
    protocols: ['words'],
    session: (link) => ({
      opened: () => link.say(`hello ${secret}`),
      send: ({ type, payload, id, kind }) =>
        [kind === 'request' ? `${id}?` : '-', type, String(payload)].join(' '),
      receive: (data) => {
        const [what, ...rest] = String(data).split(' ')
        if (what === 'welcome') link.ready()
        else if (what === 'go-away') link.refuse(rest.join(' '))
        else if (what.endsWith('!')) link.answer(what.slice(0, -1), rest[1])
        else link.message(what, { type: what, payload: rest }, data.length)
      },
    }),
  })
  const server = new PeerServer({ port: 0, host: '127.0.0.1' })
  scope.defer(() => closePeer(server))
  await event(server, 'listening')
  const targets: string[] = []
  server.on('connection', (socket, request) => {
    targets.push(`${request.url} ${socket.protocol}`)
    socket.on('message', (data: Buffer) => {
      const text = String(data)
      if (text.startsWith('hello')) socket.send(text === 'hello me' ? 'welcome' : 'go-away wrong word')
      else if (text.includes('?')) socket.send(text.replace('?', '!'))
      else socket.send(text.slice(2))
    })
  })
  const { client } = await scope.connected(urlOf(server), { dialect: words('me') })
  const got = new Promise((resolve) => client.on('echo', resolve))
  client.send('echo', 'a b')
  expect(await within(got, 'echo')).toEqual({ type: 'echo', payload: ['a', 'b'] })
  expect(await client.request('say', 'x')).toBe('x')
  expect(targets).toEqual(['/?v=2 words'])
  const refused = await rejection(scope.managed(urlOf(server), { dialect: words('you') }).client.connect())
  expect(refused.message).toContain('wrong word')
})

test.each([
  [{ dialect: 5 }, 'dialect'],
  [{ dialect: { name: 'x' } }, 'dialect.session'],
  [{ dialect: { session: () => ({}) } }, 'dialect.name'],
  [{ dialect: jsonRpc(), codec: { name: 'x', binary: true, encode() {}, decode() {} } }, 'codec'],
  [{ dialect: jsonRpc(), heartbeat: { messages: true } }, 'heartbeat.messages'],
])('bad option %#', (options, name) => {
  expect(() => scope.managed('ws://127.0.0.1:1/', options as never)).toThrow(
    expect.objectContaining({
      name: 'TypeError',
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`\`${name}\``) as string,
    }) as Error,
  )
})

test('bad options of feeds', () => {
  for (const make of [
    () => combinedStreams({ streams: 'x' } as never),
    () => combinedStreams({ stream: [] } as never),
    () => channelFeed({ channel: 'x' }),
    () => channelFeed({ subscribe: ['x'] } as never),
    () => channelFeed({ verb: '' }),
  ]) {
    expect(make).toThrow(expect.objectContaining({ name: 'TypeError', code: 'INVALID_OPTION' }) as Error)
  }
})
