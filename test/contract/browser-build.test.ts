// The files of dist/browser meet what the portable engine of lib/ meets: the same cases, with the client and the formats
// that pages get, over undici's WebSocket.
import { WebSocket } from 'undici'

// Here it is the platform's.
Object.assign(globalThis, { WebSocket })

jest.mock('../../lib', () => {
  const names = [
    ...['MessageRouter', 'TokenSource', 'HawserError', 'JsonRpcError', 'SocketIoArguments', 'jsonCodec'],
    ...['messagePackCodec', 'encryptedCodec', 'socketIo', 'jsonRpc', 'combinedStreams', 'channelFeed'],
  ]
  type Build = Pick<typeof import('../../lib'), 'WebSocketClient' | 'defineCodec' | 'defineDialect'>
  const build = jest.requireActual<Build & Record<string, unknown>>('../../dist/browser/index.mjs')
  const lib = jest.requireActual<Record<string, unknown>>('../../lib')
  /** A page hands its own codecs and dialects over to `define…` first. */
  class WebSocketClient extends build.WebSocketClient {
    constructor(options: ConstructorParameters<typeof build.WebSocketClient>[0]) {
      const { codec, dialect } = options as Exclude<typeof options, string | URL>
      if (codec !== undefined) build.defineCodec(codec)
      if (dialect !== undefined) build.defineDialect(dialect)
      super(options)
    }
  }
  return {
    ...lib,
    ...Object.fromEntries(names.map((name) => [name, build[name]])),
    WebSocketClient,
  }
})

describe.each([
  'client-routing',
  'client-requests',
  'client-batch',
  'client-shaping',
  'client-codec',
  'client-dialect-feeds',
  'client-dialect-json-rpc',
  'client-dialect-socket-io',
  'hub-client',
  'hub-reconnect',
])('%s', (name) => {
  jest.requireActual(`../integration/${name}.test`)
})
