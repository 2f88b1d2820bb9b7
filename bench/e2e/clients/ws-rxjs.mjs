// rxjs/webSocket on ws.
import { WebSocket } from 'ws'
import { takeFiltered } from './rxjs-feed.mjs'

takeFiltered(
  class extends WebSocket {
    constructor(url) {
      super(url, { perMessageDeflate: false })
    }
  },
)
