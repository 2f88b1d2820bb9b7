/** @jest-environment ./test/react/support/environment.cjs */
// <ConnectionStatus> and <DevTools>: what they say, to whom, and what their buttons do.
import { act, render, renderHook, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactNode } from 'react'
import { HawserError, WebSocketClient } from 'hawser'
import { ManualClock, MockWebSocketClient } from 'hawser/testing'
import {
  ConnectionStatus,
  DevTools,
  WebSocketProvider,
  manualFrames,
  useConnectionStatus,
} from '../../lib/react'
import { useSite } from './support/hub'

const site = useSite()

test('says the state, and helps where it can', async () => {
  const mock = new MockWebSocketClient({ connects: false })
  const clock = new ManualClock()
  const frames = manualFrames()
  const frame = (): void => act(() => frames.run())
  render(
    <WebSocketProvider client={mock.asClient()} frames={frames} clock={clock}>
      <ConnectionStatus labels={{ connected: 'Verbunden' }} />
      <ConnectionStatus compact />
    </WebSocketProvider>,
  )
  frame()
  const [status] = screen.getAllByRole('status')
  expect(status.textContent).toBe('Connecting')
  expect(status.getAttribute('aria-live')).toBe('polite')
  act(() => mock.simulateConnection())
  frame()
  expect(status.textContent).toBe('Verbunden')
  expect(screen.queryByRole('button')).toBeNull()

  const info = mock.getConnectionInfo.bind(mock)
  mock.getConnectionInfo = () => ({ ...info(), reconnectAttempts: 2, nextDelay: 2500 })
  mock.simulateDisconnection(new HawserError('CONNECTION_LOST', 'The cable is out'))
  void mock.send('a')
  frame()
  expect(status.textContent).toBe('Reconnectingattempt 2The cable is out')
  await screen.findByText('next try in 3 s')
  await screen.findByText('waiting to be sent: 1')
  act(() => clock.advance(1000))
  await screen.findByText('next try in 2 s')
  const reconnect = jest.spyOn(mock, 'reconnect')
  await userEvent.click(screen.getByRole('button', { name: 'Try now' }))
  expect(reconnect).toHaveBeenCalled()
  expect(document.querySelector('[data-compact]')?.textContent).toBe('Reconnecting')
})

test('status, queue and the rest of a real connection', async () => {
  const { hub, url } = await site.open()
  const wrapper = ({ children }: { children: ReactNode }): ReactNode => (
    <WebSocketProvider url={url} options={{ reconnect: { minDelay: 60_000, maxDelay: 60_000, jitter: 0 } }}>
      {children}
    </WebSocketProvider>
  )
  const { result } = renderHook(() => useConnectionStatus({ poll: 10 }), { wrapper })
  await waitFor(() => expect(result.current).toMatchObject({ isConnected: true, attempt: 0, url: `${url}/` }))
  const { lastConnected } = result.current
  expect(lastConnected).toBeInstanceOf(Date)
  await waitFor(() => expect(result.current.lastConnected).toBe(lastConnected))
  hub.connections[0].socket.terminate()
  await waitFor(() => expect(result.current).toMatchObject({ state: 'reconnecting', attempt: 1 }))
  expect(result.current.nextRetryAt).toBeGreaterThan(Date.now())
  expect(result.current.error).toMatchObject({ code: 'CONNECTION_LOST' })
  await act(() => result.current.reconnect())
  await waitFor(() => expect(result.current).toMatchObject({ isConnected: true, nextRetryAt: undefined }))
})

test('developers see connections, messages and figures, and can try things', async () => {
  const { hub, url } = await site.open()
  hub.on('test', (payload, ctx) => ctx.send('echo', payload))
  hub.handle('ask', () => 'answer')
  const client = new WebSocketClient(url)
  const user = userEvent.setup()
  const view = render(
    <WebSocketProvider client={client}>
      <DevTools />
    </WebSocketProvider>,
  )
  const toggle = await screen.findByRole('button', { name: 'hawser 1' })
  expect(toggle.getAttribute('aria-expanded')).toBe('false')
  await user.click(toggle)
  await waitFor(() => expect(client.state).toBe('connected'))

  const messages = screen.getByRole('tab', { name: 'Messages' })
  act(() => messages.focus())
  await user.keyboard('{ArrowLeft}')
  const controls = screen.getByRole('tab', { name: 'Controls' })
  expect(document.activeElement).toBe(controls)
  expect(controls.getAttribute('aria-selected')).toBe('true')
  await user.click(screen.getByRole('button', { name: 'Send' }))
  const type = screen.getByLabelText('Type')
  await user.clear(type)
  await user.type(type, 'ask')
  await user.click(screen.getByRole('button', { name: 'Request' }))
  await screen.findByText('Answer: answer')
  await user.clear(screen.getByLabelText('Payload (JSON)'))
  await user.type(screen.getByLabelText('Payload (JSON)'), 'no json')
  await user.click(screen.getByRole('button', { name: 'Send' }))
  await screen.findByText(/^Failed: /)

  await user.click(messages)
  const list = within(await screen.findByRole('list'))
  expect(
    (await list.findAllByText(/^(test|ask|echo)$/)).map(({ textContent }) => textContent).sort(),
  ).toEqual(['ask', 'echo', 'test'])
  await user.type(screen.getByRole('searchbox'), 'echo')
  await waitFor(() => expect(screen.getAllByRole('listitem').length).toBe(1))
  await user.click(screen.getByRole('tab', { name: 'Metrics' }))
  await screen.findByRole('rowheader', { name: 'messagesOut' })
  // The client's own methods are its own again.
  view.unmount()
  expect(Object.hasOwn(client, 'send')).toBe(false)
  await client.close()
})
