// What the declarations of the managed client, its router and the pool accept and refuse, with a protocol and without.
import { expectTypeOf } from 'expect-type'
import {
  type CombinedStream,
  type Envelope,
  type JsonRpcMessage,
  type LearnedEndpoint,
  type PooledConnection,
  type ProtocolMap,
  type SocketIoMessage,
  type Subscription,
  HawserError,
  MessageRouter,
  WebSocketClient,
  WebSocketPool,
} from 'hawser'

interface Tick {
  symbol: string
  price: number
}
interface Feed extends ProtocolMap {
  receive: { tick: Tick; 'chat.said': { text: string }; 'chat.left': { who: string }; end: undefined }
  send: { watch: { symbol: string }; ping: undefined }
  requests: {
    history: { request: { symbol: string }; reply: number[] }
    time: { request: undefined; reply: number }
  }
}

declare const client: WebSocketClient<Feed>
declare const open: WebSocketClient
declare const pool: WebSocketPool<Feed>

// Construction
expectTypeOf(WebSocketClient).toBeConstructibleWith('wss://example.org')
expectTypeOf(WebSocketClient).toBeConstructibleWith({
  url: ['wss://a.example', new URL('wss://b.example')],
  strategy: 'race',
})
expectTypeOf(WebSocketClient).toBeConstructibleWith({
  url: 'wss://example.org',
  auth: async (reason) => ({ token: reason, expiresAt: new Date() }),
  reconnect: { minDelay: 100, jitter: 1 },
  heartbeat: { interval: 1000, messages: true },
  queue: { overflow: 'drop-lowest-priority', store: { path: 'file', fsync: true } },
  routing: new MessageRouter(),
})
// @ts-expect-error a URL is needed
new WebSocketClient({})
// @ts-expect-error names of options are checked
new WebSocketClient({ url: 'wss://example.org', retries: 3 })
// @ts-expect-error strategies are known by name
new WebSocketClient({ url: 'wss://example.org', strategy: 'fastest' })

// Receiving: a type, a prefix, all
client.on('tick', (message) => {
  expectTypeOf(message).toEqualTypeOf<Envelope<'tick', Tick>>()
  expectTypeOf(message.payload.price).toEqualTypeOf<number>()
})
client.on('chat.*', (message) => {
  expectTypeOf(message.type).toEqualTypeOf<'chat.said' | 'chat.left'>()
  if (message.type === 'chat.said') expectTypeOf(message.payload).toEqualTypeOf<{ text: string }>()
})
client.on('*', (message, context) => {
  expectTypeOf(message.type).toEqualTypeOf<'tick' | 'chat.said' | 'chat.left' | 'end'>()
  expectTypeOf(context.client).toEqualTypeOf<WebSocketClient<Feed>>()
})
// @ts-expect-error no such type in the protocol
client.on('tock', () => undefined)
// @ts-expect-error the payload of a tick has no text
client.on('tick', (message) => message.payload.text)
client.off('tick', () => undefined)

// Events of the client itself
client.on('state', (state, info) => {
  expectTypeOf(state).toEqualTypeOf<
    'idle' | 'connecting' | 'connected' | 'reconnecting' | 'disconnecting' | 'disconnected' | 'failed'
  >()
  expectTypeOf(info.lastConnected).toEqualTypeOf<Date | undefined>()
})
client.on('error', (error) => expectTypeOf(error).toEqualTypeOf<HawserError>())
client.on('message', (text) => expectTypeOf(text).toEqualTypeOf<string>())
client.on('binary', (data) => expectTypeOf(data).toEqualTypeOf<Buffer>())
expectTypeOf(client.onStateChange(() => undefined)).toEqualTypeOf<() => void>()
// @ts-expect-error the state is not for writing
client.state = 'connected'

// subscribe: messages, batches, columns
const where = { '/payload/symbol': ['A', 'B'], '/payload/price': { gte: 1 } }
const subscription = client.subscribe(
  { type: 'tick', where, conflate: { key: '/payload/symbol', every: 50 } },
  (message) => expectTypeOf(message).toEqualTypeOf<Envelope<'tick', Tick>>(),
)
expectTypeOf(subscription).toEqualTypeOf<Subscription>()
client.subscribe({ type: 'tick', batch: { max: 50, every: 100 } }, (messages) =>
  expectTypeOf(messages).toEqualTypeOf<Envelope<'tick', Tick>[]>(),
)
client.subscribe({ type: 'tick', batch: true }, (messages) =>
  expectTypeOf(messages).toEqualTypeOf<Envelope<'tick', Tick>[]>(),
)
client.subscribe({ type: 'tick', columns: { price: '/payload/price', at: '/timestamp' } }, (batch) => {
  expectTypeOf(batch.price).toEqualTypeOf<Float64Array>()
  expectTypeOf(batch.at).toEqualTypeOf<Float64Array>()
  expectTypeOf(batch.rows).toEqualTypeOf<number>()
  expectTypeOf(batch.missing).toEqualTypeOf<number>()
  // @ts-expect-error no such column
  return batch.size
})
// @ts-expect-error no such type
client.subscribe({ type: 'tock' }, () => undefined)
// @ts-expect-error no such mode
client.subscribe({ type: 'tick', sample: { every: 5, mode: 'first' } }, () => undefined)
// @ts-expect-error a condition is a value, a set of values or a range
client.subscribe({ type: 'tick', where: { '/payload': { above: 5 } } }, () => undefined)

