// Heartbeats with hawser: the I/O thread sends pings and judges the answers, whatever JavaScript does.
import { WebSocketServer } from 'hawser'
import { options, ready } from './control.mjs'

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  heartbeat: { interval: options.interval, timeout: options.timeout },
})
server.on('connection', (socket) => {
  socket.on('message', () => {})
  socket.on('close', () => {})
})
server.on('listening', () => ready(server.address().port))
