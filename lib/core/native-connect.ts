// Where and how to connect, in the words of the native part.
import type { NativeConnect } from '../../types/native'
import type { ClientOptions } from './client-options'
import type { Target } from './client-url'
import { takeHeader } from './http-syntax'

/** `headers` is the caller's own list; a Host header is taken out of it. `tls` is the id of a context, or 0. */
export function nativeConnect(
  target: Target,
  options: ClientOptions,
  protocols: string,
  headers: string[],
  tls: number,
  addresses: string[],
  connectTimeout: number,
): NativeConnect {
  const hostHeader = takeHeader(headers, 'host') ?? target.hostHeader
  return {
    ...options.socket,
    host: target.host,
    port: target.port,
    unixPath: target.unixPath,
    addresses,
    family: options.family,
    localAddress: options.localAddress,
    connectTimeout,
    attemptDelay: options.attemptDelay,
    tls,
    serverName: options.servername ?? target.host,
    target: target.path,
    hostHeader,
    protocols,
    headers,
    proxyHost: options.proxy?.host ?? '',
    proxyPort: options.proxy?.port ?? 0,
    proxyAuthorization: options.proxy?.authorization ?? '',
    proxyHeaders: options.proxy?.headers ?? [],
  }
}
