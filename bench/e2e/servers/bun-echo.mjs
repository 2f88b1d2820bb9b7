// Echo with Bun's own server.
/* global Bun, Response */
import { options, ready, tls } from './control.mjs'

const compress = Boolean(options.deflate)
const kind = options.deflate?.takeover ? 'dedicated' : 'shared'
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  tls,
  fetch(request, self) {
    return self.upgrade(request) ? undefined : new Response('upgrade expected', { status: 426 })
  },
  websocket: {
    perMessageDeflate: compress ? { compress: kind, decompress: kind } : false,
    maxPayloadLength: 64 * 1024 * 1024,
    backpressureLimit: 64 * 1024 * 1024,
    idleTimeout: 0,
    message(socket, data) {
      socket.send(data, compress)
    },
    close() {},
  },
})
ready(server.port)
