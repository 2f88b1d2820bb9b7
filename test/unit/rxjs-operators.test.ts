// The operators that the core performs: which subscription a stream makes, and what is refused where it is made.
import { map } from 'rxjs'
import type { ManagedClientOptions, WebSocketClient } from '../../lib'
import { asColumns, batched, conflated, fromClient, fromSocket, sampled, where } from '../../lib/rxjs'
import type { RoutedObservable } from '../../lib/rxjs'
import { thrown } from '../support/waiters'

/** A client that only writes down what is asked of it. */
class Asked {
  state = 'idle'
  readonly specs: unknown[] = []
  readonly ended: unknown[] = []
  readonly watchers = new Set<(state: string, info: { error?: unknown }) => void>()

  subscribe(spec: unknown, handler: (value: unknown) => void) {
    this.specs.push(spec)
    this.handler = handler
    return { unsubscribe: () => this.ended.push(spec) }
  }
  handler: (value: unknown) => void = () => undefined

  onStateChange(watcher: (state: string, info: { error?: unknown }) => void): () => void {
    this.watchers.add(watcher)
    return () => void this.watchers.delete(watcher)
  }
  becomes(state: string, error?: unknown): void {
    this.state = state
    for (const watcher of [...this.watchers]) watcher(state, { error })
  }
}

function streams() {
  const asked = new Asked()
  return { asked, client: fromClient(asked as unknown as WebSocketClient) }
}

const bySymbol = { '/payload/symbol': ['A', 'B'] }
const dear = { '/payload/price': { gte: 10 } }
const perKey = { key: '/payload/symbol', every: 50 }

test.each<[string, (ticks: RoutedObservable<unknown>) => { subscribe(): unknown }, object]>([
  ['where', (ticks) => ticks.pipe(where(bySymbol)), { where: bySymbol }],
  ['two wheres', (ticks) => ticks.pipe(where(bySymbol), where(dear)), { where: { ...bySymbol, ...dear } }],
  ['sampled', (ticks) => ticks.pipe(sampled({ every: 5 })), { sample: { every: 5 } }],
  ['conflated', (ticks) => ticks.pipe(conflated(perKey)), { conflate: perKey }],
  ['batched', (ticks) => ticks.pipe(batched()), { batch: {} }],
  ['columns', (ticks) => ticks.pipe(asColumns({ p: '/p' })), { columns: { p: '/p' } }],
  [
    'columns with bounds',
    (ticks) => ticks.pipe(asColumns({ p: '/p' }, { max: 10 })),
    { columns: { p: '/p' }, batch: { max: 10 } },
  ],
  [
    'all of them',
    (ticks) =>
      ticks.pipe(
        where(bySymbol),
        sampled({ every: 5, mode: 'throttle' }),
        conflated(perKey),
        batched({ max: 9 }),
      ),
    { where: bySymbol, sample: { every: 5, mode: 'throttle' }, conflate: perKey, batch: { max: 9 } },
  ],
])('%s', (_name, of, spec) => {
  const { asked, client } = streams()
  of(client.messagesOfType('tick')).subscribe()
  expect(asked.specs).toEqual([{ type: 'tick', ...spec }])
})

test('the same as options', () => {
  const { asked, client } = streams()
  client.messagesOfType('tick', { where: bySymbol, conflate: perKey }).subscribe()
  client.batchedMessages$('tick', { where: dear, max: 5, every: 20 }).subscribe()
  client.batchedMessages$().subscribe()
  client.messages$.subscribe()
  expect(asked.specs).toEqual([
    { type: 'tick', where: bySymbol, conflate: perKey },
    { type: 'tick', where: dear, batch: { max: 5, every: 20 } },
    { type: '*', batch: {} },
    { type: '*' },
  ])
})

test('each subscriber subscribes, hears what comes, and unsubscribes', () => {
  const { asked, client } = streams()
  const seen: unknown[] = []
  const ticks = client.messagesOfType('tick')
  expect(asked.specs).toEqual([])
  const subscription = ticks
    .pipe(map(({ payload }) => payload as unknown))
    .subscribe((value) => seen.push(value))
  asked.handler({ payload: 1 })
  asked.handler({ payload: 2 })
  subscription.unsubscribe()
  expect({ seen, ended: asked.ended.length, watchers: asked.watchers.size }).toEqual({
    seen: [1, 2],
    ended: 1,
    watchers: 0,
  })
})

