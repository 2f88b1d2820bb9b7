/** @jest-environment ./test/react/support/environment.cjs */
// Connections of components: how many there are, whose they are, and when they end.
import { act, render, renderHook, screen, waitFor } from '@testing-library/react'
import { StrictMode, type ReactNode, useState } from 'react'
import { WebSocketClient } from 'hawser'
import { WebSocketProvider, useClient, useMessages, useWebSocket } from '../../lib/react'
import { until } from '../support/waiters'
import { useSite } from './support/hub'

const site = useSite()

function Line({ name }: { name: string }): ReactNode {
  const { state } = useWebSocket()
  const { count } = useMessages('tick')
  return (
    <p>
      {name} {state} {count}
    </p>
  )
}

test('StrictMode opens one connection, and keeps it', async () => {
  const one = await site.open()
  render(
    <StrictMode>
      <WebSocketProvider url={one.url}>
        <Line name="a" />
        <Line name="b" />
      </WebSocketProvider>
    </StrictMode>,
  )
  await screen.findByText('a connected 0')
  one.hub.broadcast('tick', 1)
  await screen.findByText('a connected 1')
  await screen.findByText('b connected 1')
  expect(one.connections).toBe(1)
  expect(one.hub.connections.length).toBe(1)
})

test('components that name the same URL share a connection; it is closed behind the last of them', async () => {
  const { hub, url } = await site.open()
  const shared = (): ReturnType<typeof useWebSocket> => useWebSocket(url)
  const one = renderHook(shared)
  const two = renderHook(shared)
  const apart = renderHook(() => useWebSocket(url, { share: false }))
  await waitFor(() => expect(apart.result.current.isConnected && two.result.current.isConnected).toBe(true))
  expect(one.result.current.client).toBe(two.result.current.client)
  expect(apart.result.current.client).not.toBe(one.result.current.client)
  expect(hub.connections.length).toBe(2)
  apart.unmount()
  one.unmount()
  await until(() => hub.connections.length === 1)
  expect(two.result.current.isConnected).toBe(true)
  two.unmount()
  await until(() => hub.connections.length === 0)
})

test('another URL is another connection; null is none', async () => {
  const first = await site.open()
  const second = await site.open()
  const initialProps: { url: string | null } = { url: first.url }
  const view = renderHook(({ url }) => useWebSocket(url), { initialProps })
  await waitFor(() => expect(view.result.current.isConnected).toBe(true))
  view.rerender({ url: second.url })
  await until(() => second.hub.connections.length === 1)
  await until(() => first.hub.connections.length === 0)
  view.rerender({ url: null })
  await until(() => second.hub.connections.length === 0)
  expect(view.result.current).toMatchObject({ state: 'idle', client: null })
})

test('a client of the program is connected, and never closed', async () => {
  const { hub, url } = await site.open()
  const client = new WebSocketClient(url)
  const view = render(
    <StrictMode>
      <WebSocketProvider client={client}>
        <Line name="own" />
      </WebSocketProvider>
    </StrictMode>,
  )
  await screen.findByText('own connected 0')
  view.unmount()
  expect(client.state).toBe('connected')
  expect(hub.connections.length).toBe(1)
  await client.close()
})

test('`autoConnect: false` waits for connect(); disconnect() and reconnect() do what they say', async () => {
  const { url } = await site.open()
  const { result } = renderHook(() => useWebSocket(url, { autoConnect: false }))
  await waitFor(() => expect(result.current.client).not.toBeNull())
  expect(result.current.state).toBe('idle')
  await act(() => result.current.connect())
  await waitFor(() => expect(result.current.isConnected).toBe(true))
  await act(() => result.current.disconnect())
  await waitFor(() => expect(result.current.state).toBe('disconnected'))
  await act(() => result.current.reconnect())
  await waitFor(() => expect(result.current.isConnected).toBe(true))
})

test('sends, asks, and keeps the latest messages', async () => {
  const { hub, url } = await site.open()
  hub.handle('double', (n: number) => n * 2)
  hub.on('say', (payload, ctx) => ctx.send('said', payload))
  const all: unknown[] = []
  const { result } = renderHook(() =>
    useWebSocket(url, { history: 3, onMessage: ({ payload }) => all.push(payload) }),
  )
  await waitFor(() => expect(result.current.isConnected).toBe(true))
  expect(await result.current.request('double', 4)).toBe(8)
  for (const n of [1, 2, 3, 4, 5]) expect(result.current.sendMessage('say', n)).toBe(true)
  await waitFor(() => expect(result.current.lastMessage?.payload).toBe(5))
  expect(result.current.messageHistory.map(({ payload }) => payload as number)).toEqual([3, 4, 5])
  expect(all).toEqual([1, 2, 3, 4, 5])
  act(() => result.current.clearHistory())
  await waitFor(() => expect(result.current.messageHistory).toEqual([]))
})

test('a lost connection is told, and comes again: nobody has to do anything', async () => {
  const { hub, url } = await site.open()
  const states: string[] = []
  const { result } = renderHook(() =>
    useWebSocket(url, { reconnect: { minDelay: 20 }, onStateChange: (state) => states.push(state) }),
  )
  await waitFor(() => expect(result.current.isConnected).toBe(true))
  hub.connections[0].socket.terminate()
  await until(() => states.length >= 4)
  expect(states).toEqual(['connecting', 'connected', 'reconnecting', 'connected'])
})

test('the client is there for effects and handlers; without a provider a hook says what is missing', async () => {
  const { url } = await site.open()
  const wrapper = ({ children }: { children: ReactNode }): ReactNode => (
    <WebSocketProvider url={url}>{children}</WebSocketProvider>
  )
  const { result } = renderHook(() => useClient(), { wrapper })
  await waitFor(() => expect(result.current?.state).toBe('connected'))
  jest.spyOn(console, 'error').mockImplementation(() => undefined)
  expect(() => renderHook(() => useMessages('tick'))).toThrow(/useMessages needs a <WebSocketProvider>/)
  expect(() => renderHook(() => useWebSocket('nonsense:'))).toThrow(
    expect.objectContaining({ code: 'INVALID_URL' }),
  )
})

test('options that change from rendering to rendering make no new connection', async () => {
  const counted = await site.open()
  const { url } = counted
  function App(): ReactNode {
    const [n, again] = useState(0)
    const { state } = useWebSocket(url, { reconnect: { minDelay: 100 + n }, onMessage: () => n })
    return <button onClick={() => again(n + 1)}>{`${state} ${n}`}</button>
  }
  render(<App />)
  const button = await screen.findByText('connected 0')
  act(() => button.click())
  await screen.findByText('connected 1')
  expect(counted.connections).toBe(1)
})
