// Streams of managed clients against real servers: what reaches JavaScript, whose the connection is, and how it ends.
import { concatMap, firstValueFrom, from, lastValueFrom, retry, switchMap, take, tap, toArray } from 'rxjs'
import { type HawserError, WebSocketClient } from '../../lib'
import {
  asColumns,
  batched,
  batchedMessages$,
  conflated,
  connectionState$,
  fromClient,
  isConnected$,
  messages$,
  messagesOfType,
  request$,
  where,
} from '../../lib/rxjs'
import { deferred, until, within } from '../support/waiters'
import { type FarEnd, answering } from './support/far-end'
import { brisk, useManaged } from './support/managed'

const scope = useManaged()

interface Tick {
  symbol: string
  price: number
}
const tick = (symbol: string, price: number) => ({ type: 'tick', payload: { symbol, price } })

/** Streams of clients made for their subscribers. */
function own(far: FarEnd, options: object = {}, fromOptions: object = {}) {
  const made: WebSocketClient[] = []
  const streams = fromClient(() => {
    const client = new WebSocketClient({ reconnect: brisk, ...options, url: far.url })
    scope.defer(() => client.close())
    made.push(client)
    return client
  }, fromOptions)
  return { streams, made }
}

describe('what comes', () => {
  test('messages of a type, filtered by the core', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far)
    const prices = lastValueFrom(
      messagesOfType(client, 'tick').pipe(where({ '/payload/symbol': 'A' }), take(2), toArray()),
    )
    for (const [symbol, price] of [
      ['A', 1],
      ['B', 2],
      ['A', 3],
    ] as const)
      far.say(tick(symbol, price))
    expect((await within(prices, 'ticks')).map(({ payload }) => (payload as Tick).price)).toEqual([1, 3])
    // The second of them never reached JavaScript.
    expect(client.getPerformanceMetrics()).toMatchObject({ messagesIn: 3, routed: 2, delivered: 2 })
  })

  test('all messages, and those below a prefix', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far)
    const all = lastValueFrom(messages$(client).pipe(take(3), toArray()))
    const chat = lastValueFrom(messagesOfType(client, 'chat.*').pipe(take(2), toArray()))
    for (const type of ['chat.a', 'other', 'chat.b']) far.say({ type })
    expect((await within(all, 'all')).map(({ type }) => type)).toEqual(['chat.a', 'other', 'chat.b'])
    expect((await within(chat, 'chat')).map(({ type }) => type)).toEqual(['chat.a', 'chat.b'])
  })

  test('conflated, batched and as columns', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far)
    const ticks = messagesOfType(client, 'tick')
    const latest = firstValueFrom(
      ticks.pipe(conflated({ key: '/payload/symbol', every: 20 }), batched({ max: 2, every: 60_000 })),
    )
    const batch = firstValueFrom(batchedMessages$(client, 'tick', { max: 3 }))
    const table = firstValueFrom(ticks.pipe(asColumns({ price: '/payload/price' }, { max: 3 })))
    for (const [symbol, price] of [
      ['A', 1],
      ['B', 2],
      ['A', 3],
    ] as const)
      far.say(tick(symbol, price))
    const prices = (list: { payload: Tick }[]): number[] => list.map(({ payload }) => payload.price)
    expect(prices(await within(latest, 'latest')).sort()).toEqual([2, 3])
    expect(prices(await within(batch, 'batch'))).toEqual([1, 2, 3])
    expect([...(await within(table, 'columns')).price]).toEqual([1, 2, 3])
  })

  test('many subscribers of one kind are one route', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far)
    const ticks = messagesOfType(client, 'tick').pipe(where({ '/payload/symbol': 'A' }))
    const all = Array.from({ length: 5 }, () => firstValueFrom(ticks))
    expect(client.router.size).toBe(1)
    far.say(tick('A', 1))
    expect(await within(Promise.all(all), 'ticks')).toHaveLength(5)
    expect(client.router.size).toBe(0)
    expect(client.getPerformanceMetrics()).toMatchObject({ delivered: 1 })
  })
})

