// Rendering on a server: nothing is opened, and what comes out is always the same.
import { StrictMode, type ReactNode } from 'react'
import { renderToString } from 'react-dom/server'
import {
  ConnectionStatus,
  DevTools,
  WebSocketProvider,
  useChat,
  useClient,
  useConnectionStatus,
  useEvents,
  useMessages,
  useNotifications,
  usePresence,
  useRequest,
  useWebSocket,
} from '../../lib/react'
import { clientsInUse } from '../../lib/react/connection'

function All(): ReactNode {
  const { state, client } = useWebSocket()
  const direct = useWebSocket('ws://far.example')
  const parts = [
    state,
    direct.state,
    client === null,
    useClient() === null,
    useMessages('tick').messages.length,
    useRequest('history', { immediate: true }).status,
    useConnectionStatus().attempt,
    useChat('lobby').messages.length,
    usePresence({ room: 'lobby' }).users.length,
    useNotifications().unread,
    useEvents({ room: 'lobby' }).isLoading,
  ]
  return <p>{parts.map(String).join(' ')}</p>
}

test('every hook and component renders on a server, and opens nothing', () => {
  const page = (
    <StrictMode>
      <WebSocketProvider url="ws://far.example">
        <All />
        <ConnectionStatus />
        <DevTools />
      </WebSocketProvider>
    </StrictMode>
  )
  const html = renderToString(page)
  expect(html).toContain('<p>idle idle true true 0 idle 0 0 0 0 true</p>')
  expect(html).toContain('Not connected')
  expect(renderToString(page)).toBe(html)
  expect(clientsInUse()).toEqual([])
})
