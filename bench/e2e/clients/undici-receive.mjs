// Receiving with undici's WebSocket.
import { WebSocket } from 'undici'
import { receiver, url } from './receive.mjs'

const received = receiver()
const socket = new WebSocket(url)
socket.onmessage = (event) => received(event.data)
