// Receiving with the WebSocket that the runtime brings: Node from 22 on, Bun, Deno.
import { receiver, url } from './receive.mjs'

const received = receiver()
const socket = new WebSocket(url)
socket.onmessage = (event) => received(event.data)
