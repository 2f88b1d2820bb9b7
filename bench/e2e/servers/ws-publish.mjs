// Publishing with the ws package: it has no topics, so a publish is a loop over the clients.
import { WebSocketServer } from 'ws'
import { ready } from './control.mjs'
import { messages } from './publish-messages.mjs'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
const subscribers = new Set()
server.on('connection', (socket, request) => {
  socket.on('error', () => {})
  if (request.url === '/subscribe') {
    subscribers.add(socket)
    socket.on('close', () => subscribers.delete(socket))
    return
  }
  socket.on('message', (data) => {
    for (const message of messages(data.toString())) {
      for (const subscriber of subscribers) subscriber.send(message)
    }
  })
})
server.on('listening', () => ready(server.address().port))
