// A stream of one type of a feed; the core leaves the others on the I/O thread.
import { WebSocketClient } from 'hawser'
import { fromClient } from 'hawser/rxjs'
import { taker, url } from './feed.mjs'
import { wrong } from './measured.mjs'

const live = fromClient(() => new WebSocketClient({ url, hawser: false }))
const take = taker(() => {
  const { messagesIn, notJson, untyped } = live.client.getPerformanceMetrics()
  if (!(messagesIn > 0) || notJson > 0 || untyped > 0) wrong('messages were not read')
})
live
  .messagesOfType('trade')
  .subscribe({ next: take, error: (error) => wrong(`the stream ended: ${error.code}`) })
