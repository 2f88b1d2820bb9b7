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
  /** Address of the peer, and its user, or ''. */
  address: string
  user: string
}

/** Messages, milliseconds, burst; or nothing. */
export type NativeRule = [] | [messages: number, per: number, burst: number]

/** How much peers may send. */
export interface NativeRate {
  connection: NativeRule
  /** A least interval between two messages of a connection. */
  spacing: NativeRule
  user: NativeRule
  address: NativeRule
  /** Milliseconds for which a refusal counts towards `closeAfter`. */
  memory: number
  closeAfter: number
  reply: boolean
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
  /** true: POST and OPTIONS requests become `upgrade` records and may be answered by `carry`. */
  carry: boolean
  maxConnections: number
  maxConnectionsPerAddress: number
  rate: NativeRate | null
  /** Peers speak docs/protocol.md: their heartbeats are answered natively. */
  hub: boolean
  maxBackpressure: number
  /** What publish does about a subscriber that is behind, see net::slow_policy. */
  slowConsumer: 0 | 1 | 2 | 3
  /** JSON pointers that tell keys apart, with slowConsumer 3. */
  conflateBy: string[]
}

/** A managed client. Times in milliseconds. */
export interface NativeClient {
  endpoints: NativeConnect[]
  /** 0 failover, 1 race, 2 round robin, 3 least busy, 4 latency. */
  strategy: number
  /** Of each endpoint what an earlier client learned: opened, failed, success rate, latency; or empty. */
  learned: number[]
  reconnect: boolean
  minDelay: number
  maxDelay: number
  factor: number
  /** Share of the delay that is random, 0 to 1. */
  jitter: number
  /** 0: no limit. */
  maxAttempts: number
  /** Delays and the limit of attempts follow what is known of an endpoint. */
  adaptive: boolean
  /** A connection that lived so long resets the count of attempts. */
  minUptime: number
  /** Close codes after which the client tries again, or does not, against the rule. */
  recoverableCodes: number[]
  finalCodes: number[]
  /** Messages that may wait while there is no connection. */
  maxMessages: number
  maxQueuedBytes: number
  /** 0 drop oldest, 1 drop newest, 2 drop lowest priority, 3 reject. */
  overflow: number
  ttl: number
  ackTimeout: number
  maxRetries: number
  maxRequests: number
  /** File of the durable queue, or ''; `line` names the queue in it. */
  store: string
  line: string
  fsync: boolean
  /** JSON pointers. */
  typeAt: string
  roomAt: string
  correlationAt: string
  /** Both '': replies are handed up whole. */
  payloadAt: string
  errorAt: string
  /** Replies are envelopes of this type; '': whatever carries the correlation id of a request. */
  replyType: string
  /** Messages in a batch, below 2: no batches; how long one waits for company; whatever the server speaks. */
  batchMax: number
  batchEvery: number
  batchAlways: boolean
  /** Heartbeat envelopes beside pings; interval 0: none. */
  gated: boolean
  messageInterval: number
  messageTimeout: number
  /** Whether each dial waits for a token. */
  auth: boolean
  /** 0: where the server speaks hawser.v1; 1: always; 2: never. */
  acks: number
  /** Seed of the random parts of delays, an integer below 2^53. */
  seed: number
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
  /** Reserves the slot of a managed client and keeps the settings for its `begin`. */
  client(index: number, settings: NativeClient): number
  /**
   * Counters of a client in the order of src/core/client/client_gauges.hpp, then four figures of each endpoint; empty when
   * it is gone.
   */
  clientGauges(index: number, slot: number): Float64Array
  /** Counters of a server in the order of src/core/net/server_state.hpp; `index` is its listener's. Empty when it is gone. */
  serverGauges(index: number, id: number): Float64Array
  /** Sockets that are subscribed to a topic of a server. */
  subscribers(index: number, id: number, topic: string): number
  /**
   * What a topic keeps: offset above which everything is kept, last offset, messages, bytes; empty when it does not keep.
   * `what`: 0 read, 1 begin with `head` as the last offset, 2 forget.
   */
  keptGauge(index: number, id: number, topic: string, what: 0 | 1 | 2, head: number): Float64Array
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

/** Settings of a pool. Times in milliseconds. */
export interface NativePoolSettings {
  maxPerHost: number
  perEndpoint: number
  /** Requests on one connection; 0: no limit. */
  maxInFlight: number
  maxWaiters: number
  maxWaitingRequests: number
  idleTime: number
}

export interface NativePoolSnapshot {
  connections: {
    id: number
    key: string
    host: string
    state: 'opening' | 'open' | 'lost' | 'closing'
    users: number
    waiters: number
    activeRequests: number
    waitingRequests: number
  }[]
  holders: number
  waiters: number
  opened: number
  failed: number
  evicted: number
  granted: number
  refused: number
}

/**
 * Who gets which connection of a pool: src/core/pool. Each answer but the last two is the call's result, followed by six
 * numbers an action: kind, connection, endpoint, user, request, why. `now` and deadlines are milliseconds of one clock
 * that never goes back; a deadline of 0 is none.
 */
export interface NativePool {
  /** The result is the number of the target. `order` as NativeClient.strategy. */
  addTarget(keys: string[], hosts: string[], order: number): Float64Array
  removeTarget(now: number, target: number): Float64Array
  /** The result is the number of the user. */
  acquire(now: number, target: number, deadline: number): Float64Array
  release(now: number, user: number): Float64Array
  cancel(now: number, user: number): Float64Array
  /** The result is the number of the request. */
  beginRequest(user: number, deadline: number): Float64Array
  endRequest(now: number, request: number): Float64Array
  /** `what`: 0 opened, 1 lost, 2 healed, 3 failed, 4 closed. */
  report(now: number, connection: number, what: number, latency: number): Float64Array
  removeConnection(now: number, connection: number): Float64Array
  /** host '': the general limit; limit 0 of a host: the general one again. */
  setLimit(now: number, host: string, limit: number): Float64Array
  cleanup(now: number): Float64Array
  close(now: number): Float64Array
  timer(now: number): Float64Array
  nextDeadline(): number
  snapshot(): NativePoolSnapshot
}

export interface NativeBinding {
  /** Version of the binary; equals the package's. */
  readonly version: string
  /** `bell` is called on this thread whenever a reactor has records, or space, for a sleeping consumer. */
  createRuntime(reactors: number, bell: () => void): NativeRuntime
  createPool(settings: NativePoolSettings): NativePool
  /** Reports like an exception that nobody caught. */
  fatalException(error: unknown): void
}
