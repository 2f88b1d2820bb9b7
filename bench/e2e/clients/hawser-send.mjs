// Sending with hawser.
import { WebSocket } from 'hawser'
import { sendUntilFull, url } from './send.mjs'

const socket = new WebSocket(url)
socket.on('open', () => sendUntilFull(socket))
