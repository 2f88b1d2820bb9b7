// Codecs and dialects, with what a client needs for them.
import * as routes from './route-part'
import * as sending from './sending-part'
import { engines, equipped } from './equip'
import { parts } from './parts'
import { type Codec, readCodec } from '../client/codec'
import { encryptedCodec as encrypted } from '../client/codecs/encrypted'
import { jsonCodec as json } from '../client/codecs/json'
import { messagePackCodec as messagePack } from '../client/codecs/message-pack'
import { type Dialect, readDialect } from '../client/dialect'
import { channelFeed as channel, combinedStreams as combined } from '../client/dialects/feeds'
import { jsonRpc as rpc } from '../client/dialects/json-rpc'
import { socketIo as io } from '../client/dialects/socket-io'
import { equip } from '../client/equip'
import { WireInbox } from '../client/wire-inbox'
import { WireEngine } from '../client/portable/wire-engine'

export { SocketIoArguments } from '../client/dialects/socket-io'
export { JsonRpcError } from '../client/dialects/json-rpc'

function withWire<T extends object>(thing: T): T {
  // Messages that the engine cannot read are routed with the one, and written by the other.
  parts.routes ??= routes
  parts.sending ??= sending
  engines.wire = WireEngine
  engines.inbox = WireInbox
  equipped.set(thing, equip)
  return thing
}

export function defineCodec(codec: Codec): Codec {
  readCodec(codec)
  return withWire(codec)
}
export function defineDialect(dialect: Dialect): Dialect {
  readDialect(dialect)
  return withWire(dialect)
}
export const jsonCodec = json
export const messagePackCodec: typeof messagePack = (...args) => withWire(messagePack(...args))
export const encryptedCodec: typeof encrypted = (...args) => withWire(encrypted(...args))
export const combinedStreams: typeof combined = (...args) => withWire(combined(...args))
export const channelFeed: typeof channel = (...args) => withWire(channel(...args))
export const jsonRpc: typeof rpc = (...args) => withWire(rpc(...args))
export const socketIo: typeof io = (...args) => withWire(io(...args))
