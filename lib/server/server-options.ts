// Options of WebSocketServer, checked.
import type { Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import { isIP } from 'node:net'
import type { NativeRate, NativeTlsHost, NativeTlsServer } from '../../types/native'
import { HawserTypeError } from '../core/error'
import { type HeadersInput, isToken } from '../core/http-syntax'
import {
  type CheckedSocketOptions,
  type SocketOptions,
  readSocketOptions,
  socketOptionNames,
} from '../core/socket-options'
import { type TlsIdentity, type TlsOptions, readIdentity, readTls, tlsOptionNames } from '../core/tls-options'
import { OptionReader, badOption, shown } from '../core/validate'
import { type RateLimitOptions, readRateLimit } from './rate-limit'
import { type CheckedSlowConsumer, type SlowConsumer, readSlowConsumer } from './slow-consumer'
import type { UpgradeRequest } from './upgrade-request'

/** What `verify` may answer: true lets the peer in, false answers 403, an object says how to answer. */
export type Verdict =
  | boolean
  | {
      /** 101, or nothing: let the peer in, with `headers` in the answer. Otherwise 300 to 599: refuse. */
      status?: number
      headers?: HeadersInput
      /** Text of a refusal. Default: the status in words. */
      body?: string
    }

/** TLS of a server. */
export interface ServerTlsOptions extends TlsOptions {
  /** Ask peers for a certificate. Default false. */
  requestCert?: boolean
  /** Certificates by server name (SNI); `*.example.com` stands for one label. Others get `cert` and `key`. */
  hosts?: Readonly<Record<string, TlsIdentity>>
}

/** Options of `new WebSocketServer()`. One of `port`, `socketPath`, `server` and `noServer` says where peers come from. */
export interface ServerOptions extends SocketOptions {
  /** Port to listen on; 0: one that is free. */
  port?: number
  /** Address or name to listen on. Default: all addresses. */
  host?: string
  /** Path of a unix socket to listen on. */
  socketPath?: string
  /** An http or https server of Node whose upgrades come here. */
  server?: HttpServer | HttpsServer
  /** True: no listener; connections come by `handleUpgrade`. */
  noServer?: boolean
  /** Serve wss. */
  tls?: ServerTlsOptions
  /** Path that requests have to name; others get 404. Default: every path. */
  path?: string
  /** Allowed values of the Origin header; others, but not requests without one, get 403. Default: all. */
  origins?: readonly string[]
  /** Decides on a request, at once or by a promise. What it throws becomes 500. */
  verify?: (request: UpgradeRequest) => Verdict | Promise<Verdict>
  /** Subprotocols, best first; the first that a peer offers is chosen. Default: none. */
  protocols?: readonly string[]
  /** Chooses the subprotocol instead; false or undefined: none. */
  handleProtocols?: (offered: Set<string>, request: UpgradeRequest) => string | false | undefined
  /** Connections at once; 0: no limit. A peer above it gets 503. Default 0. */
  maxConnections?: number
  /** Connections of one address at once, of IPv6 those of one /64; 0: no limit. A peer above it gets 429. Default 0. */
  maxConnectionsPerAddress?: number
  /** How much peers may send; true: 100 messages a minute on each connection. Default: no limits. */
  rateLimit?: boolean | RateLimitOptions
  /** What `publish` does about a subscriber that is behind. Default 'drop'. */
  slowConsumer?: SlowConsumer
  /** Connections that the kernel queues. Default 511. */
  backlog?: number
  /** Several processes on one port (SO_REUSEPORT). Default false. */
  reusePort?: boolean
  /** Listening on `::` takes no IPv4. Default false. */
  ipv6Only?: boolean
  /** False: `clients` stays empty. Default true. */
  clientTracking?: boolean
}

const serverOnly: readonly (keyof ServerOptions)[] = [
  'port',
  'host',
  'socketPath',
  'server',
  'noServer',
  'tls',
  'path',
  'origins',
  'verify',
  'protocols',
  'handleProtocols',
  'maxConnections',
  'maxConnectionsPerAddress',
  'rateLimit',
  'slowConsumer',
  'backlog',
  'reusePort',
  'ipv6Only',
  'clientTracking',
]
/** Every option of `new WebSocketServer()`. */
export const serverOptionNames: readonly string[] = [...serverOnly, ...socketOptionNames]

/** Server options after checks. */
export interface CheckedServerOptions {
  socket: CheckedSocketOptions
  /** Whether there is a listener of its own. */
  listens: boolean
  port: number
  host: string
  socketPath: string
  server: HttpServer | undefined
  tls: NativeTlsServer | undefined
  path: string
  origins: string[]
  verify: ServerOptions['verify']
  protocols: string[]
  handleProtocols: ServerOptions['handleProtocols']
  maxConnections: number
  maxConnectionsPerAddress: number
  rate: NativeRate | null
  /** A hub is over it: peers speak docs/protocol.md. */
  hub: boolean
  slowConsumer: CheckedSlowConsumer
  backlog: number
  reusePort: boolean
  ipv6Only: boolean
  clientTracking: boolean
}

/** Throws INVALID_OPTION. */
export function readServerOptions(options: unknown): CheckedServerOptions {
  const reader = new OptionReader('WebSocketServer', options, serverOptionNames)
  const noServer = reader.boolean('noServer', false)
  const server = reader.raw('server') as HttpServer | undefined
  if (server !== undefined && typeof (server as { on?: unknown } | null)?.on !== 'function') {
    badOption('server', 'an http or https server', server)
  }
  const sources = [reader.has('port'), reader.has('socketPath'), server !== undefined, noServer].filter(
    Boolean,
  ).length
  if (sources !== 1) {
    throw new HawserTypeError(
      'INVALID_OPTION',
      `Give exactly one of the options \`port\`, \`socketPath\`, \`server\` and \`noServer\`, not ${sources}`,
    )
  }
  const listens = server === undefined && !noServer
  for (const name of ['host', 'tls', 'backlog', 'reusePort', 'ipv6Only'] as const) {
    if (!listens && reader.has(name)) {
      throw new HawserTypeError(
        'INVALID_OPTION',
        `Option \`${name}\` goes with \`port\`: the other server listens itself`,
      )
    }
  }
  const path = reader.string('path')
  if (path !== '' && !path.startsWith('/')) badOption('path', "a path that begins with '/'", path)
  const protocols = reader.strings('protocols')
  for (const protocol of protocols)
    if (!isToken(protocol)) badOption('protocols', 'a list of tokens', protocol)
  return {
    socket: readSocketOptions(reader, true),
    listens,
    port: readPort(reader.raw('port')),
    host: reader.string('host'),
    socketPath: reader.string('socketPath'),
    server,
    tls: reader.has('tls') ? readServerTls(reader.raw('tls')) : undefined,
    path,
    origins: reader.strings('origins'),
    verify: reader.func('verify'),
    protocols,
    handleProtocols: reader.func('handleProtocols'),
    maxConnections: reader.number('maxConnections'),
    maxConnectionsPerAddress: reader.number('maxConnectionsPerAddress'),
    rate: readRateLimit(reader.raw('rateLimit'), false),
    hub: false,
    slowConsumer: readSlowConsumer(reader.raw('slowConsumer')),
    backlog: reader.number('backlog'),
    reusePort: reader.boolean('reusePort', false),
    ipv6Only: reader.boolean('ipv6Only', false),
    clientTracking: reader.boolean('clientTracking', true),
  }
}

function readPort(value: unknown): number {
  if (value === undefined) return 0
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 65535) {
    return badOption('port', 'a whole number from 0 to 65535', value)
  }
  return value
}

