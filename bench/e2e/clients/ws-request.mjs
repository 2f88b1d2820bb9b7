// Requests with ws and a map of promises.
import { WebSocket } from 'ws'
import { requester } from './request-map.mjs'
import { url } from './requests.mjs'

const socket = new WebSocket(url, { perMessageDeflate: false })
const { begin, take } = requester((text) => socket.send(text))
socket.on('message', (data) => take(data.toString()))
socket.on('open', begin)
