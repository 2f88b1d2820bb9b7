// The request with which a peer asked for a WebSocket. Taken apart when somebody looks.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type RequestFields, type TlsInfo, parseRequest } from '../core/fields'
import { headerObject, tokenList } from '../core/http-syntax'

/** @internal Marks what stands for an upgrade that nobody asked for. */
export const overHttp = Symbol('hawser over HTTP')

/** A request for a WebSocket, as `verify` and `connection` listeners get it. Programs may add properties of their own. */
export class UpgradeRequest {
  /** Always GET (RFC 6455, section 4.1). */
  readonly method = 'GET'
  /** The subprotocol chosen, or ''; known from `connection` on. */
  protocol = ''
  /** The request of Node's http server, when the connection came through one. */
  readonly incoming: IncomingMessage | undefined
  private readonly text: string
  private parsed: RequestFields | undefined
  private headerMap: Record<string, string> | undefined

  /** @internal */
  constructor(source: string | IncomingMessage) {
    this.text = typeof source === 'string' ? source : ''
    this.incoming = typeof source === 'string' ? undefined : source
  }

  /** Path and query, as they came. */
  get url(): string {
    return this.fields.target
  }
  /** Headers by lower-case name; repeated ones are joined as Node joins them. */
  get headers(): Readonly<Record<string, string>> {
    return (this.headerMap ??= headerObject(this.fields.rawHeaders))
  }
  /** Headers as they came: name, value, name, value … */
  get rawHeaders(): readonly string[] {
    return this.fields.rawHeaders
  }
  /** Subprotocols that the peer offers, best first. */
  get protocols(): string[] {
    return tokenList(this.headers['sec-websocket-protocol'] ?? '') ?? []
  }
  /** The peer's address; '' on a unix socket. */
  get remoteAddress(): string {
    return this.fields.remoteAddress
  }
  get remotePort(): number {
    return this.fields.remotePort
  }
  get localAddress(): string {
    return this.fields.localAddress
  }
  get localPort(): number {
    return this.fields.localPort
  }
  /** Whether the peer speaks HTTP instead of WebSocket, see the option `fallback` of `Hub`. */
  get overHttp(): boolean {
    return this.incoming !== undefined && overHttp in this.incoming
  }
  /** The TLS layer; undefined without one. */
  get tls(): TlsInfo | undefined {
    return this.fields.tls
  }

  private get fields(): RequestFields {
    return (this.parsed ??=
      this.incoming === undefined ? parseRequest(this.text) : fromIncoming(this.incoming))
  }
}

function fromIncoming(request: IncomingMessage): RequestFields {
  const { socket } = request
  return {
    remoteAddress: socket.remoteAddress ?? '',
    remotePort: socket.remotePort ?? 0,
    localAddress: socket.localAddress ?? '',
    localPort: socket.localPort ?? 0,
    target: request.url ?? '/',
    protocol: '',
    extensions: '',
    tls: tlsOf(socket),
    rawHeaders: request.rawHeaders,
  }
}

function tlsOf(socket: Socket): TlsInfo | undefined {
  if (!(socket instanceof TLSSocket)) return (socket as { _tls?: TlsInfo })._tls
  // What Node's types promise is not there once the socket is closed.
  const cipher = socket.getCipher() as { name: string } | undefined
  const error = socket.authorizationError as Error | string | null | undefined
  const { alpnProtocol: alpn, servername } = socket as {
    alpnProtocol: string | false | null
    servername?: string | false
  }
  return {
    protocol: socket.getProtocol() ?? '',
    cipher: cipher?.name ?? '',
    alpn: alpn || '',
    authorized: socket.authorized,
    authorizationError: error ? String(error) : '',
    servername: servername || '',
    get peerCertificate() {
      return socket.getPeerX509Certificate()
    },
  }
}
