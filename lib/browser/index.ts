// The names of the package under the condition `browser`: the client on the portable engine. lib/index.ts has the same
// names; a test compares the two.
import { absent } from './absent'

export { WebSocketClient } from '../client/websocket-client'
export { MessageRouter } from '../client/message-router'
export { TokenSource } from '../client/auth'
export { HawserError, HawserRangeError, HawserTypeError } from '../core/error'
export {
  JsonRpcError,
  SocketIoArguments,
  channelFeed,
  combinedStreams,
  defineCodec,
  defineDialect,
  encryptedCodec,
  jsonCodec,
  jsonRpc,
  messagePackCodec,
  socketIo,
} from './formats'

export {
  configVariables,
  createDefaultConfig,
  debugLogger,
  healthScore,
  isMessage,
  logClient,
  mayUseRoom,
  messageFaults,
  privateRoomId,
  privateRoomUsers,
  roomRules,
} from '../utilities/index'

export const CloseEvent = /* @__PURE__ */ absent('CloseEvent')
export const ErrorEvent = /* @__PURE__ */ absent('ErrorEvent')
export const Hub = /* @__PURE__ */ absent('Hub')
export const HubError = /* @__PURE__ */ absent('HubError')
export const MessageEvent = /* @__PURE__ */ absent('MessageEvent')
export const PooledConnection = /* @__PURE__ */ absent('PooledConnection')
export const SocketEvent = /* @__PURE__ */ absent('SocketEvent')
export const WebSocket = /* @__PURE__ */ absent('WebSocket')
export const WebSocketPool = /* @__PURE__ */ absent('WebSocketPool')
export const WebSocketServer = /* @__PURE__ */ absent('WebSocketServer')
export const configure = /* @__PURE__ */ absent('configure')
export const createWebSocketStream = /* @__PURE__ */ absent('createWebSocketStream')
export const jwtAuth = /* @__PURE__ */ absent('jwtAuth')
export const validate = /* @__PURE__ */ absent('validate')
