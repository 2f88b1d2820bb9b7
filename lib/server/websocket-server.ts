// The server: listens, or takes upgrades from Node's http server; publishes; closes.
import { lookup } from 'node:dns'
import type { IncomingMessage, Server as HttpServer } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import type { NativeRate, NativeTlsServer } from '../../types/native'
import { defaults } from '../core/defaults'
import { HawserError, fromCore, fromNative } from '../core/error'
import { parseError } from '../core/fields'
import { type PublishData, type PublishOptions, publish, topicBytes } from '../core/publish'
import { tlsContexts } from '../core/tls-context'
import type { TlsIdentity } from '../core/tls-options'
import { OptionReader, checkNumber } from '../core/validate'
import { In, noSlot } from '../native/records'
import { runtime } from '../native/runtime'
import { type Attached, attach, detachFrom } from './attach'
import { ClientSet } from './client-set'
import { Connections } from './connections'
import { Fallback } from './fallback/fallback'
import type { CheckedFallback } from './fallback/fallback-options'
import { type UpgradeCallback, handleUpgrade, pathOf } from './handle-upgrade'
import { type Refusal, bothVerdicts } from './decide'
import type { KeptTopics } from './kept-topics'
import { ServerEmitter } from './server-emitter'
import {
  type CheckedServerOptions,
  type ServerOptions,
  type Verdict,
  readHost,
  readServerOptions,
} from './server-options'
import type { UpgradeRequest } from './upgrade-request'

/**
 * A WebSocket server. Its connections live on I/O threads, see `configure()`; messages reach `connection` listeners'
 * sockets.
 */
export class WebSocketServer extends ServerEmitter {
  /** The sockets that are open, read like a Set. */
  readonly clients: ClientSet
  private readonly options: CheckedServerOptions
  private readonly connections: Connections
  private readonly tls: number
  private attached: { http: HttpServer; as: Attached } | null = null
  private state: 'new' | 'starting' | 'started' | 'closing' | 'closed' = 'new'
  private bound: AddressInfo | string | null = null
  private refed = true
  private keeps = false

  /**
   * Starts to listen in the same turn of the event loop, after the code that calls this.
   * @param listening a listener of `listening`.
   * @throws TypeError or RangeError with code `INVALID_OPTION`; HawserError `NATIVE_UNAVAILABLE`, `TLS_BAD_MATERIAL`.
   */
  constructor(options: ServerOptions, listening?: () => void) {
    super()
    this.options = readServerOptions(options)
    const rt = runtime()
    this.tls = this.options.tls === undefined ? 0 : serverContext(this.options.tls)
    this.connections = new Connections(
      this,
      this.options,
      rt.channel(),
      rt.channels,
      rt.serverId(),
      (kind, aux, fields) => {
        this.onEvent(kind, aux, fields)
      },
    )
    this.clients = new ClientSet(this.connections)
    rt.open()
    this.keep()
    if (listening !== undefined) this.once('listening', listening)
    if (this.options.server !== undefined) this.join(this.options.server)
    process.nextTick(() => this.start())
  }

  /** Where the server listens: address, family and port, or the path of a unix socket; null before `listening`. */
  address(): AddressInfo | string | null {
    return this.options.server === undefined ? this.bound : this.options.server.address()
  }

  /**
   * Sends to all subscribers of a topic, on all I/O threads; it is encoded once. False: a subscriber is above the
   * high-water mark, wait for `drain`; or the way to the I/O threads is full; or the server is closed.
   * @throws `BACKPRESSURE_EXCEEDED` when it was not accepted; `INVALID_ARGUMENT`.
   */
  publish(topic: string, data: PublishData, options?: PublishOptions): boolean {
    const name = topicBytes(topic)
    // Before it is started nobody can have subscribed.
    if (this.state === 'closed') return false
    const { channel, id } = this.connections
    return publish(channel, id, name, data, options, noSlot, this.connections.crowded)
  }

  /** @internal Topics that keep messages, messages to several topics, counters. */
  get _topics(): KeptTopics {
    return this.connections.topics
  }

  /** Whether this server takes a request; override it to decide by more than `path`. */
  shouldHandle(request: UpgradeRequest): boolean {
    return this.takes(request.url)
  }

