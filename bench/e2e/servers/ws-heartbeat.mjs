// Heartbeats with the ws package, in the usual way: a timer pings, and ends who did not answer the last ping.
import { WebSocketServer } from 'ws'
import { options, ready } from './control.mjs'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
const alive = new WeakSet()
server.on('connection', (socket) => {
  alive.add(socket)
  socket.on('pong', () => alive.add(socket))
  socket.on('message', () => {})
  socket.on('error', () => {})
})
setInterval(() => {
  for (const socket of server.clients) {
    if (!alive.delete(socket)) socket.terminate()
    else socket.ping()
  }
}, options.interval)
server.on('listening', () => ready(server.address().port))
