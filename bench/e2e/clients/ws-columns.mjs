// Columns by hand with ws.
import { WebSocket } from 'ws'
import { collector } from './column-arrays.mjs'
import { url } from './feed.mjs'

const collect = collector()
const socket = new WebSocket(url, { perMessageDeflate: false })
socket.on('message', (data) => collect(data.toString()))
