// Requests with the runtime's own WebSocket and a map of promises.
import { requester } from './request-map.mjs'
import { url } from './requests.mjs'

const socket = new WebSocket(url)
const { begin, take } = requester((text) => socket.send(text))
socket.onmessage = ({ data }) => take(data)
socket.onopen = begin
