// Sending with the ws package.
import { WebSocket } from 'ws'
import { sendByBufferedAmount, url } from './send.mjs'

const socket = new WebSocket(url, { perMessageDeflate: false })
socket.on('open', () => sendByBufferedAmount(socket))
