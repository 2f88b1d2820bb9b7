// Receiving with hawser.
import { WebSocket } from 'hawser'
import { receiver, url } from './receive.mjs'

const received = receiver()
const socket = new WebSocket(url)
socket.on('message', (data) => received(data))
