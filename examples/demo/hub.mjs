// The hub of a node: rooms by airport, and what subscribers have taken.
//
// What subscribers say and hear beside the hub's protocol (docs/protocol.md):
//   ◄ {"type":"flight","room":"ORD","payload":{"seq":1,"origin":"ORD",…}}   a record; `seq` counts within its airport
//   ◄ {"type":"mark","payload":123}   bookkeeping of the flow
//   ► {"type":"took","payload":123}   its answer
//   ◄ {"type":"end","payload":{"ORD":512,…}}   the last message: how many there were
import { once } from 'node:events'

/** What may wait for one subscriber, in bytes. */
export const bound = 8 * 1024 * 1024

/**
 * Starts to listen.
 * @param {typeof import('hawser')} hawser
 * @param {{ port: number, redis?: string }} options redis: URL of the broker that connects the nodes
 * @param {{ came: (id: string) => void, took: (id: string, at: number) => void, left: (id: string) => void }} events
 */
export async function listen(hawser, { port, redis }, { came, took, left }) {
  const adapter = redis === undefined ? undefined : await redisBetween(redis)
  const reusePort = redis !== undefined
  const server = new hawser.WebSocketServer({ host: '127.0.0.1', port, reusePort, maxBackpressure: bound })
  const hub = new hawser.Hub(server, { notices: false, adapter })
  hub.on('connect', ({ id }) => came(id))
  hub.on('disconnect', ({ id }) => left(id))
  hub.on('took', (at, { id }) => took(id, at))
  await once(server, 'listening')
  return hub
}

async function redisBetween(url) {
  const { redisAdapter } = await import('hawser/adapters/redis')
  // The hub gives its broker a second; on a busy machine loading the client may take that alone.
  await import('redis')
  // More than the flow lets wait, so that nothing is dropped on the way to the broker.
  return redisAdapter({ url, maxQueued: 1_000_000, maxQueuedBytes: 4 * bound })
}
