// Receiving with the ws package.
import { WebSocket } from 'ws'
import { receiver, url } from './receive.mjs'

const received = receiver()
const socket = new WebSocket(url, { perMessageDeflate: false })
socket.on('message', (data) => received(data.toString()))
