// rxjs/webSocket on the WebSocket that the runtime brings.
import { takeFiltered } from './rxjs-feed.mjs'

takeFiltered(WebSocket)
