// What `hawser/rxjs` accepts and emits: the protocol of a client flows through its streams and operators.
import { expectTypeOf } from 'expect-type'
import type { ClientStateName, ColumnBatch, Envelope, HawserError, ProtocolMap } from 'hawser'
import { WebSocket, WebSocketClient } from 'hawser'
import {
  type RoutedObservable,
  WebSocketSubject,
  asColumns,
  batched,
  batchedMessages$,
  conflated,
  connectionState$,
  fromClient,
  fromSocket,
  isConnected$,
  messages$,
  messagesOfType,
  request$,
  retryBackoff,
  sampled,
  webSocket,
  where,
} from 'hawser/rxjs'
import { type Observable, Subject, filter, map } from 'rxjs'

interface Tick {
  symbol: string
  price: number
}
interface Feed extends ProtocolMap {
  receive: { tick: Tick; 'chat.said': { text: string }; 'chat.left': { who: string } }
  send: { watch: { symbol: string } }
  requests: {
    history: { request: { symbol: string }; reply: number[] }
    time: { request: undefined; reply: number }
  }
}
declare const client: WebSocketClient<Feed>
declare const open: WebSocketClient

// The types of a protocol
const feed = fromClient(client)
expectTypeOf(feed.messagesOfType('tick')).toEqualTypeOf<RoutedObservable<Envelope<'tick', Tick>>>()
expectTypeOf(feed.messagesOfType('tick')).toExtend<Observable<Envelope<'tick', Tick>>>()
feed.messagesOfType('chat.*').subscribe(({ type }) => {
  expectTypeOf(type).toEqualTypeOf<'chat.said' | 'chat.left'>()
})
feed.messages$.subscribe(({ type }) => {
  expectTypeOf(type).toEqualTypeOf<'tick' | 'chat.said' | 'chat.left'>()
})
expectTypeOf(feed.batchedMessages$('tick', { max: 5 })).toEqualTypeOf<Observable<Envelope<'tick', Tick>[]>>()
feed.batchedMessages$().subscribe(([{ type }]) => {
  expectTypeOf(type).toEqualTypeOf<'tick' | 'chat.said' | 'chat.left'>()
})
expectTypeOf(feed.request$('history', { symbol: 'A' })).toEqualTypeOf<Observable<number[]>>()
expectTypeOf(feed.request$('time')).toEqualTypeOf<Observable<number>>()
expectTypeOf(feed.connectionState$).toEqualTypeOf<Observable<ClientStateName>>()
expectTypeOf(feed.isConnected$).toEqualTypeOf<Observable<boolean>>()
expectTypeOf(feed.errors$).toEqualTypeOf<Observable<HawserError>>()
expectTypeOf(feed.client).toEqualTypeOf<WebSocketClient<Feed> | undefined>()
// @ts-expect-error no such type in the protocol
feed.messagesOfType('tock')
// @ts-expect-error what is asked is a symbol
feed.request$('history', { price: 1 })
// @ts-expect-error the stream takes requests back itself
feed.request$('time', undefined, { signal: new AbortController().signal })
// @ts-expect-error batches are `batchedMessages$`
feed.messagesOfType('tick', { batch: true })

// The same from a function that makes the client
expectTypeOf(fromClient(() => new WebSocketClient<Feed>('ws://far.example'), { linger: 5 })).toEqualTypeOf(
  feed,
)
// @ts-expect-error names of options are checked
fromClient(client, { lingers: 5 })

// The same as functions
expectTypeOf(messages$(client)).toEqualTypeOf(feed.messages$)
expectTypeOf(messagesOfType(client, 'tick')).toEqualTypeOf<RoutedObservable<Envelope<'tick', Tick>>>()
expectTypeOf(batchedMessages$(client, 'tick')).toEqualTypeOf<Observable<Envelope<'tick', Tick>[]>>()
expectTypeOf(request$(client, 'history', { symbol: 'A' })).toEqualTypeOf<Observable<number[]>>()
expectTypeOf(connectionState$(client)).toEqualTypeOf<Observable<ClientStateName>>()
expectTypeOf(isConnected$(client)).toEqualTypeOf<Observable<boolean>>()
// @ts-expect-error no such request
request$(client, 'weather')
messagesOfType(open, 'anything').subscribe(({ payload }) => expectTypeOf(payload).toBeAny())