describe('requests', () => {
  test('ask at each subscription', async () => {
    const far = await scope.far()
    far.answer = answering
    const { client } = await scope.connected(far)
    const asking = request$(client, 'ask', 7)
    expect(far.received).toEqual([])
    expect([await lastValueFrom(asking), await lastValueFrom(asking)]).toEqual([7, 7])
    const each = from([1, 2, 3]).pipe(
      concatMap((n) => request$(client, 'ask', n)),
      toArray(),
    )
    expect(await lastValueFrom(each)).toEqual([1, 2, 3])
  })

  test('a reply that says no is the error, which retry can ask again', async () => {
    const far = await scope.far()
    let asked = 0
    far.answer = ({ correlationId }) => {
      const error = { code: 'RATE_LIMIT_EXCEEDED' }
      far.say({ type: 'reply', correlationId, ...(++asked < 3 ? { error } : { payload: 'yes' }) })
    }
    const { client } = await scope.connected(far)
    const asking = request$(client, 'ask')
    await expect(lastValueFrom(asking)).rejects.toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' })
    expect(await lastValueFrom(asking.pipe(retry(1)))).toBe('yes')
  })

  test('who leaves takes the request back', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far)
    const asking = request$(client, 'ask', 1, { timeout: 60_000 }).subscribe(() => undefined)
    await far.messages(1)
    asking.unsubscribe()
    far.answer = answering
    expect(await lastValueFrom(request$(client, 'ask', 2))).toBe(2)
    answering(far.received[0], far.socket, far)
    await until(() => client.getPerformanceMetrics().lateReplies === 1)
  })

  test('of a client that is made for it: it connects, asks, and goes', async () => {
    const far = await scope.far()
    far.answer = answering
    const { streams, made } = own(far)
    expect(await within(lastValueFrom(streams.request$('ask', 'x')), 'reply')).toBe('x')
    await far.until(() => far.sockets.length === 0, 'end of the connection')
    expect({ made: made.length, accepted: far.accepted, client: streams.client }).toEqual({
      made: 1,
      accepted: 1,
      client: undefined,
    })
  })
})

describe('whose the connection is', () => {
  test('the client that is given stays as it is', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far)
    const first = firstValueFrom(messages$(client))
    far.say({ type: 'x' })
    await within(first, 'x')
    expect(client.state).toBe('connected')
    expect(fromClient(client)).toBe(fromClient(client))
  })

  test('one that is made serves all subscribers, and goes with the last', async () => {
    const far = await scope.far()
    const { streams, made } = own(far)
    const watched: string[] = []
    const watching = streams.connectionState$.subscribe((state) => watched.push(state))
    expect(made).toHaveLength(0)
    const all = ['a', 'b', 'b'].map((type) => firstValueFrom(streams.messagesOfType(type)))
    await far.connections(1)
    far.say({ type: 'a' })
    await within(all[0], 'a')
    expect(streams.client?.state).toBe('connected')
    far.say({ type: 'b' })
    await within(Promise.all(all), 'b')
    await far.until(() => far.sockets.length === 0, 'end of the connection')
    await until(() => watched.at(-1) === 'disconnected')
    expect({ made: made.length, watched }).toEqual({
      made: 1,
      watched: ['idle', 'connecting', 'connected', 'disconnecting', 'disconnected'],
    })
    watching.unsubscribe()
    // And the next subscriber begins anew.
    const again = firstValueFrom(streams.messagesOfType('c'))
    await far.connections(2)
    far.say({ type: 'c' })
    await within(again, 'c')
    expect(made).toHaveLength(2)
  })

  test('switchMap from one stream to the next keeps it', async () => {
    const far = await scope.far()
    const { streams, made } = own(far)
    const names = streams.messagesOfType('go').pipe(take(3))
    const seen: string[] = []
    const done = deferred()
    const inner = names.pipe(switchMap(({ payload }) => streams.messagesOfType(payload as string)))
    const subscription = inner.subscribe(({ type }) => {
      seen.push(type)
      if (type === 'c') done.resolve()
    })
    await far.connections(1)
    for (const payload of ['a', 'b', 'c']) {
      far.say({ type: 'go', payload })
      await until(() => routes(made[0]).includes(payload))
      for (const type of ['a', 'b', 'c']) far.say({ type })
    }
    await within(done.promise, 'c')
    expect(seen).toEqual(['a', 'b', 'c'])
    expect({ made: made.length, accepted: far.accepted }).toEqual({ made: 1, accepted: 1 })
    subscription.unsubscribe()
  })

  test('with linger it waits for who comes back', async () => {
    const far = await scope.far()
    far.answer = answering
    const { streams, made } = own(far, {}, { linger: 600_000 })
    for (const n of [1, 2]) expect(await within(lastValueFrom(streams.request$('ask', n)), 'reply')).toBe(n)
    expect({ made: made.length, state: made[0].state }).toEqual({ made: 1, state: 'connected' })
  })
})

