// `hawser/rxjs` where sockets are the browser's: nothing of Node, nothing native.
export * from './names'
export { webSocket, WebSocketSubject } from './browser-web-socket'
