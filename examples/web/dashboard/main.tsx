import { WebSocketClient } from 'hawser'
import { WebSocketProvider } from 'hawser/react'
import 'hawser/react/styles.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import type { DashboardProtocol } from '../protocol/dashboard'
import { app } from '../shared/dom'
import { App } from './app'
import { visitorName } from './identity'
import { Live } from './live'
import { LiveContext } from './use-live'

const me = visitorName()
const client = new WebSocketClient<DashboardProtocol>({
  url: `/live?name=${encodeURIComponent(me)}`,
  // Slow enough to be watched.
  reconnect: { minDelay: 1_000, factor: 1.5, maxDelay: 4_000, jitter: 0.2, minUptime: 1_000 },
  // An answer is due before a blocked event loop would be there again.
  heartbeat: { interval: 500, timeout: 4_000 },
})
const live = new Live(client, me)
// They are joined again, and resumed, after each reconnect.
void client.joinRoom('board', { last: 240 })
void client.joinRoom('flights')

createRoot(app()).render(
  <StrictMode>
    <WebSocketProvider client={client}>
      <LiveContext value={live}>
        <App client={client} me={me} />
      </LiveContext>
    </WebSocketProvider>
  </StrictMode>,
)