  /**
   * Takes over an upgrade of Node's http server. Requests that are no WebSocket handshake, or that options refuse, are
   * answered here. Nothing that the peer sent behind its request is lost.
   * @param callback gets the socket and the request; without it `connection` listeners do.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, callback?: UpgradeCallback): void {
    this.start()
    handleUpgrade(this.connections, request, socket, head, callback)
  }

  /** Adds or exchanges the certificate of a server name, for handshakes from now on. Throws `TLS_BAD_MATERIAL`. */
  addHost(host: string, identity: TlsIdentity): void {
    if (this.tls === 0)
      throw new HawserError('INVALID_STATE', 'The server has no option `tls`, so it has no names')
    const checked = readHost(host, identity)
    try {
      runtime().native.tlsAddHost(this.tls, checked)
    } catch (error) {
      throw fromNative(error)
    }
  }

  /**
   * Stops accepting, closes every connection with 1001, and drops those that are left after `timeout`.
   * @param options.timeout milliseconds. Default 10000; 0 drops at once.
   * @returns a promise that resolves when nobody is connected any more.
   */
  async close(options?: { timeout?: number }): Promise<void> {
    const reader = new OptionReader('`close`', options, ['timeout'])
    const timeout = checkNumber('timeout', defaults['close.timeout'], reader.raw('timeout'))
    if (this.state === 'closed') return
    const ended = new Promise<void>((resolve) => this.once('close', () => resolve()))
    if (this.state !== 'closing') {
      const started = this.state === 'started'
      this.state = 'closing'
      this.keep()
      this.connections.closing = true
      this.leave()
      if (started) this.connections.close(timeout)
      else setImmediate(() => this.end())
      this.connections.fallback?.close()
    }
    await ended
  }

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Lets the event loop end although this server listens. Its sockets still hold it. */
  unref(): this {
    this.refed = false
    this.keep()
    return this
  }
  /** Takes `unref()` back. */
  ref(): this {
    this.refed = true
    this.keep()
    return this
  }

  /**
   * @internal For a hub: its subprotocol, a further verdict on each request, behind that of `verify`, answers to
   * plain requests by path, rates instead of the server's, and whose they are. With an http server of Node's, plain requests are that
   * one's.
   * @throws `INVALID_STATE`: the I/O threads know by now what they have to ask.
   */
  _extend(
    protocol: string,
    verify: ((request: UpgradeRequest) => Promise<Verdict>) | undefined,
    pages: Readonly<Record<string, () => Refusal>>,
    rate: NativeRate | null,
    userOf: (request: UpgradeRequest) => string | undefined,
  ): void {
    if (this.state !== 'new') {
      throw new HawserError(
        'INVALID_STATE',
        'Make the hub in the turn of the event loop that makes its server',
      )
    }
    const { options } = this
    if (!options.protocols.includes(protocol)) options.protocols.push(protocol)
    options.hub = true
    options.rate = rate ?? options.rate
    if (options.rate !== null && options.rate.user.length > 0) this.connections.userOf = userOf
    if (verify !== undefined) options.verify = bothVerdicts(options.verify, verify)
    for (const [path, page] of Object.entries(pages)) this.connections.pages.set(path, page)
  }

  /** @internal For a hub: HTTP for peers that cannot have a WebSocket. */
  _fallBack(options: CheckedFallback): Fallback {
    const { connections } = this
    const { origins } = this.options
    return (connections.fallback = new Fallback(options, {
      origins,
      takes: (target) => this.takes(target),
      page: (target) => connections.page(target),
      handleUpgrade: (request, socket, head) => this.handleUpgrade(request, socket, head),
    }))
  }

  /** @internal New peers are answered 503; `deaf`: a listener of its own is closed, too. The others stay. */
  _refuse(deaf: boolean): void {
    this.connections.closing = true
    if (this.state === 'started') this.connections.refuse(deaf)
  }

  // ------------------------------------------------------------------------------------------------------- begin

  private start(): void {
    if (this.state !== 'new') return
    this.state = 'starting'
    const { host, listens } = this.options
    if (!listens || host === '' || isIP(host) !== 0) {
      this.listen(host)
      return
    }
    lookup(host, (error, address) => {
      if (this.state !== 'starting') return
      if (error === null) this.listen(address)
      else this.abandon(new HawserError('DNS_FAILED', `Option \`host\`: ${error.message}`, { cause: error }))
    })
  }

