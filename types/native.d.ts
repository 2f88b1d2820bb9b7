/**
 * The contract of hawser.node, the only hand-written one. src/addon implements it; lib/native is its only caller.
 * Arguments are checked in TypeScript before they come here. What fails throws an Error whose `code` is the number
 * of a `hawser::errc` and whose `message` holds the library's words.
 */

/** Both numbers in milliseconds; 0 turns a timer off. */
export interface NativeTimers {
  handshakeTimeout: number
  closeTimeout: number
  idleTimeout: number
  heartbeatInterval: number
  heartbeatTimeout: number
}

export interface NativeDeflate {
  serverNoContextTakeover: boolean
  clientNoContextTakeover: boolean
  serverMaxWindowBits: number
  clientMaxWindowBits: number
  level: number
  memLevel: number
  /** Messages shorter than this, in bytes, are sent as they are. */
  threshold: number
}

export interface NativeSocketSettings extends NativeTimers {
  maxPayload: number
  highWaterMark: number
  /** Bytes of the header section of a handshake. */
  maxHeaderSize: number
  deflate: NativeDeflate | null
}

export interface NativeConnect extends NativeSocketSettings {
  host: string
  port: number
  /** Not empty: connect to this path, host and port only name the peer. */
  unixPath: string
  /** Not empty: literal addresses, no name is resolved. */
  addresses: string[]
  family: 0 | 4 | 6
  localAddress: string
  connectTimeout: number
  /** Milliseconds between attempts to the addresses of a name, RFC 8305. */
  attemptDelay: number
  /** Id of a client context made by tlsClient(), or 0 for plain TCP. */
  tls: number
  /** Name for SNI and for verification. */
  serverName: string
  /** Request target: path and query. */
  target: string
  /** Value of the Host header. */
  hostHeader: string
  /** Comma-separated subprotocols, or ''. */
  protocols: string
  /** Further request headers: name, value, name, value … */
  headers: string[]
  proxyHost: string
  proxyPort: number
  /** Value of Proxy-Authorization, or ''. */
  proxyAuthorization: string
  /** name, value, name, value … */
  proxyHeaders: string[]
}

export interface NativeAdopt {
  /** Server whose settings and topics hold. */
  server: number
  /** A descriptor that is duplicated before this returns, or -1: bytes travel through pipe records. */
  fd: number
  /** The client's Sec-WebSocket-Key. */
  key: string
  /** The client's Sec-WebSocket-Extensions, or ''. */
  extensions: string
  /** The chosen subprotocol, or ''. */
  protocol: string
  /** Further headers of the 101: name, value … */
  headers: string[]
  /** Bytes that were read behind the request. */
  head: Uint8Array
}

export interface NativeListen extends NativeSocketSettings {
  /** false: no listener of its own, connections are adopted. */
  listen: boolean
  host: string
  port: number
  unixPath: string
  backlog: number
  reusePort: boolean
  ipv6Only: boolean
  /** Id of a server context made by tlsServer(), or 0. */
  tls: number
  /** Requests for another path are answered 404; '' takes every path. */
  path: string
  /** Allowed values of Origin; empty: all. A request with another one is answered 403. */
  origins: string[]
  /** Subprotocols in order of preference; the first that the client offers is chosen. */
  protocols: string[]
  /** true: each request becomes an `upgrade` record and waits for accept or reject. */
  decide: boolean
  maxConnections: number
  maxBackpressure: number
  /** What publish does to a subscriber above maxBackpressure: 0 leaves the message out, 1 closes it with 1008. */
  slowConsumer: 0 | 1
}

export interface NativeTlsCommon {
  ca: string[]
  cert: string
  key: string
  /** PKCS#12 bytes, or empty. */
  pfx: Uint8Array
  passphrase: string
  rejectUnauthorized: boolean
  alpn: string[]
  /** 0x0303 for TLS 1.2, 0x0304 for TLS 1.3. */
  minVersion: number
  maxVersion: number
  ciphers: string
  ciphersuites: string
}
export type NativeTlsClient = NativeTlsCommon
export interface NativeTlsHost {
  host: string
  cert: string
  key: string
  pfx: Uint8Array
  passphrase: string
}
export interface NativeTlsServer extends NativeTlsCommon {
  requestCert: boolean
  hosts: NativeTlsHost[]
}

/** Counters of one reactor since its start. */
export interface NativeStats {
  connections: number
  accepted: number
  messagesIn: number
  messagesOut: number
  bytesIn: number
  bytesOut: number
  reads: number
  writes: number
  turns: number
  bells: number
  wakes: number
  dropped: number
  /** Published messages handed to other reactors, once for each of them. */
  handed: number
  /** Times when another reactor took no more of them, and records had to wait. */
  stalls: number
  partialBytes: number
  running: boolean
}

/** One runtime of one Node environment. Every method is called on its thread. */
export interface NativeRuntime {
  /**
   * Gives reactor `index` its memory; once all have theirs, they can be started. `inbound` and `outbound` cover whole rings, `table` holds two words a slot:
   * flushed weight and flushed messages, both modulo 2^32.
   */
  attach(index: number, inbound: Uint8Array, outbound: Uint8Array, table: Uint32Array): void
  /** Starts the reactor's thread; nothing happens when it runs. */
  start(index: number): void
  /** Ends and joins the thread; connections that are still there are dropped. */
  stop(index: number): void
  /** Rings the reactor: records or space await it. */
  wake(index: number): void
  /** Keeps the event loop alive, or no longer does. */
  ref(): void
  unref(): void
  /** Reserves a slot and keeps the settings for the `connect` record. */
  connect(index: number, settings: NativeConnect): number
  /** Reserves a slot, duplicates the descriptor and keeps both for the `adopt` record. */
  adopt(index: number, settings: NativeAdopt): number
  /**
   * Keeps settings under a server id that the caller chose, for the `listen` records: one to each reactor, for each has
   * a part of the server; reactor `index` accepts for all. The result is the slots of the parts' gauges by reactor: the
   * first of its words in the table counts subscribers above the high-water mark.
   */
  listen(index: number, id: number, settings: NativeListen): number[]
  tlsClient(settings: NativeTlsClient): number
  tlsServer(settings: NativeTlsServer): number
  tlsAddHost(id: number, host: NativeTlsHost): void
  /** Drops our hold of a context; connections that use it keep theirs. */
  tlsRelease(id: number): void
  setDefaultRoots(pem: string): void
  /**
   * Copies into an owned buffer for a `large` record. The result is its id, or 0: too many bytes of such buffers wait
   * for the reactor.
   */
  stage(index: number, data: string | Uint8Array): number
  /** Takes the payload of a `large` message. mode 0: Latin-1 string, 1: UTF-8 string, 2: Uint8Array. */
  take(index: number, id: number, mode: 0 | 1 | 2): string | Uint8Array
  /** Waits until all records and bytes went to the kernel, at most so many milliseconds. */
  flush(milliseconds: number): boolean
  stats(index: number): NativeStats
  /** Ends everything; the runtime is of no use afterwards. */
  dispose(): void
}

export interface NativeBinding {
  /** Version of the binary; equals the package's. */
  readonly version: string
  /** `bell` is called on this thread whenever a reactor has records, or space, for a sleeping consumer. */
  createRuntime(reactors: number, bell: () => void): NativeRuntime
  /** Reports like an exception that nobody caught. */
  fatalException(error: unknown): void
}
