// The names of the package under the condition `browser`: the client on the portable engine. lib/index.ts has the same
// names; a test compares the two.
import { absent } from './absent'
import { withWire } from './equip'
import { encryptedCodec as encrypted } from '../client/codecs/encrypted'
import { jsonCodec as json } from '../client/codecs/json'
import { messagePackCodec as messagePack } from '../client/codecs/message-pack'
import { channelFeed as channel, combinedStreams as combined } from '../client/dialects/feeds'
import { jsonRpc as rpc } from '../client/dialects/json-rpc'
import { socketIo as io } from '../client/dialects/socket-io'
import type { Codec } from '../client/codec'
import type { Dialect } from '../client/dialect'

export { WebSocketClient } from '../client/websocket-client'
export { MessageRouter } from '../client/message-router'
export { TokenSource } from '../client/auth'
export { HawserError, HawserRangeError, HawserTypeError } from '../core/error'
export { SocketIoArguments } from '../client/dialects/socket-io'
export { JsonRpcError } from '../client/dialects/json-rpc'

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
} from '../utilities'

export const defineCodec = (codec: Codec): Codec => withWire(codec)
export const defineDialect = (dialect: Dialect): Dialect => withWire(dialect)
export const jsonCodec = json
export const messagePackCodec: typeof messagePack = (...args) => withWire(messagePack(...args))
export const encryptedCodec: typeof encrypted = (...args) => withWire(encrypted(...args))
export const combinedStreams: typeof combined = (...args) => withWire(combined(...args))
export const channelFeed: typeof channel = (...args) => withWire(channel(...args))
export const jsonRpc: typeof rpc = (...args) => withWire(rpc(...args))
export const socketIo: typeof io = (...args) => withWire(io(...args))

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
