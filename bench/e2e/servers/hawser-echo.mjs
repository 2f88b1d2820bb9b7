// Echo with hawser.
import { WebSocketServer, configure } from 'hawser'
import { options, ready, tls } from './control.mjs'

if (options.threads) configure({ threads: options.threads })
const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  tls,
  maxPayload: 64 * 1024 * 1024,
  perMessageDeflate: options.deflate
    ? {
        level: options.deflate.level,
        serverNoContextTakeover: !options.deflate.takeover,
        clientNoContextTakeover: !options.deflate.takeover,
        threshold: 0,
      }
    : false,
})
// One function for all sockets, as a program with many of them would write it.
function echo(data, isBinary) {
  this.send(data, { binary: isBinary })
}
function ended() {}
server.on('connection', (socket) => {
  socket.on('message', echo)
  socket.on('close', ended)
})
server.on('listening', () => ready(server.address().port))
