// `hawser/rxjs` where sockets are the browser's: nothing of Node, nothing native.
import { type SocketConstructor, setUsualSocket } from './socket-like'

export * from './names'

setUsualSocket(() => (globalThis as { WebSocket?: SocketConstructor }).WebSocket)
