// rxjs/webSocket on a WebSocket class, and a filter: every message is parsed, one in so many is wanted.
import { filter } from 'rxjs'
import { webSocket } from 'rxjs/webSocket'
import { taker, url } from './feed.mjs'
import { wrong } from './measured.mjs'

export function takeFiltered(WebSocketCtor) {
  webSocket({ url, WebSocketCtor })
    .pipe(filter(({ type }) => type === 'trade'))
    .subscribe({ next: taker(), error: (error) => wrong(`the stream ended: ${error.message ?? error.type}`) })
}
