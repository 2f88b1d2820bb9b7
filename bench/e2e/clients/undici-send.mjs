// Sending with undici's WebSocket.
import { WebSocket } from 'undici'
import { sendByBufferedAmount, url } from './send.mjs'

const socket = new WebSocket(url)
socket.onopen = () => sendByBufferedAmount(socket)
