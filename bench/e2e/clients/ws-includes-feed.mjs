// ws with a search in the bytes before anything is parsed, as careful programs do it.
import { WebSocket } from 'ws'
import { taker, url } from './feed.mjs'

const take = taker()
const socket = new WebSocket(url, { perMessageDeflate: false })
socket.on('message', (data) => {
  if (!data.includes('"type":"trade"')) return
  const message = JSON.parse(data.toString())
  if (message.type === 'trade') take(message)
})
