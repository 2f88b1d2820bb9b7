/** @jest-environment ./test/react/support/environment.cjs */
// Messages in components: what is kept, what is called, and how often a component is rendered.
import { act, render, renderHook, screen } from '@testing-library/react'
import { Profiler, type ReactNode } from 'react'
import { HawserError, WebSocketClient } from 'hawser'
import { MockWebSocketClient } from 'hawser/testing'
import { WebSocketProvider, manualFrames, useMessages, useWebSocket } from '../../lib/react'
import { clientsInUse } from '../../lib/react/connection'
import { until } from '../support/waiters'
import { useSite } from './support/hub'
import { uncaughtWhile } from './support/uncaught'

const site = useSite()

interface Tick {
  symbol: string
  price: number
}
const values = (messages: readonly { payload: unknown }[]): unknown[] =>
  messages.map(({ payload }) => payload)

/** A double, frames by hand, and a hook below its provider. */
function setUp<T>(hook: () => T): {
  mock: MockWebSocketClient
  result: { current: T }
  frame(): void
  unmount(): void
  requested(): boolean
} {
  const mock = new MockWebSocketClient()
  const frames = manualFrames()
  const wrapper = ({ children }: { children: ReactNode }): ReactNode => (
    <WebSocketProvider client={mock.asClient()} frames={frames}>
      {children}
    </WebSocketProvider>
  )
  const { result, unmount } = renderHook(hook, { wrapper })
  return { mock, result, unmount, frame: () => act(() => frames.run()), requested: () => frames.requested }
}

test('10,000 messages of one frame are one rendering, and none of them is missed', () => {
  const heard: number[] = []
  let renders = 0
  const { mock, result, frame } = setUp(() => {
    renders++
    return useMessages({
      type: 'tick',
      limit: 100,
      onMessage: ({ payload }) => heard.push(payload as number),
    })
  })
  frame()
  const before = renders
  for (let n = 0; n < 10_000; n++) mock.simulateMessage('tick', n)
  expect(renders).toBe(before)
  frame()
  expect(renders).toBe(before + 1)
  expect(result.current.count).toBe(10_000)
  expect(result.current.messages.length).toBe(100)
  expect(result.current.latest?.payload).toBe(9999)
  expect(heard.length).toBe(10_000)
  // A frame without news renders nothing.
  frame()
  expect(renders).toBe(before + 1)
})

test.each([
  ['alone', undefined],
  ['in a batch', { max: 2 }],
])('a callback that throws costs no message, and no rendering: %s', async (_name, batch) => {
  await uncaughtWhile(async (told) => {
    const heard: unknown[] = []
    const { mock, result, frame } = setUp(() =>
      useMessages({
        type: 'tick',
        ...(batch !== undefined && { batch }),
        onMessage: ({ payload }) => {
          heard.push(payload)
          throw new Error('mine')
        },
      }),
    )
    frame()
    for (const n of [1, 2]) mock.simulateMessage('tick', n)
    frame()
    expect(values(result.current.messages)).toEqual([1, 2])
    expect(heard).toEqual([1, 2])
    await until(() => told.length === 2)
  })
})

test('a subscription that cannot be made lets go of the connection', () => {
  const shown = jest.spyOn(console, 'error').mockImplementation(() => undefined)
  const mock = new MockWebSocketClient()
  const wrong = { type: 'tick', sample: { every: -1 } } as never
  expect(() =>
    renderHook(() => useMessages({ ...(wrong as object), client: mock.asClient() } as never)),
  ).toThrow()
  expect(clientsInUse()).toEqual([])
  shown.mockRestore()
})

test('a join that fails for a full queue is not asked for again at once', async () => {
  const mock = new MockWebSocketClient()
  let joins = 0
  mock.joinRoom = () => {
    // Each of them at once would hold up everything else for good.
    if (++joins > 100) mock.joinedRooms.push('r')
    return Promise.reject(new HawserError('QUEUE_FULL', 'full'))
  }
  await mock.connect()
  const { unmount } = renderHook(() => useMessages({ type: 'tick', room: 'r', client: mock.asClient() }))
  await new Promise(setImmediate)
  expect(joins).toBe(1)
  unmount()
})

