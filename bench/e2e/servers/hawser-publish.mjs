// Publishing with hawser's topics.
import { WebSocketServer } from 'hawser'
import { ready } from './control.mjs'
import { messages } from './publish-messages.mjs'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
server.on('connection', (socket, request) => {
  if (request.url === '/subscribe') {
    socket.subscribe('topic')
    return
  }
  socket.on('message', (line) => {
    for (const message of messages(line)) server.publish('topic', message)
  })
})
server.on('listening', () => ready(server.address().port))
