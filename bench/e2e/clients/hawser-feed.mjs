// A handler for one type of a feed; the managed client leaves the others on the I/O thread.
import { WebSocketClient } from 'hawser'
import { taker, url } from './feed.mjs'
import { wrong } from './measured.mjs'

const client = new WebSocketClient({ url, hawser: false })
const take = taker(() => {
  const { messagesIn, notJson, untyped } = client.getPerformanceMetrics()
  if (!(messagesIn > 0) || notJson > 0 || untyped > 0) wrong('messages were not read')
})
client.on('trade', take)
await client.connect()