test('many components of one feed are one rendering a frame', async () => {
  const { hub, url } = await site.open()
  const client = new WebSocketClient(url)
  const frames = manualFrames()
  let commits = 0
  const Row = ({ symbol }: { symbol: string }): ReactNode => {
    const { latest } = useMessages({ type: 'tick', where: { '/payload/symbol': symbol }, limit: 1 })
    return <li>{`${symbol} ${String((latest?.payload as Tick | undefined)?.price)}`}</li>
  }
  const All = (): ReactNode => (
    <p>{useWebSocket(undefined, { messages: { type: 'tick' } }).messageHistory.length}</p>
  )
  render(
    <Profiler id="all" onRender={() => commits++}>
      <WebSocketProvider client={client} frames={frames}>
        {['A', 'B', 'C', 'D'].map((symbol) => (
          <Row key={symbol} symbol={symbol} />
        ))}
        <All />
      </WebSocketProvider>
    </Profiler>,
  )
  await until(() => client.state === 'connected')
  act(() => frames.run())
  commits = 0
  let last = 0
  client.subscribe({ type: 'tick' }, ({ payload }) => (last = (payload as Tick).price))
  for (let n = 1; n <= 10_000; n++) hub.broadcast('tick', { symbol: 'ABCD'[n % 4], price: n })
  await until(() => last === 10_000)
  expect(commits).toBe(0)
  act(() => frames.run())
  expect(commits).toBe(1)
  await screen.findByText('A 10000')
  await screen.findByText('100')
  await client.close()
})

test('conditions, conflation and batches are the subscription’s', () => {
  const { mock, result, frame } = setUp(() =>
    useMessages({ type: 'tick', where: { '/payload/price': { gte: 2 } }, batch: { max: 2 } }),
  )
  for (const price of [1, 2, 3, 4]) mock.simulateMessage('tick', { symbol: 'A', price })
  frame()
  // The third of those that fit waits for company.
  expect((values(result.current.messages) as Tick[]).map(({ price }) => price)).toEqual([2, 3])
})

test('`latestBy` keeps the latest of each key, at most `limit` keys', () => {
  const { mock, result, frame } = setUp(() =>
    useMessages({ type: 'tick', latestBy: '/payload/symbol', limit: 2 }),
  )
  const tick = (symbol: string, price: number): void => mock.simulateMessage('tick', { symbol, price })
  tick('A', 1)
  tick('B', 2)
  tick('A', 3)
  frame()
  expect(values(result.current.messages)).toEqual([
    { symbol: 'A', price: 3 },
    { symbol: 'B', price: 2 },
  ])
  tick('C', 4)
  frame()
  expect((values(result.current.messages) as Tick[]).map(({ symbol }) => symbol)).toEqual(['B', 'C'])
  act(() => result.current.clear())
  frame()
  expect(result.current).toMatchObject({ messages: [], latest: undefined, count: 0 })
})

test('the same array until something changes; unmounting leaves no subscription and no frame behind', () => {
  const { mock, result, frame, unmount, requested } = setUp(() => useMessages('tick'))
  mock.simulateMessage('tick', 1)
  frame()
  const { messages } = result.current
  mock.simulateMessage('other', 1)
  frame()
  expect(result.current.messages).toBe(messages)
  mock.simulateMessage('tick', 2)
  expect(requested()).toBe(true)
  unmount()
  expect(requested()).toBe(false)
  mock.simulateMessage('tick', 3)
  expect(requested()).toBe(false)
  const { size } = (mock.router as unknown as { byKey: Map<string, unknown> }).byKey
  expect(size).toBe(0)
})

test('a room is joined while components want it, once, with as many messages as any of them asks for', async () => {
  const { hub, url } = await site.open({ history: true })
  for (let n = 1; n <= 5; n++) hub.to('news').send('item', n)
  const client = new WebSocketClient(url)
  const wrapper = ({ children }: { children: ReactNode }): ReactNode => (
    <WebSocketProvider client={client}>{children}</WebSocketProvider>
  )
  const view = renderHook(
    () => [
      useMessages({ type: 'item', room: 'news' }),
      useMessages({ type: 'item', room: 'news', last: 3, limit: 2 }),
    ],
    { wrapper },
  )
  await until(() => view.result.current[1].count === 3)
  expect(values(view.result.current[1].messages)).toEqual([4, 5])
  expect(hub.members('news').length).toBe(1)
  view.unmount()
  await until(() => hub.members('news').length === 0)
  expect(client.joinedRooms).toEqual([])
  await client.close()
})
