// ws with JSON.parse of each message.
import { WebSocket } from 'ws'
import { taker, url } from './feed.mjs'

const take = taker()
const socket = new WebSocket(url, { perMessageDeflate: false })
socket.on('message', (data) => {
  const message = JSON.parse(data.toString())
  if (message.type === 'trade') take(message)
})
