// Rooms with hawser's hub.
import { Hub, WebSocketServer } from 'hawser'
import { options, ready, say } from './control.mjs'
import { payloads } from './room-messages.mjs'

async function adapter({ redis, streams }) {
  if (redis === undefined) return undefined
  const { redisAdapter, redisStreams } = await import('hawser/adapters/redis')
  return streams ? redisStreams({ url: redis }) : redisAdapter({ url: redis })
}

const connecting = await adapter(options)
const server = new WebSocketServer({ host: '127.0.0.1', port: options.port ?? 0 })
const hub = new Hub(server, {
  notices: false,
  history: options.streams ? { count: 1000 } : false,
  adapter: connecting,
})
hub.on('go', ({ count, size }) => {
  for (const payload of payloads(count, size)) hub.to('room-0').send('m', payload)
})
hub.on('m', (payload, _connection, { room }) => hub.to(room).send('m', payload))

/** Says messages in all rooms; done when the log has them. */
async function fill(rooms, missed) {
  const all = []
  for (let room = 0; room < rooms; room++) {
    for (const payload of payloads(missed, 64)) all.push(hub.to(`room-${room}`).post('m', payload))
  }
  await Promise.all(all)
  say({ filled: all.length })
}
server.on('listening', () => ready(server.address().port, { fill }))
