// Echo with the ws package (and bufferutil where it is installed).
import { createServer } from 'node:https'
import { WebSocketServer } from 'ws'
import { options, ready, tls } from './control.mjs'

const settings = {
  perMessageDeflate: options.deflate
    ? {
        zlibDeflateOptions: { level: options.deflate.level },
        serverNoContextTakeover: !options.deflate.takeover,
        clientNoContextTakeover: !options.deflate.takeover,
        threshold: 0,
      }
    : false,
  maxPayload: 64 * 1024 * 1024,
}

const listener = tls ? createServer({ ...tls, minVersion: 'TLSv1.3' }).listen(0, '127.0.0.1') : undefined
const server = new WebSocketServer(
  listener ? { ...settings, server: listener } : { ...settings, host: '127.0.0.1', port: 0 },
)
// One function for all sockets, as a program with many of them would write it.
function echo(data, isBinary) {
  this.send(data, { binary: isBinary })
}
function ended() {}
server.on('connection', (socket) => {
  socket.on('message', echo)
  socket.on('close', ended)
  socket.on('error', ended)
})
;(listener ?? server).on('listening', () => ready((listener ?? server).address().port))
