// The package for Node, with the client and the formats that pages get.
import { join } from 'node:path'
import type * as lib from '../../../lib'

type Build = Pick<typeof lib, 'WebSocketClient' | 'defineCodec' | 'defineDialect'>

/** `file`: below dist/browser. */
export function packageOf(file: string): Record<string, unknown> {
  const names = [
    ...['MessageRouter', 'TokenSource', 'HawserError', 'JsonRpcError', 'SocketIoArguments', 'jsonCodec'],
    ...['messagePackCodec', 'encryptedCodec', 'socketIo', 'jsonRpc', 'combinedStreams', 'channelFeed'],
  ]
  const path = join(__dirname, '../../../dist/browser', file)
  const build = jest.requireActual<Build & Record<string, unknown>>(path)
  const node = jest.requireActual<Record<string, unknown>>('../../../lib')
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
    ...node,
    ...Object.fromEntries(names.map((name) => [name, build[name]])),
    WebSocketClient,
  }
}
