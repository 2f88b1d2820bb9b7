/**
 * `hawser/rxjs`: sockets and managed clients as streams of RxJS 7.
 *
 * @module hawser/rxjs
 */
import './peer'

export * from './names'
export { webSocket, WebSocketSubject } from './web-socket'
