// What the declarations of the hub accept and refuse: one map of messages types it and its clients.
import { expectTypeOf } from 'expect-type'
import {
  type AdapterMetrics,
  Hub,
  type HubAdapter,
  HubError,
  type Presence,
  type ProtocolMap,
  WebSocketServer,
  jwtAuth,
  validate,
} from 'hawser'
import { rabbitmqAdapter } from 'hawser/adapters/amqp'
import { natsAdapter, natsJetStream } from 'hawser/adapters/nats'
import { redisAdapter, redisStreams } from 'hawser/adapters/redis'
import { createClient } from 'redis'

interface Chat extends ProtocolMap {
  receive: { said: { text: string }; bye: undefined }
  send: { say: { text: string } }
  requests: { count: { request: string; reply: number } }
}
declare const server: WebSocketServer
const hub = new Hub<Chat>(server, {
  auth: jwtAuth({ secret: 'secret' }),
  authorize: (ctx, action) => action === 'join' || ctx.hasRole('admin'),
  history: { count: 5, rooms: (room) => room !== 'plain' },
  presence: { timeout: 5 },
})

// Handlers
hub.on('say', (payload, ctx, message) => {
  expectTypeOf(payload).toEqualTypeOf<{ text: string }>()
  expectTypeOf(message.type).toEqualTypeOf<'say'>()
  ctx.send('said', payload)
  // @ts-expect-error it has another payload
  ctx.send('said', 5)
  ctx.to('room').send('bye')
})
// @ts-expect-error no such message
hub.on('sya', () => {})
hub.on('*', (payload) => expectTypeOf(payload).toEqualTypeOf<unknown>())
hub.on('disconnect', (connection, code, reason) => {
  expectTypeOf(code).toEqualTypeOf<number>()
  expectTypeOf(reason).toEqualTypeOf<string>()
  connection.broadcast('said', { text: 'gone' })
})
hub.handle('count', (text) => text.length)
hub.handle('count', async (text) => text.length)
// @ts-expect-error the reply is a number
hub.handle('count', (text) => text)
hub.use((message, ctx) => message.type !== 'say' || ctx.open)

// Sends
expectTypeOf(hub.to('a').toUser('u').send('said', { text: '' })).toEqualTypeOf<boolean>()
// @ts-expect-error clients send this one
hub.broadcast('say', { text: '' })
hub
  .toAll()
  .where((connection) => connection.hasRole('x'))
  .send('bye')
expectTypeOf(hub.to('a').post('said', { text: '' })).toEqualTypeOf<Promise<void>>()
expectTypeOf(hub.toUser('u').join('a')).toEqualTypeOf<void>()
expectTypeOf(hub.presenceOf('u')).toEqualTypeOf<Presence | undefined>()

// Several nodes
const adapter = redisStreams({ client: createClient(), prefix: 'chat' })
expectTypeOf(adapter).toEqualTypeOf<HubAdapter>()
new Hub(server, { adapter, nodes: { patience: 100 } })
expectTypeOf(hub.metrics().adapter).toEqualTypeOf<AdapterMetrics | undefined>()
// @ts-expect-error names of options are checked
redisAdapter({ host: 'redis' })
const connection = { user: 'u', pass: 'p', tls: { ca: '' } }
expectTypeOf(natsAdapter({ servers: ['nats://a', 'nats://b'], connection })).toEqualTypeOf<HubAdapter>()
natsJetStream({ stream: { name: 'ROOMS', storage: 'memory', replicas: 3 } })
// @ts-expect-error only JetStream has a stream
natsAdapter({ stream: { name: 'ROOMS' } })
// @ts-expect-error the adapter reconnects itself
natsAdapter({ connection: { reconnect: true } })
expectTypeOf(rabbitmqAdapter({ url: 'amqp://a', socket: { ca: '' } })).toEqualTypeOf<HubAdapter>()
// @ts-expect-error names of options are checked
rabbitmqAdapter({ urls: [] })

// Without a map everything goes
new Hub(server).on('anything', (payload) => payload.what.ever)
// @ts-expect-error names of options are checked
new Hub(server, { histroy: true })
// @ts-expect-error no validator
hub.use(validate({ say: {} }))
throw new HubError('CODE', 'words', { retryAfter: 5 })
