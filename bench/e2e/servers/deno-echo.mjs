// Echo with Deno's own server.
/* global Deno */
import { ready, tls } from './control.mjs'

Deno.serve({ hostname: '127.0.0.1', port: 0, ...tls, onListen: ({ port }) => ready(port) }, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 })
  socket.binaryType = 'arraybuffer'
  socket.onmessage = (event) => socket.send(event.data)
  socket.onclose = () => {}
  return response
})