function readServerTls(value: unknown): NativeTlsServer {
  const reader = new OptionReader('`tls`', value, [...tlsOptionNames, 'requestCert', 'hosts'], 'tls.')
  const common = readTls(reader, 'tls.', [])
  const given = reader.raw('hosts')
  if (given !== undefined && (given === null || typeof given !== 'object'))
    badOption('tls.hosts', 'an object', given)
  const hosts = Object.entries((given ?? {}) as Record<string, TlsIdentity>).map(([host, identity]) =>
    readHost(host, identity),
  )
  if (common.cert === '' && common.pfx.length === 0 && hosts.length === 0) {
    throw new HawserTypeError('INVALID_OPTION', 'Option `tls` needs `cert` and `key`, `pfx`, or `hosts`')
  }
  return { ...common, requestCert: reader.boolean('requestCert', false), hosts }
}

/** Certificate of one server name. Throws INVALID_OPTION. */
export function readHost(host: unknown, identity: unknown): NativeTlsHost {
  if (typeof host !== 'string' || host === '' || isIP(host) !== 0) {
    throw new HawserTypeError(
      'INVALID_OPTION',
      `A name in \`tls.hosts\` must be a DNS name, not ${shown(host)}`,
    )
  }
  const names: readonly (keyof TlsIdentity)[] = ['cert', 'key', 'pfx', 'passphrase']
  const prefix = `tls.hosts['${host}'].`
  const checked = readIdentity(new OptionReader('`tls.hosts`', identity, names, prefix), prefix)
  if (checked.cert === '' && checked.pfx.length === 0) {
    throw new HawserTypeError(
      'INVALID_OPTION',
      `Option \`${prefix.slice(0, -1)}\` needs \`cert\` and \`key\`, or \`pfx\``,
    )
  }
  return { host: host.toLowerCase(), ...checked }
}
