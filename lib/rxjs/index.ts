// `hawser/rxjs`: sockets and managed clients as streams of RxJS 7.
import './peer'
import { WebSocket } from '../core/websocket'
import { setUsualSocket } from './socket-like'

export * from './names'

setUsualSocket(() => WebSocket)