// Sending
expectTypeOf(client.send('watch', { symbol: 'A' })).toEqualTypeOf<boolean>()
expectTypeOf(client.send('watch', { symbol: 'A' }, { priority: 'high', ttl: 5 })).toEqualTypeOf<boolean>()
expectTypeOf(client.send('watch', { symbol: 'A' }, { ack: true })).toEqualTypeOf<Promise<void>>()
expectTypeOf(client.send('watch', { symbol: 'A' }, { durable: true })).toEqualTypeOf<Promise<void>>()
client.send('ping')
// @ts-expect-error a tick is received, not sent
void client.send('tick', { symbol: 'A', price: 1 })
// @ts-expect-error the payload of `watch` is another
void client.send('watch', { price: 1 })
// @ts-expect-error priorities are known by name
void client.send('watch', { symbol: 'A' }, { priority: 'urgent' })

// Requests
expectTypeOf(client.request('history', { symbol: 'A' })).toEqualTypeOf<Promise<number[]>>()
expectTypeOf(client.request('time')).toEqualTypeOf<Promise<number>>()
expectTypeOf(
  client.request('time', undefined, { timeout: 5, signal: new AbortController().signal }),
).resolves.toBeNumber()
// @ts-expect-error no such request
void client.request('weather')
// @ts-expect-error what is asked is a symbol
void client.request('history', { price: 1 })

// Without a protocol everything is allowed, and of any type
open.on('anything', (message) => expectTypeOf(message.payload).toBeAny())
expectTypeOf(open.send('anything', { at: 'all' })).toEqualTypeOf<boolean>()
expectTypeOf(open.request('anything')).resolves.toBeAny()

// A router apart
const router = new MessageRouter<Feed, WebSocketClient<Feed>>({ type: '/e' })
router.on('tick', ({ payload }, context) => {
  expectTypeOf(payload).toEqualTypeOf<Tick>()
  expectTypeOf(context.client).toEqualTypeOf<WebSocketClient<Feed>>()
})
router.once('chat.said', ({ payload }) => expectTypeOf(payload.text).toBeString())
router.subscribe({ type: 'tick', columns: { p: '/payload/price' } }, ({ p }) =>
  expectTypeOf(p).toEqualTypeOf<Float64Array>(),
)
// @ts-expect-error no such type
router.on('tock', () => undefined)

// A pool hands the protocol on
expectTypeOf(pool.getConnection('wss://example.org')).toEqualTypeOf<Promise<PooledConnection<Feed>>>()
declare const share: PooledConnection<Feed>
share.on('tick', ({ payload }) => expectTypeOf(payload).toEqualTypeOf<Tick>())
expectTypeOf(share.request('history', { symbol: 'A' })).toEqualTypeOf<Promise<number[]>>()
expectTypeOf(share.send('watch', { symbol: 'A' }, { ack: true })).toEqualTypeOf<Promise<void>>()
// @ts-expect-error no such request
void share.request('weather')
// @ts-expect-error the URL is the pool's business
new WebSocketPool({ client: { url: 'wss://example.org' } })

// Feeds of other makers and dialects: whole messages
interface Exchange extends ProtocolMap {
  receive: { end: undefined }
  send: object
  requests: object
  messages: {
    trade: { e: 'trade'; s: string; p: string }
    'btcusdt@trade': CombinedStream<'btcusdt@trade', { p: string }>
    news: SocketIoMessage<'news', [string, number]>
    tick: JsonRpcMessage<'tick', { symbol: string }>
  }
}
declare const exchange: WebSocketClient<Exchange>
exchange.on('trade', (trade) => expectTypeOf(trade).toEqualTypeOf<{ e: 'trade'; s: string; p: string }>())
exchange.on('btcusdt@trade', ({ data }) => expectTypeOf(data.p).toEqualTypeOf<string>())
exchange.on('news', ({ args, payload }) => {
  expectTypeOf(args).toEqualTypeOf<[string, number]>()
  expectTypeOf(payload).toEqualTypeOf<string>()
})
exchange.on('tick', ({ params }) => expectTypeOf(params.symbol).toEqualTypeOf<string>())
exchange.on('end', (message) => expectTypeOf(message).toEqualTypeOf<Envelope<'end', undefined>>())
// @ts-expect-error no such type in the feed
exchange.on('depth', () => undefined)
// @ts-expect-error a trade has no payload
exchange.on('trade', (trade) => trade.payload)
open.on('trade', (trade) => expectTypeOf(trade.p).toBeAny())

// What was learned of endpoints
expectTypeOf(open.learned()).toEqualTypeOf<LearnedEndpoint[]>()
expectTypeOf(open.getConnectionInfo().endpoints).toEqualTypeOf<LearnedEndpoint[]>()
expectTypeOf(WebSocketClient).toBeConstructibleWith({ url: 'wss://example.org', learned: open.learned() })
