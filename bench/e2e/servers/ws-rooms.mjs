// Rooms with the ws package, as a program writes them: a set of sockets for each.
import { WebSocketServer } from 'ws'
import { ready } from './control.mjs'
import { payloads } from './room-messages.mjs'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
const rooms = new Map()

function publish(room, payload) {
  const text = JSON.stringify({ type: 'm', room, payload })
  for (const member of rooms.get(room) ?? []) member.send(text)
}

server.on('connection', (socket) => {
  const joined = new Set()
  const leave = (room) => {
    joined.delete(room)
    rooms.get(room)?.delete(socket)
    if (rooms.get(room)?.size === 0) rooms.delete(room)
  }
  socket.on('error', () => {})
  socket.on('close', () => joined.forEach(leave))
  socket.on('message', (data) => {
    const { type, room, payload } = JSON.parse(data)
    if (type === 'join') {
      joined.add(room)
      if (!rooms.has(room)) rooms.set(room, new Set())
      rooms.get(room).add(socket)
      socket.send(JSON.stringify({ type: 'joined', room }))
    } else if (type === 'leave') {
      leave(room)
      socket.send(JSON.stringify({ type: 'left', room }))
    } else if (type === 'go') {
      for (const each of payloads(payload.count, payload.size)) publish('room-0', each)
    } else publish(room, payload)
  })
})
server.on('listening', () => ready(server.address().port))