test('what a subscriber keeps of a batch of columns is its own', () => {
  const { asked, client } = streams()
  const kept: unknown[] = []
  client
    .messagesOfType('tick')
    .pipe(asColumns({ p: '/p' }))
    .subscribe((batch) => kept.push(batch))
  const batch = Object.defineProperties(
    { p: Float64Array.of(1, 2) },
    { rows: { value: 2 }, missing: { value: 0 } },
  )
  asked.handler(batch)
  batch.p[0] = 9
  const [{ p, rows, missing }] = kept as [{ p: Float64Array; rows: number; missing: number }]
  expect({ p: [...p], rows, missing }).toEqual({ p: [1, 2], rows: 2, missing: 0 })
})

test.each([
  ['disconnected', undefined, ['complete']],
  ['failed', new Error('gave up'), [new Error('gave up')]],
])('streams end when the client is %s', (state, error, expected) => {
  const { asked, client } = streams()
  const seen: unknown[] = []
  client.messages$.subscribe({ error: (what) => seen.push(what), complete: () => seen.push('complete') })
  for (const passing of ['connecting', 'reconnecting', 'connected']) asked.becomes(passing)
  expect(seen).toEqual([])
  asked.becomes(state, error)
  expect({ seen, ended: asked.ended.length }).toEqual({ seen: expected, ended: 1 })
})

test('states begin with the present one, and repeat nothing', () => {
  const { asked, client } = streams()
  const seen: unknown[] = []
  client.connectionState$.subscribe((state) => seen.push(state))
  client.isConnected$.subscribe((is) => seen.push(is))
  for (const state of ['connecting', 'connected', 'connected', 'reconnecting']) asked.becomes(state)
  expect(seen).toEqual(['idle', false, 'connecting', 'connected', true, 'reconnecting', false])
})

test.each<[string, (ticks: RoutedObservable<unknown>) => unknown, string, string]>([
  ['behind an operator of RxJS', (t) => t.pipe(map(String), where(dear)), 'INVALID_ARGUMENT', 'right behind'],
  ['where behind conflated', (t) => t.pipe(conflated(perKey), where(dear)), 'INVALID_ARGUMENT', '`conflate`'],
  [
    'sampled twice',
    (t) => t.pipe(sampled({ every: 1 }), sampled({ every: 1 })),
    'INVALID_ARGUMENT',
    '`sample`',
  ],
  ['columns of batches', (t) => t.pipe(batched(), asColumns({ p: '/p' })), 'INVALID_ARGUMENT', '`batch`'],
  ['the same pointer twice', (t) => t.pipe(where(dear), where(dear)), 'INVALID_OPTION', '/payload/price'],
  ['a pointer that is none', (t) => t.pipe(where({ price: 1 })), 'INVALID_OPTION', 'JSON pointer'],
  ['an option that is none', (t) => t.pipe(sampled({ each: 1 } as never)), 'INVALID_OPTION', 'sample.each'],
])('%s is refused', (_name, make, code, words) => {
  const error = thrown(() => make(streams().client.messagesOfType('tick')))
  expect({ code: error?.code, message: error?.message }).toEqual({
    code,
    message: expect.stringContaining(words) as string,
  })
})

test.each<[string, () => unknown, string]>([
  ['a type that is none', () => streams().client.messagesOfType('a*' as never), 'INVALID_OPTION'],
  ['a client that is none', () => fromClient({ url: 'ws://x' } as never), 'INVALID_ARGUMENT'],
  ['no client', () => fromClient(null as never), 'INVALID_ARGUMENT'],
  ['an option that is none', () => fromClient(() => null as never, { lingr: 1 } as never), 'INVALID_OPTION'],
  ['a socket that is none', () => fromSocket({} as never), 'INVALID_ARGUMENT'],
])('%s is refused too', (_name, make, code) => {
  expect(thrown(make)?.code).toBe(code)
})

test('a client that cannot be made is the error of the stream', () => {
  const error = new Error('no client today')
  const seen: unknown[] = []
  const make = (_options?: ManagedClientOptions): WebSocketClient => {
    throw error
  }
  fromClient(() => make()).messages$.subscribe({ error: (what) => seen.push(what) })
  expect(seen).toEqual([error])
})
