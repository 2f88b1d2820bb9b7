// The public names but webSocket() and its class, which each entry has from where its sockets come from.
export type { WebSocketMessage, WebSocketSubjectConfig } from './web-socket-config'
export type { SocketReconnectOptions } from './reconnect'
export type { EventObserver, SocketClose, SocketConstructor, SocketLike, SocketMessage } from './socket-like'
export { fromSocket } from './from-socket'
export type { MessageSource } from './from-socket'
export { fromClient } from './from-client'
export type { FromClientOptions, ReactiveClient, StreamOptions } from './from-client'
export type { RoutedObservable } from './routed-observable'
export {
  batchedMessages$,
  connectionState$,
  isConnected$,
  messages$,
  messagesOfType,
  request$,
} from './streams'
export { asColumns, batched, conflated, sampled, where } from './operators'
export { retryBackoff } from './backoff'
export type { BackoffOptions, RetryOptions } from './backoff'
