// rxjs/webSocket on undici's WebSocket.
import { WebSocket } from 'undici'
import { takeFiltered } from './rxjs-feed.mjs'

takeFiltered(WebSocket)
