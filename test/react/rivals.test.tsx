/** @jest-environment ./test/react/support/environment.cjs */
// What users of other hooks for WebSockets complain of.
import { act, render, renderHook, screen, waitFor } from '@testing-library/react'
import { type ReactNode, StrictMode, useEffect, useState } from 'react'
import { useMessages, useWebSocket } from '../../lib/react'
import { until } from '../support/waiters'
import { useSite } from './support/hub'

const site = useSite()

test('messages that come at once are all there: none is replaced before anybody has seen it', async () => {
  const { hub, url } = await site.open()
  const seen: number[] = []
  const { result } = renderHook(() =>
    useWebSocket(url, { history: 1000, onMessage: ({ payload }) => seen.push(payload as number) }),
  )
  await waitFor(() => expect(result.current.isConnected).toBe(true))
  const all = Array.from({ length: 1000 }, (_, n) => n)
  for (const n of all) hub.broadcast('n', n)
  await waitFor(() => expect(result.current.messageHistory.length).toBe(1000))
  expect(seen).toEqual(all)
  expect(result.current.messageHistory.map(({ payload }) => payload as number)).toEqual(all)
})

test('messages do not cost a rendering each, neither do states that a component does not look at', async () => {
  const { hub, url } = await site.open()
  let renders = 0
  const { result } = renderHook(() => {
    renders++
    return useWebSocket(url, { messages: false })
  })
  await waitFor(() => expect(result.current.isConnected).toBe(true))
  const before = renders
  let answered = 0
  hub.handle('ping', () => ++answered)
  for (let n = 0; n < 1000; n++) hub.broadcast('n', n)
  await result.current.request('ping')
  await act(() => new Promise<void>((resolve) => requestAnimationFrame(() => resolve())))
  expect(renders).toBe(before)
})

test('StrictMode and an effect that sends at first: one connection, one message', async () => {
  const opened = await site.open()
  const came: unknown[] = []
  opened.hub.on('hello', (payload) => came.push(payload))
  function App(): ReactNode {
    const { isConnected, sendMessage } = useWebSocket(opened.url)
    const [said, say] = useState(false)
    useEffect(() => {
      if (!isConnected || said) return
      say(true)
      sendMessage('hello', 'there')
    }, [isConnected, said, sendMessage])
    return <p>{isConnected ? 'in' : 'out'}</p>
  }
  render(<App />, { wrapper: StrictMode })
  await screen.findByText('in')
  await until(() => came.length > 0)
  expect(opened.connections).toBe(1)
  expect(came).toEqual(['there'])
})

test('a shared connection comes again for all who share it, whoever of them has left', async () => {
  const opened = await site.open()
  const options = { reconnect: { minDelay: 20 } }
  const [one, two, three] = [1, 2, 3].map(() => renderHook(() => useWebSocket(opened.url, options)))
  await waitFor(() => expect(three.result.current.isConnected).toBe(true))
  // The first was the one that opened it.
  one.unmount()
  opened.hub.connections[0].socket.terminate()
  await until(() => opened.connections === 2)
  await waitFor(() => expect(two.result.current.isConnected && three.result.current.isConnected).toBe(true))
  opened.hub.broadcast('n', 1)
  await waitFor(() => expect(two.result.current.lastMessage?.payload).toBe(1))
  await waitFor(() => expect(three.result.current.lastMessage?.payload).toBe(1))
})

test('a shared connection has one heartbeat, however many share it', async () => {
  const opened = await site.open()
  let pings = 0
  opened.server.on('connection', (socket) => socket.on('ping', () => pings++))
  const options = { heartbeat: { interval: 100, timeout: 5000 } }
  const hooks = Array.from({ length: 10 }, () => renderHook(() => useWebSocket(opened.url, options)))
  await waitFor(() => expect(hooks.every(({ result }) => result.current.isConnected)).toBe(true))
  const { client } = hooks[0].result.current
  await until(() => (client?.getPerformanceMetrics().latencyCount ?? 0) >= 2)
  // As many as one client counts, give or take the one that is on its way.
  expect(Math.abs(pings - (client?.getPerformanceMetrics().latencyCount ?? 0))).toBeLessThanOrEqual(1)
  expect(opened.connections).toBe(1)
})

test('callbacks are those of the latest rendering, without a new connection or subscription', async () => {
  const opened = await site.open()
  const seen: string[] = []
  const { result, rerender } = renderHook(
    ({ name }) => {
      const { isConnected, client } = useWebSocket(opened.url)
      useMessages({ client, type: 'n', onMessage: ({ payload }) => seen.push(`${name} ${String(payload)}`) })
      return isConnected
    },
    { initialProps: { name: 'first' } },
  )
  await waitFor(() => expect(result.current).toBe(true))
  opened.hub.broadcast('n', 1)
  await until(() => seen.length === 1)
  rerender({ name: 'second' })
  opened.hub.broadcast('n', 2)
  await until(() => seen.length === 2)
  expect(seen).toEqual(['first 1', 'second 2'])
  expect(opened.connections).toBe(1)
})
