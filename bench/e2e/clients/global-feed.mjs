// JSON.parse of each message from the WebSocket that the runtime brings: Node from 22 on, Bun, Deno.
import { taker, url } from './feed.mjs'

const take = taker()
const socket = new WebSocket(url)
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data)
  if (message.type === 'trade') take(message)
}
