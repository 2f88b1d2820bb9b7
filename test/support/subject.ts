// The one place through which tests reach the package under test.
export { WebSocket, WebSocketServer, HawserError, configure, createWebSocketStream } from '../../lib'