  private listen(host: string): void {
    const { options } = this
    try {
      this.connections.listen({
        ...options.socket,
        listen: options.listens,
        host,
        port: options.port,
        unixPath: options.socketPath,
        backlog: options.backlog,
        reusePort: options.reusePort,
        ipv6Only: options.ipv6Only,
        tls: this.tls,
        path: options.path,
        origins: options.origins,
        protocols: options.protocols,
        decide: this.decides(),
        carry: this.connections.fallback !== undefined,
        maxConnections: options.maxConnections,
        maxConnectionsPerAddress: options.maxConnectionsPerAddress,
        rate: options.rate,
        hub: options.hub,
        slowConsumer: options.slowConsumer.policy,
        conflateBy: options.slowConsumer.conflateBy,
      })
    } catch (error) {
      this.abandon(fromNative(error) as Error)
      return
    }
    this.state = 'started'
  }

  /** Whether each request has to be asked about here, or the I/O thread can decide by itself. */
  private decides(): boolean {
    const { verify, handleProtocols } = this.options
    if (verify !== undefined || handleProtocols !== undefined || this.listenerCount('headers') > 0)
      return true
    if (this.connections.pages.size > 0) return true
    return this.shouldHandle !== WebSocketServer.prototype.shouldHandle
  }

  private takes(target: string): boolean {
    return this.options.path === '' || pathOf(target) === this.options.path
  }

  private onEvent(kind: number, aux: number, fields: string): void {
    switch (kind) {
      case In.listening: {
        if (this.options.server !== undefined || !this.options.listens) return
        const [address = '', port, family = ''] = fields.split('\n')
        this.bound = this.options.socketPath === '' ? { address, port: Number(port), family } : address
        this.emit('listening')
        return
      }
      case In.server_error: {
        const { system, detail } = parseError(fields)
        this.emit('error', fromCore(aux, system, detail))
        return
      }
      case In.dropped:
        this.emit('dropped', aux)
        return
      case In.server_drain:
        this.emit('drain')
        return
      case In.server_closed:
        this.end()
    }
  }

  // ------------------------------------------------------------------------------------------------ http servers

  private readonly onListening = (): void => void this.emit('listening')
  private readonly onError = (error: Error): void => void this.emit('error', error)

  private join(http: HttpServer): void {
    const as: Attached = {
      takes: (target) => this.takes(target),
      handleUpgrade: (request, socket, head) => this.handleUpgrade(request, socket, head),
    }
    this.attached = { http, as }
    http.on('listening', this.onListening)
    http.on('error', this.onError)
    attach(http, as)
  }

  /** Takes no more upgrades from Node. */
  private leave(): void {
    if (this.attached === null) return
    const { http, as } = this.attached
    this.attached = null
    http.off('listening', this.onListening)
    http.off('error', this.onError)
    detachFrom(http, as)
  }

  // --------------------------------------------------------------------------------------------------------- end

  private keep(): void {
    // One without a listener of its own is kept by another's, until it closes: somebody waits for that.
    const own = this.options.listens || this.state === 'closing'
    const keeps = this.refed && own && this.state !== 'closed'
    if (keeps === this.keeps) return
    this.keeps = keeps
    if (keeps) runtime().ref()
    else runtime().unref()
  }

  /** It could not even be tried to listen. */
  private abandon(error: Error): void {
    setImmediate(() => this.end())
    this.emit('error', error)
  }

  private end(): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.connections.closing = true
    this.bound = null
    this.leave()
    this.connections.end()
    if (this.tls !== 0) runtime().native.tlsRelease(this.tls)
    this.keep()
    runtime().close()
    this.emit('close')
  }
}

/** Id of a TLS context of a server's own. Throws TLS_BAD_MATERIAL. */
function serverContext(settings: NativeTlsServer): number {
  const { native } = runtime()
  // Peers' certificates are checked against Node's authorities where no others are named.
  if (settings.requestCert && settings.ca.length === 0) tlsContexts(native).ensureRoots()
  try {
    return native.tlsServer(settings)
  } catch (error) {
    throw fromNative(error)
  }
}
