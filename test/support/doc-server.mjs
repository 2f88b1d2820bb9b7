// The server behind the examples of docs/: speaks hawser.v1, and does what the examples' messages ask for.
import { once } from 'node:events'
import { WebSocketServer } from 'hawser'

/** @returns {Promise<{ url: string, feed: (...messages: unknown[]) => void, close: () => Promise<void> }>} */
export async function serveExamples() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, protocols: ['hawser.v1'] })
  /** Payloads of `log`, of all connections. */
  const logged = []
  let lost = false
  server.on('connection', (socket) => {
    const say = (message) => socket.send(JSON.stringify(message))
    const take = ({ type, id, payload, correlationId }) => {
      const reply = (more) => say({ type: 'reply', correlationId, ...more })
      switch (type) {
        case 'publish':
          return say(payload)
        case 'drop-me':
          return socket.terminate()
        case 'close-me':
          return socket.close(payload)
        case 'batch':
          return payload.forEach(take)
        case 'log':
          return logged.push(payload)
        case 'logged':
          return reply({ payload: logged })
        case 'lose-once':
          if (!lost) {
            lost = true
            return socket.terminate()
          }
          return say({ type: 'ack', correlationId: id })
        case 'sum':
          return reply({ payload: payload.reduce((sum, each) => sum + each, 0) })
        case 'forbidden':
          return reply({ error: { code: 'UNAUTHORIZED', message: 'not for you' } })
        case 'auth':
          return say({ type: payload.token === 'good-token' ? 'auth_ok' : 'auth_error' })
      }
    }
    socket.on('message', (text, isBinary) => {
      if (!isBinary) take(JSON.parse(text))
    })
  })
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${server.address().port}/`,
    // Texts go as they are, bytes as a binary message, anything else as JSON.
    feed: (...messages) => {
      for (const message of messages) {
        const raw = typeof message === 'string' || Buffer.isBuffer(message)
        for (const socket of server.clients) socket.send(raw ? message : JSON.stringify(message))
      }
    },
    close: () => server.close({ timeout: 1_000 }),
  }
}
