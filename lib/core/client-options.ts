// Options of client sockets, checked.
import type { LookupFunction } from 'node:net'
import type { NativeTlsClient } from '../../types/native'
import { basic } from './client-url'
import { HawserTypeError } from './error'
import { type HeadersInput, headerIndex, headerList } from './http-syntax'
import {
  type CheckedSocketOptions,
  type SocketOptions,
  readSocketOptions,
  socketOptionNames,
} from './socket-options'
import { type TlsOptions, readTls, tlsOptionNames } from './tls-options'
import { OptionReader, badOption } from './validate'

/** A proxy that is asked for a tunnel (HTTP CONNECT). */
export interface ProxyOptions {
  /** `http://user:password@host:port` */
  url: string | URL
  /** Further headers of the CONNECT request. */
  headers?: HeadersInput
}

/** Options of `new WebSocket()`. */
export interface WebSocketOptions extends SocketOptions, TlsOptions {
  /** Headers of the handshake request. Those that the handshake itself sets are refused. */
  headers?: HeadersInput
  /** Value of the Origin header. Default: none is sent. */
  origin?: string
  /** Milliseconds until name, connection, proxy and TLS are ready; 0: no limit. Default 10000. */
  connectTimeout?: number
  /** Milliseconds between attempts to the addresses of a name (RFC 8305). Default 250. */
  attemptDelay?: number
  /** Only addresses of this family; 0: both. Default 0. */
  family?: 0 | 4 | 6
  /** Address of this machine to connect from. */
  localAddress?: string
  /** Resolves names instead of the system, like `dns.lookup`. */
  lookup?: LookupFunction
  /** Path of a unix socket to connect to; the URL then only says host and target. */
  socketPath?: string
  /** A proxy: URL `http://user:password@host:port`, or an object with further headers. Default: none. */
  proxy?: string | URL | ProxyOptions
  /** Follow redirects. Credentials do not travel to another origin. Default false. */
  followRedirects?: boolean
  /** Redirects that are followed at most. Default 10. */
  maxRedirects?: number
  /** Aborting gives the attempt up, or drops the open connection; `error` has code `ABORTED`. */
  signal?: AbortSignal
  /** Name for SNI and for checking the certificate. Default: the host of the URL. */
  servername?: string
}

const clientOnly: readonly (keyof WebSocketOptions)[] = [
  'headers',
  'origin',
  'connectTimeout',
  'attemptDelay',
  'family',
  'localAddress',
  'lookup',
  'socketPath',
  'proxy',
  'followRedirects',
  'maxRedirects',
  'signal',
  'servername',
]
/** Every option of `new WebSocket()`. */
export const clientOptionNames: readonly string[] = [...clientOnly, ...socketOptionNames, ...tlsOptionNames]

export interface Proxy {
  host: string
  port: number
  authorization: string
  headers: string[]
}

/** Client options after checks. */
export interface ClientOptions {
  socket: CheckedSocketOptions
  headers: string[]
  connectTimeout: number
  attemptDelay: number
  family: 0 | 4 | 6
  localAddress: string
  lookup: LookupFunction | undefined
  socketPath: string
  proxy: Proxy | undefined
  followRedirects: boolean
  maxRedirects: number
  signal: AbortSignal | undefined
  servername: string | undefined
  tls: NativeTlsClient
}

/** Headers that belong to the handshake, RFC 6455, section 4.1, and to the framing of HTTP. */
const reserved = new Set([
  'connection',
  'upgrade',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
  'sec-websocket-accept',
  'content-length',
  'transfer-encoding',
])

/** Throws INVALID_OPTION. */
export function readClientOptions(options: WebSocketOptions | undefined): ClientOptions {
  const reader = new OptionReader('WebSocket', options, clientOptionNames)
  const headers = headerList('headers', reader.raw('headers'))
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i].toLowerCase()
    if (!reserved.has(name)) continue
    const instead =
      name === 'sec-websocket-protocol' ? 'Give subprotocols as the second argument' : 'Leave it out'
    throw new HawserTypeError(
      'INVALID_OPTION',
      `Option \`headers\`: the handshake sets \`${headers[i]}\` itself. ${instead}`,
    )
  }
  const origin = reader.string('origin')
  if (origin !== '') headers.push(...headerList('origin', { Origin: origin }))
  const signal = reader.raw('signal')
  if (signal !== undefined && !(signal instanceof AbortSignal)) badOption('signal', 'an AbortSignal', signal)
  return {
    socket: readSocketOptions(reader, false),
    headers,
    connectTimeout: reader.number('connectTimeout'),
    attemptDelay: reader.number('attemptDelay'),
    family: reader.oneOf('family', [0, 4, 6] as const, 0),
    localAddress: reader.string('localAddress'),
    lookup: reader.func<LookupFunction>('lookup'),
    socketPath: reader.string('socketPath'),
    proxy: readProxy(reader.raw('proxy')),
    followRedirects: reader.boolean('followRedirects', false),
    maxRedirects: reader.number('maxRedirects'),
    signal,
    servername: reader.has('servername') ? reader.string('servername') : undefined,
    tls: readTls(reader, '', ['http/1.1']),
  }
}

function readProxy(value: unknown): Proxy | undefined {
  if (value === undefined) return undefined
  let address: unknown = value
  let headers: string[] = []
  if (typeof value === 'object' && value !== null && !(value instanceof URL)) {
    const reader = new OptionReader('`proxy`', value, ['url', 'headers'], 'proxy.')
    address = reader.raw('url')
    headers = headerList('proxy.headers', reader.raw('headers'))
  }
  if (typeof address !== 'string' && !(address instanceof URL)) {
    return badOption('proxy', "a URL such as 'http://proxy.example:8080', or an object with `url`", address)
  }
  if (!URL.canParse(String(address))) badOption('proxy', "a URL such as 'http://proxy.example:8080'", address)
  const url = new URL(address)
  if (url.protocol !== 'http:') badOption('proxy', 'a URL that begins with http:', url.protocol)
  const at = headerIndex(headers, 'proxy-authorization')
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 80 : Number(url.port),
    authorization: at >= 0 ? headers.splice(at, 2)[1] : basic(url),
    headers,
  }
}
