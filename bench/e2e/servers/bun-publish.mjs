// Publishing with Bun's topics.
/* global Bun, Response */
import { ready } from './control.mjs'
import { messages } from './publish-messages.mjs'

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, self) {
    const data = { subscriber: new URL(request.url).pathname === '/subscribe' }
    return self.upgrade(request, { data }) ? undefined : new Response('upgrade expected', { status: 426 })
  },
  websocket: {
    idleTimeout: 0,
    open(socket) {
      if (socket.data.subscriber) socket.subscribe('topic')
    },
    message(_, line) {
      for (const message of messages(line)) server.publish('topic', message)
    },
  },
})
ready(server.port)
