// Idle managed clients; their heartbeats are the I/O thread's.
import { WebSocketClient } from 'hawser'
import { interval, measureIdle, url } from './idle-clients.mjs'

const open = async () => {
  const client = new WebSocketClient({ url, hawser: false, heartbeat: { interval, timeout: interval / 2 } })
  await client.connect()
  return client
}
const check = (client) => client.state === 'connected' && client.getPerformanceMetrics().latencyCount > 0
await measureIdle(open, check)
