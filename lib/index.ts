/**
 * The public names.
 *
 * @module hawser
 */
import { configureReactors } from './native/runtime'
import { HawserError } from './core/error'
import { OptionReader } from './core/validate'

export { WebSocket } from './core/websocket'
export type { BinaryType } from './core/websocket'
export type { WebSocketOptions, ProxyOptions } from './core/client-options'
export type { HeartbeatOptions, PerMessageDeflateOptions, SocketOptions } from './core/socket-options'
export type { Pem, TlsIdentity, TlsOptions, TlsVersion } from './core/tls-options'
export type { TlsInfo } from './core/fields'
export type { HeadersInput } from './core/http-syntax'
export type { SendData, SendOptions } from './core/socket-send'
export type { SendCallback } from './core/socket-state'
export type { PublishData, PublishOptions } from './core/publish'
export type { ListenerOptions, SocketEventListener } from './core/event-target'
export { CloseEvent, ErrorEvent, MessageEvent, SocketEvent } from './core/socket-events'
export type { EventListenerFor, EventName, SocketEventMap, WebSocketEvents } from './core/socket-events'
export type { UpgradeResponse } from './core/upgrade-response'
export { createWebSocketStream } from './core/stream'
export { HawserError, HawserRangeError, HawserTypeError } from './core/error'
export type { ErrorDetails } from './core/error'
export type { CoreCode, ErrorCode, OwnCode } from './core/error-table'
export { WebSocketServer } from './server/websocket-server'
export type { ServerEvents } from './server/server-emitter'
export type { ClientSet } from './server/client-set'
export type { ServerGauges } from './native/server-gauges'
export type { HubRateLimitOptions, RateLimitOptions, RateRule } from './server/rate-limit'
export type { SlowConsumer } from './server/slow-consumer'
export type { ServerOptions, ServerTlsOptions, Verdict } from './server/server-options'
export type { FallbackOptions } from './server/fallback/fallback-options'
export type { UpgradeCallback } from './server/handle-upgrade'
export type { UpgradeRequest } from './server/upgrade-request'

export { WebSocketClient } from './client/websocket-client'
export type { ClientEvents, Lifecycle, LifecycleHandler } from './client/client-listeners'
export type { ClientSendOptions, ClientSendPromised, RequestOptions } from './client/client-send'
export type { ShapeOptions } from './client/send-shape'
export type {
  ClientHeartbeatOptions,
  SendBatchOptions,
  EndpointStrategy,
  ManagedClientOptions,
  OverflowPolicy,
  QueueOptions,
  ReconnectOptions,
  StoreOptions,
} from './client/client-options'
export type { ConnectionDetails, ConnectionInfo, StateListener } from './client/client-status'
export type { LearnedEndpoint } from './client/learned'
export type { HttpFallbackOptions } from './client/portable/fallback'
export type { ClientStateName, EndpointFigures, EngineMetrics, QueuedMessage, Scalar } from './client/engine'
export type { Priority } from './client/priorities'
export type { JoinOptions, ResumeFailure } from './client/rooms'
export { MessageRouter } from './client/message-router'
export type { ColumnBatch, MessageContext, Subscription } from './client/message-router'
export type { RoutingOptions } from './client/layout'
export { defineCodec } from './client/codec'
export type { Codec } from './client/codec'
export type { PlatformSocket, PlatformSocketConstructor } from './client/portable/platform'
export { jsonCodec } from './client/codecs/json'
export { messagePackCodec } from './client/codecs/message-pack'
export type { MessagePack } from './client/codecs/message-pack'
export { encryptedCodec } from './client/codecs/encrypted'
export type { EncryptedOptions, EncryptionKey } from './client/codecs/encrypted'
export { defineDialect } from './client/dialect'
export type { Dialect, DialectLink, DialectSession, Frame, OutgoingMessage } from './client/dialect'
export { SocketIoArguments, socketIo } from './client/dialects/socket-io'
export type { SocketIoMessage, SocketIoOptions } from './client/dialects/socket-io'
export { JsonRpcError, jsonRpc } from './client/dialects/json-rpc'
export type { JsonRpcMessage, JsonRpcMethod, JsonRpcOptions } from './client/dialects/json-rpc'
export { channelFeed, combinedStreams } from './client/dialects/feeds'
export type { ChannelFeedOptions, CombinedStream, CombinedStreamsOptions } from './client/dialects/feeds'
export { TokenSource } from './client/auth'
export type { AuthOptions, Token, TokenFunction, TokenReason } from './client/auth'
export type {
  AnyEnvelope,
  AnyProtocol,
  Envelope,
  EnvelopeOf,
  HandledType,
  Matching,
  PatternOf,
  ProtocolMap,
  ReceiveType,
  ReplyOf,
  RequestOf,
  RequestType,
  SendType,
} from './client/protocol-map'
export type {
  BatchOptions,
  ConflateOptions,
  Range,
  SampleOptions,
  SubscribeSpec,
  Where,
} from './client/subscription-spec'
export { WebSocketPool } from './client/websocket-pool'
export type { AcquireOptions, PoolConnectionInfo, PoolMetrics, PoolOptions } from './client/pool-options'
export { PooledConnection } from './client/pooled-connection'

export { Hub } from './server/hub/hub'
export type { HubListener } from './server/hub/hub'
export type { HubCloseOptions } from './server/hub/farewell'
export { HubError } from './server/hub/hub-error'
export type { WireError } from './server/hub/hub-error'
export type { HubConnection } from './server/hub/hub-connection'
export type { HubEvents } from './server/hub/hub-core'
export type { HubMessage } from './server/hub/envelope'
export type {
  Action,
  AuthorizeFunction,
  HistoryOptions,
  HttpPaths,
  HubOptions,
  LogEntry,
  NodeTimes,
} from './server/hub/hub-options'
export type { HistoryBounds } from './server/hub/transport'
export type { AuthFunction, HubAuthOptions, Identity } from './server/hub/auth'
export { jwtAuth } from './server/hub/jwt'
export type { JwtOptions } from './server/hub/jwt'
export { validate } from './server/hub/standard-schema'
export type { StandardSchema } from './server/hub/standard-schema'
export type { Middleware } from './server/hub/dispatch'
export type { Target } from './server/hub/target'
export type { HubMetrics } from './server/hub/metrics'
export type { Presence, PresenceStatus } from './server/hub/presence'
export type {
  AdapterMetrics,
  HubAdapter,
  RoomLog,
  HubNode,
  RoomEntry,
  RoomPage,
  RoomPlace,
} from './server/hub/adapter'

export * from './utilities'

/** Options of `configure()`. */
export interface RuntimeOptions {
  /**
   * I/O threads, 1 to 64. Client sockets and the connections of each server are spread over them; each stays on its own
   * for life. What is published reaches the subscribers on all of them. Per socket and per publisher all order holds;
   * between sockets on different threads none does, see docs/threads.md. Default 1.
   */
  threads?: number
}

/**
 * Settles what all sockets of this Node environment share. Call it before the first socket or server.
 * @throws `INVALID_OPTION`; `INVALID_STATE` when there was a socket or a server already.
 */
export function configure(options: RuntimeOptions): void {
  const threads = new OptionReader('configure', options, ['threads']).number('threads')
  if (!configureReactors(threads)) {
    throw new HawserError('INVALID_STATE', 'Call `configure` before the first socket or server is made')
  }
}
