// What a client knows of the handshake that opened its connection.
import { type TlsInfo, parseOpen } from './fields'
import { headerObject } from './http-syntax'

export class UpgradeResponse {
  /** Always 101. */
  readonly statusCode = 101
  /** Address of the server, or of the proxy. */
  readonly remoteAddress: string
  readonly remotePort: number
  /** The TLS layer; undefined without one. */
  readonly tls: TlsInfo | undefined
  /** Header names and values as they came: name, value, name, value … */
  readonly rawHeaders: readonly string[]
  /** @internal */ readonly _protocol: string
  /** @internal */ readonly _extensions: string
  private parsed: Record<string, string> | undefined

  /** @internal */
  constructor(fields: string) {
    const open = parseOpen(fields)
    this.remoteAddress = open.remoteAddress
    this.remotePort = open.remotePort
    this.tls = open.tls
    this.rawHeaders = open.rawHeaders
    this._protocol = open.protocol
    this._extensions = open.extensions
  }

  /** Headers by lower-case name; repeated ones are joined with a comma. */
  get headers(): Readonly<Record<string, string>> {
    return (this.parsed ??= headerObject(this.rawHeaders))
  }
}