// Through operators
const ticks = feed.messagesOfType('tick')
const shaped = ticks.pipe(
  where({ '/payload/symbol': ['A', 'B'], '/payload/price': { gte: 1 } }),
  sampled({ every: 5, mode: 'throttle' }),
  conflated({ key: '/payload/symbol', every: 50 }),
)
expectTypeOf(shaped).toEqualTypeOf<Observable<Envelope<'tick', Tick>>>()
expectTypeOf(ticks.pipe(batched({ max: 5 }))).toEqualTypeOf<Observable<Envelope<'tick', Tick>[]>>()
expectTypeOf(ticks.pipe(asColumns({ price: '/payload/price' }))).toEqualTypeOf<
  Observable<ColumnBatch<'price'>>
>()
expectTypeOf(
  ticks.pipe(
    conflated({ key: '/payload/symbol', every: 50 }),
    map(({ payload }) => payload.price),
    retryBackoff({ maxAttempts: 3 }),
  ),
).toEqualTypeOf<Observable<number>>()
// @ts-expect-error no such mode
ticks.pipe(sampled({ every: 5, mode: 'first' }))
// @ts-expect-error no such column
ticks.pipe(asColumns({ price: '/payload/price' })).subscribe(({ size }) => size)

// webSocket()
const subject = webSocket<Tick>('ws://far.example')
expectTypeOf(subject).toEqualTypeOf<WebSocketSubject<Tick>>()
expectTypeOf(subject).toExtend<Subject<Tick>>()
expectTypeOf(subject.connectionState$).toEqualTypeOf<Observable<ClientStateName>>()
subject.next({ symbol: 'A', price: 1 })
expectTypeOf(
  subject.multiplex(
    () => ({ sub: 'A' }),
    () => ({ unsub: 'A' }),
    ({ symbol }) => symbol === 'A',
  ),
).toEqualTypeOf<Observable<Tick>>()
// @ts-expect-error another type of value
subject.next('tick')
webSocket<string>({
  url: () => new URL('ws://far.example'),
  protocol: ['a', 'b'],
  serializer: (value) => new TextEncoder().encode(value),
  deserializer: ({ data }) => String(data),
  openObserver: { next: () => undefined },
  closeObserver: { next: ({ code, reason, wasClean }) => [code, reason, wasClean] },
  closingObserver: { next: () => undefined },
  binaryType: 'arraybuffer',
  WebSocketCtor: WebSocket,
  reconnect: { minDelay: 5, recoverableCodes: [4000] },
  queue: { maxMessages: 5, overflow: 'drop-newest' },
  droppedObserver: { next: (value) => expectTypeOf(value).toEqualTypeOf<string>() },
  linger: 5,
  options: { headers: { 'X-Key': 'k' } },
})
// @ts-expect-error names of options are checked
webSocket({ url: 'ws://far.example', retry: true })

// What programs wrote for rxjs/webSocket, typed for the events of the DOM
declare class DomEvent {
  readonly type: string
  readonly target: object | null
}
declare class DomMessageEvent extends DomEvent {
  readonly data: unknown
  readonly origin: string
}
declare class DomCloseEvent extends DomEvent {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}
declare class DomWebSocket {
  constructor(url: string | URL, protocols?: string | string[])
  readonly readyState: number
  binaryType: 'blob' | 'arraybuffer'
  onopen: ((this: DomWebSocket, ev: DomEvent) => unknown) | null
  onmessage: ((this: DomWebSocket, ev: DomMessageEvent) => unknown) | null
  onerror: ((this: DomWebSocket, ev: DomEvent) => unknown) | null
  onclose: ((this: DomWebSocket, ev: DomCloseEvent) => unknown) | null
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void
  close(code?: number, reason?: string): void
}
webSocket<string>({
  url: 'ws://far.example',
  WebSocketCtor: DomWebSocket,
  deserializer: (event: DomMessageEvent) => event.origin,
  openObserver: new Subject<DomEvent>(),
  closeObserver: new Subject<DomCloseEvent>(),
  closingObserver: new Subject<void>(),
})

// fromSocket
expectTypeOf(fromSocket(new WebSocket('ws://far.example'))).toEqualTypeOf<Observable<string | Buffer>>()
expectTypeOf(fromSocket<string>(new WebSocket('ws://far.example'))).toEqualTypeOf<Observable<string>>()
fromSocket(new WebSocket('ws://far.example')).pipe(
  filter((data) => typeof data === 'string'),
  map((text) => expectTypeOf(text).toEqualTypeOf<string>()),
)

// retryBackoff
retryBackoff({ retryIf: (error) => error instanceof Error, minDelay: 5 })
// @ts-expect-error names of options are checked
retryBackoff({ delay: 5 })
