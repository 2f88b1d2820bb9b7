// JSON.parse of each message from undici's WebSocket.
import { WebSocket } from 'undici'
import { taker, url } from './feed.mjs'

const take = taker()
const socket = new WebSocket(url)
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data)
  if (message.type === 'trade') take(message)
}
