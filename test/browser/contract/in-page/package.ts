// The package as pages have it: the client of dist/browser, and Node's servers.
import * as build from 'hawser'
import { farName } from './far'

export * from 'hawser'

type Options = Exclude<ConstructorParameters<typeof build.WebSocketClient>[0], string | URL>

/** A page hands its own codecs and dialects over to `define…` first. */
export class WebSocketClient extends build.WebSocketClient {
  constructor(options: Options) {
    const { codec, dialect } = options
    if (codec !== undefined) build.defineCodec(codec)
    if (dialect !== undefined) build.defineDialect(dialect)
    super(options)
  }
}
const far = (name: string): never => farName('lib', name) as never
export const Hub = far('Hub')
export const HubError = far('HubError')
export const WebSocket = far('WebSocket')
export const WebSocketPool = far('WebSocketPool')
export const WebSocketServer = far('WebSocketServer')
export const configure = far('configure')
export const createWebSocketStream = far('createWebSocketStream')
