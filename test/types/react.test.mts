// What `hawser/react` accepts and returns: the protocol of a program flows through the hooks.
import { expectTypeOf } from 'expect-type'
import type { Envelope, ProtocolMap, WebSocketClient } from 'hawser'
import { Hub } from 'hawser'
import {
  type ChatProtocol,
  type EventProtocol,
  type NotificationProtocol,
  createHooks,
  useChat,
  useMessages,
  useRequest,
  useWebSocket,
} from 'hawser/react'

interface Tick {
  symbol: string
  price: number
}
interface Feed extends ProtocolMap {
  receive: { tick: Tick; 'chat.said': { text: string } }
  send: { watch: { symbol: string } }
  requests: { history: { request: { symbol: string }; reply: number[] } }
}
declare const client: WebSocketClient<Feed>
const typed = createHooks<Feed>()

// By the protocol.
const { latest, messages } = typed.useMessages('tick')
expectTypeOf(latest).toEqualTypeOf<Envelope<'tick', Tick> | undefined>()
expectTypeOf(messages).toEqualTypeOf<readonly Envelope<'tick', Tick>[]>()
typed.useMessages({ type: 'tick', onMessage: ({ payload }) => expectTypeOf(payload).toEqualTypeOf<Tick>() })
// @ts-expect-error nobody sends such messages
typed.useMessages('tock')

const history = typed.useRequest('history', { payload: { symbol: 'A' } })
expectTypeOf(history.data).toEqualTypeOf<number[] | undefined>()
expectTypeOf(history.request({ symbol: 'A' })).toEqualTypeOf<Promise<number[]>>()
// @ts-expect-error not what is asked
typed.useRequest('history', { payload: { sumbol: 'A' } })

const { sendMessage, lastMessage, client: own } = typed.useWebSocket('wss://feed.example')
sendMessage('watch', { symbol: 'A' })
// @ts-expect-error not what is sent
sendMessage('watch', { symbol: 1 })
expectTypeOf(lastMessage).toEqualTypeOf<
  Envelope<'tick', Tick> | Envelope<'chat.said', { text: string }> | undefined
>()
expectTypeOf(own).toEqualTypeOf<WebSocketClient<Feed> | null>()

// By the client.
expectTypeOf(useMessages({ client, type: 'tick' }).latest?.payload).toEqualTypeOf<Tick | undefined>()
expectTypeOf(useWebSocket(client).client).toEqualTypeOf<WebSocketClient<Feed> | null>()

// By nothing: anything goes.
expectTypeOf(useMessages('whatever').latest?.payload).toBeAny()
expectTypeOf(useRequest('whatever').data).toBeAny()

// Hooks with messages of their own take any client, and have a protocol for the hub.
useChat('lobby', { client })
declare const hub: Hub<ChatProtocol & NotificationProtocol & EventProtocol>
hub.on('chat.message', ({ text }, ctx, { room }) => {
  expectTypeOf(text).toEqualTypeOf<string>()
  if (room !== undefined) ctx.to(room).send('chat.message', { id: '1', text, from: ctx.userId ?? '', at: 0 })
})
hub.handle('event.list', () => [{ id: '1', title: 'x', startsAt: 0 }])
