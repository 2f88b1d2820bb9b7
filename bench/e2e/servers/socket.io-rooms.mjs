// Rooms with Socket.IO, over WebSocket alone.
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { options, ready } from './control.mjs'
import { payloads } from './room-messages.mjs'

async function adapter(redis) {
  if (redis === undefined) return undefined
  const [{ createAdapter }, { createClient }] = await Promise.all([
    import('@socket.io/redis-adapter'),
    import('redis'),
  ])
  const publisher = createClient({ url: redis })
  const subscriber = publisher.duplicate()
  await Promise.all([publisher.connect(), subscriber.connect()])
  return createAdapter(publisher, subscriber)
}

const http = createServer()
const io = new Server(http, {
  transports: ['websocket'],
  serveClient: false,
  adapter: await adapter(options.redis),
})
io.on('connection', (socket) => {
  socket.on('join', (room, done) => {
    void socket.join(room)
    done()
  })
  socket.on('leave', (room, done) => {
    void socket.leave(room)
    done()
  })
  socket.on('go', ({ count, size }) => {
    for (const payload of payloads(count, size)) io.to('room-0').emit('m', payload)
  })
  socket.on('m', (room, payload) => io.to(room).emit('m', payload))
})
http.listen(options.port ?? 0, '127.0.0.1', () => ready(http.address().port))
