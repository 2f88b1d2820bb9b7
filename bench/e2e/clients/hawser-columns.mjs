// Three numbers of each message as columns.
import { WebSocketClient } from 'hawser'
import { columnTaker, url } from './feed.mjs'
import { wrong } from './measured.mjs'

const client = new WebSocketClient({ url, hawser: false })
const take = columnTaker()
const columns = { price: '/price', size: '/size', number: '/t' }
client.subscribe({ type: 'trade', columns }, ({ price, size, number, missing }) => {
  if (missing > 0) wrong(`${missing} values are missing`)
  take(price, size, number)
})
await client.connect()
