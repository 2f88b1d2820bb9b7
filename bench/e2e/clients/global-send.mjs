// Sending with the WebSocket that the runtime brings: Node from 22 on, Bun, Deno.
import { setImmediate } from 'node:timers'
import { sendByBufferedAmount, url } from './send.mjs'

globalThis.setImmediate ??= setImmediate
const socket = new WebSocket(url)
socket.onopen = () => sendByBufferedAmount(socket)
