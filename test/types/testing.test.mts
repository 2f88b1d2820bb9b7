// What `hawser/testing` accepts: doubles know the protocol, and stand where the real ones do.
import { expectTypeOf } from 'expect-type'
import type { ProtocolMap, WebSocketClient } from 'hawser'
import { webSocket } from 'hawser/rxjs'
import { ManualClock, MockServer, MockWebSocket, MockWebSocketClient, schedulerClock } from 'hawser/testing'
import { VirtualTimeScheduler, asyncScheduler } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'

interface Feed extends ProtocolMap {
  receive: { tick: { price: number } }
  send: { watch: { symbol: string } }
  requests: { time: { request: undefined; reply: number } }
}

const mock = new MockWebSocketClient<Feed>({ clock: new ManualClock() })
expectTypeOf(mock.asClient()).toEqualTypeOf<WebSocketClient<Feed>>()
mock.simulateMessage('tick', { price: 1 })
mock.simulateMessage({ type: 'tick', payload: { price: 1 } })
// @ts-expect-error the payload of a tick has a price
mock.simulateMessage('tick', { cost: 1 })
// @ts-expect-error no such type
mock.simulateMessage('tock', { price: 1 })
mock.subscribe({ type: 'tick' }, ({ payload }) => expectTypeOf(payload.price).toEqualTypeOf<number>())

for (const scheduler of [asyncScheduler, new VirtualTimeScheduler(), new TestScheduler(() => true)]) {
  new MockWebSocketClient({ clock: schedulerClock(scheduler) })
}

webSocket({ url: 'ws://far.example', WebSocketCtor: MockWebSocket })
webSocket({
  url: 'ws://far.example',
  WebSocketCtor: new MockServer({ protocol: ([first]) => first }).WebSocket,
})
