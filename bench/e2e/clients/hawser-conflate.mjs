// 1,000 keys of a feed conflated to 20 updates a second each: JavaScript gets those only.
import { WebSocketClient } from 'hawser'
import { options } from '../servers/control.mjs'
import { url, window, wrong } from './measured.mjs'

const { keys, every } = options
const lookEvery = 1024

const client = new WebSocketClient({ url, hawser: false })
const last = new Map()
let delivered = 0
let before
const look = window(
  () => {
    before ??= { delivered, at: performance.now() }
    return client.getPerformanceMetrics().messagesIn
  },
  (result) => {
    const { messagesIn, conflated, delivered: handed, unrouted } = client.getPerformanceMetrics()
    if (last.size !== keys) wrong(`${last.size} keys came instead of ${keys}`)
    if (unrouted > 0) wrong(`${unrouted} messages met no route`)
    // Each message was replaced by a later one, was handed over, or waits, one of a key at most.
    const waiting = messagesIn - conflated - handed
    if (waiting < 0 || waiting > keys) wrong(`${waiting} messages are not accounted for`)
    const milliseconds = performance.now() - before.at
    result.delivered = (delivered - before.delivered) / (milliseconds / 1000)
    const most = (keys * 1000) / every
    // A span that is no whole number of intervals may see one more of each key.
    if (result.delivered > most + (keys * 1000) / milliseconds)
      wrong(`${result.delivered} updates/s came, more than ${most}`)
    if (result.delivered < most / 2) wrong(`only ${result.delivered} updates/s came, of ${most}`)
  },
)
client.subscribe({ type: 'trade', conflate: { key: '/symbol', every } }, (message) => {
  last.set(message.symbol, message.price)
  if (++delivered % lookEvery === 0) look()
})
await client.connect()