describe('the end', () => {
  test('a reconnect is none', async () => {
    const far = await scope.far()
    const { streams } = own(far)
    const types: string[] = []
    const subscription = streams.messages$.subscribe(({ type }) => types.push(type))
    await far.connections(1)
    far.say({ type: 'before' })
    await until(() => types.length === 1)
    far.hangUp()
    await far.connections(2)
    far.say({ type: 'after' })
    await until(() => types.length === 2)
    expect(types).toEqual(['before', 'after'])
    subscription.unsubscribe()
  })

  test('the server says that it is done: complete', async () => {
    const far = await scope.far()
    far.greet = (socket) => socket.close(1000)
    const { streams } = own(far)
    expect(await within(lastValueFrom(streams.messages$, { defaultValue: 'none' as never }), 'end')).toBe(
      'none',
    )
  })

  test('the client gives up: its error; and who retries gets a new client, whoever else was there', async () => {
    const far = await scope.far()
    far.greet = (socket) => (far.accepted === 1 ? socket.close(4000) : socket.send('{"type":"hello"}'))
    const { streams, made } = own(far)
    const errors: HawserError[] = []
    const all = [1, 2, 3].map(() =>
      firstValueFrom(
        streams.messages$.pipe(tap({ error: (error: HawserError) => errors.push(error) }), retry(1)),
      ),
    )
    expect((await within(Promise.all(all), 'hello')).map(({ type }) => type)).toEqual([
      'hello',
      'hello',
      'hello',
    ])
    expect(errors.map(({ code, closeCode }) => [code, closeCode])).toEqual(
      [1, 2, 3].map(() => ['CONNECTION_CLOSED', 4000]),
    )
    expect({ made: made.length, accepted: far.accepted }).toEqual({ made: 2, accepted: 2 })
  })

  test('of a client that is given, disconnect() completes; later subscribers wait for the next connection', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far)
    const ended = lastValueFrom(messages$(client), { defaultValue: undefined })
    await client.disconnect()
    expect(await within(ended, 'end')).toBeUndefined()
    const next = firstValueFrom(messages$(client))
    await client.connect()
    far.say({ type: 'again' })
    expect(await within(next, 'message')).toMatchObject({ type: 'again' })
  })

  test('errors and states of a client that is given', async () => {
    const far = await scope.far()
    const { client } = await scope.connected(far)
    const codes: string[] = []
    const states: (string | boolean)[] = []
    const subscriptions = [
      fromClient(client).errors$.subscribe(({ code }) => codes.push(code)),
      connectionState$(client).subscribe((state) => states.push(state)),
      isConnected$(client).subscribe((is) => states.push(is)),
    ]
    far.hangUp()
    await until(() => states.at(-1) === true && states.length > 2)
    for (const subscription of subscriptions) subscription.unsubscribe()
    await client.disconnect()
    expect(codes).toEqual(['CONNECTION_LOST'])
    expect(states).toEqual(['connected', true, 'reconnecting', false, 'connected', true])
  })
})

/** The patterns that a client routes. */
function routes(client: WebSocketClient): string[] {
  const { byKey } = client.router as unknown as { byKey: Map<string, unknown> }
  return [...byKey.keys()].map((key) => (JSON.parse(key) as { pattern: string }).pattern)
}
