// How a client socket gets its connection: name lookup, dial, redirects, giving up.
//
//   start() ──► lookup ──► native connect ──► open record
//     ▲                          └──► response record that redirects ──► close record ──► follow() ─┐
//     └─────────────────────────────────────────────────────────────────────────────────────────────┘
import type { LookupAddress } from 'node:dns'
import { Out } from '../native/records'
import { runtime } from '../native/runtime'
import { type ClientOptions, type WebSocketOptions, readClientOptions } from './client-options'
import { type Target, isAddress, parseTarget, redirectTarget } from './client-url'
import { HawserError, HawserTypeError, fromCore, fromNative } from './error'
import { parseResponse } from './fields'
import { headerIndex, headerObject, takeHeader } from './http-syntax'
import { nativeConnect } from './native-connect'
import { readProtocols } from './protocols'
import { closed, detach, failed } from './socket-control'
import { type SocketSettings, State, extraOf } from './socket-state'
import { tlsContexts } from './tls-context'
import type { WebSocket } from './websocket'

export type { WebSocketOptions } from './client-options'

const unexpectedResponse = 9
const redirects = new Set([301, 302, 303, 307, 308])
/** Headers that only the server they were meant for may see. */
const credentials = ['authorization', 'cookie', 'host']
/** A close that no frame preceded, RFC 6455, section 7.1.5. */
const abnormal = 1006

interface Answer {
  status: number
  reason: string
  headers: Record<string, string>
  body: Buffer
}

/** What a client socket has instead of a server's settings. */
class ClientSettings implements SocketSettings {
  readonly serverId = 0
  readonly crowded = (): boolean => false
  constructor(
    readonly highWaterMark: number,
    readonly maxBackpressure: number,
    readonly maxPayload: number,
  ) {}
  gone(): void {}
  topic(): Uint8Array {
    throw new HawserError('INVALID_STATE', 'Topics live on the server: this socket is a client')
  }
}

/** Starts the connection of a socket that is being constructed. Throws what the constructor throws. */
export function dial(
  socket: WebSocket,
  url: unknown,
  protocols: unknown,
  options: WebSocketOptions | undefined,
): SocketSettings {
  if (
    options === undefined &&
    typeof protocols === 'object' &&
    protocols !== null &&
    !Array.isArray(protocols)
  ) {
    options = protocols
    protocols = undefined
  }
  const target = parseTarget(url)
  const checked = readClientOptions(options)
  if (checked.socketPath !== '') target.unixPath = checked.socketPath
  const attempt = new Dial(socket, target, readProtocols(protocols).join(', '), checked)
  const extra = extraOf(socket)
  extra.dial = attempt
  extra.url = target.href
  const { highWaterMark, maxBackpressure, maxPayload } = checked.socket
  attempt.begin()
  return new ClientSettings(highWaterMark, maxBackpressure, maxPayload)
}

export class Dial {
  /** The connection that ends now makes way for that of a redirect. */
  redirecting = false
  /** The program gave up before the connection was open. */
  aborted = false
  private answer: Answer | undefined
  private refusal: HawserError | undefined
  private count = 0
  private timer: NodeJS.Timeout | null = null
  /** Rises with every attempt; answers of a lookup that belong to an earlier one are ignored. */
  private attempt = 0
  private readonly headers: string[]

  constructor(
    private readonly socket: WebSocket,
    private target: Target,
    private readonly protocols: string,
    private readonly options: ClientOptions,
  ) {
    this.headers = [...options.headers]
    if (target.authorization !== '' && headerIndex(this.headers, 'authorization') < 0) {
      this.headers.push('Authorization', target.authorization)
    }
  }

  /** The first attempt. */
  begin(): void {
    const { signal } = this.options
    // A context that cannot be made is the caller's mistake and thrown to it.
    if (this.target.secure) this.context()
    const channel = runtime().channel()
    this.socket._channel = channel
    this.socket._count()
    if (signal?.aborted === true) {
      setImmediate(() => this.onAbort())
      return
    }
    signal?.addEventListener('abort', this.onAbort)
    this.start()
  }

  private context(): number {
    return tlsContexts(runtime().native).client(this.options.tls)
  }

  private start(): void {
    const { lookup, connectTimeout, proxy } = this.options
    const host = proxy?.host ?? this.target.host
    if (lookup === undefined || this.target.unixPath !== '' || isAddress(host)) {
      this.connect([], connectTimeout)
      return
    }
    const attempt = ++this.attempt
    const started = performance.now()
    let answered = false
    const done = (error: unknown, addresses: LookupAddress[]): void => {
      if (answered || attempt !== this.attempt || this.socket._state !== State.connecting) return
      answered = true
      this.settled()
      if (error !== null && error !== undefined) {
        this.giveUp(
          new HawserError('DNS_FAILED', `The option \`lookup\` does not resolve ${host}`, { cause: error }),
        )
        return
      }
      const left =
        connectTimeout === 0 ? 0 : Math.max(1, Math.round(connectTimeout - (performance.now() - started)))
      const literals = addresses.map((item) => item.address).filter(isAddress)
      if (literals.length === 0) {
        this.giveUp(new HawserError('DNS_FAILED', `The option \`lookup\` found no address of ${host}`))
        return
      }
      this.connect(literals, left)
    }
    if (connectTimeout > 0) {
      this.timer = setTimeout(() => {
        answered = true
        this.giveUp(
          new HawserError('CONNECT_TIMEOUT', `The option \`lookup\` did not resolve ${host} in time`),
        )
      }, connectTimeout)
    }
    try {
      lookup(host, { family: this.options.family, all: true }, (error: Error | null, address, family) => {
        const list = Array.isArray(address) ? address : [{ address, family: family ?? 4 }]
        // It may call back at once, in the constructor; events never come from there.
        setImmediate(done, error, error ? [] : list)
      })
    } catch (error) {
      setImmediate(done, error, [])
    }
  }

  private connect(addresses: string[], connectTimeout: number): void {
    const { socket, target, options } = this
    const channel = socket._channel ?? runtime().channel()
    const headers = [...this.headers]
    let slot: number
    try {
      const tls = target.secure ? this.context() : 0
      slot = channel.native.connect(
        channel.index,
        nativeConnect(target, options, this.protocols, headers, tls, addresses, connectTimeout),
      )
    } catch (thrown) {
      const error = fromNative(thrown)
      if (!(error instanceof HawserError)) throw error
      this.giveUp(error)
      return
    }
    socket._slot = slot
    socket._queued = 0
    socket._sent = 0
    channel.sockets[slot] = socket
    channel.command(Out.connect, slot)
  }

  /** A `response` record: something other than 101. An error record and a close record follow it. */
  answered(status: number, fields: string): void {
    const { reason, rawHeaders, body } = parseResponse(fields)
    const headers = headerObject(rawHeaders)
    this.answer = { status, reason, headers, body }
    const location = headers['location'] as string | undefined
    if (!this.options.followRedirects || !redirects.has(status) || location === undefined) return
    if (this.socket._state !== State.connecting) return
    if (this.count >= this.options.maxRedirects) {
      this.refusal = new HawserError('TOO_MANY_REDIRECTS', undefined, this.details(this.answer))
      return
    }
    try {
      if (location === '') throw new HawserTypeError('INVALID_URL', 'Location is empty')
      const next = redirectTarget(this.target, location)
      if (this.target.secure && !next.secure) {
        throw new HawserTypeError('INVALID_URL', 'It leads from wss: to ws:, where anybody can read along')
      }
      if (next.origin !== this.target.origin) {
        for (const name of credentials) takeHeader(this.headers, name)
        if (next.authorization !== '') this.headers.push('Authorization', next.authorization)
      }
      this.target = next
      this.redirecting = true
    } catch (cause) {
      const message = `The server redirects to where a WebSocket cannot follow: ${(cause as Error).message}`
      this.refusal = new HawserError('INVALID_REDIRECT', message, { ...this.details(this.answer), cause })
    }
  }

  /** The connection that redirected is gone. */
  follow(): void {
    this.redirecting = false
    this.answer = undefined
    this.count++
    const { socket } = this
    socket._channel = runtime().channel()
    extraOf(socket).url = this.target.href
    socket.emit('redirect', this.target.href)
    if (socket._state === State.connecting) this.start()
  }

  /** What the error of a failed attempt becomes; undefined: what its code says. */
  failure(code: number, system: number, detail: string): HawserError | undefined {
    if (this.aborted)
      return new HawserError('ABORTED', undefined, { cause: this.options.signal?.reason as unknown })
    if (this.refusal !== undefined) return this.refusal
    if (this.answer === undefined) return undefined
    const details = this.details(this.answer)
    if (code !== unexpectedResponse && code !== 0) return fromCore(code, system, detail, details)
    const { status, reason } = this.answer
    const words = `The server answered ${`${status} ${reason}`.trim()} instead of 101 Switching Protocols`
    // What a server says of itself with these passes.
    const recoverable = status === 408 || status === 425 || status === 429 || status >= 500
    return new HawserError('UNEXPECTED_RESPONSE', words, { ...details, recoverable })
  }

  private details(answer: Answer): { statusCode: number; headers: Record<string, string>; body: Buffer } {
    return { statusCode: answer.status, headers: answer.headers, body: answer.body }
  }

  /** `close()` or `terminate()` while connecting. */
  abort(): void {
    if (this.aborted) return
    this.aborted = true
    const { socket } = this
    if (socket._slot >= 0) socket._channel?.command(Out.terminate, socket._slot)
    else this.giveUp(undefined)
  }

  private readonly onAbort = (): void => {
    const { socket } = this
    if (socket._state === State.connecting) {
      socket.terminate()
    } else if (socket._state === State.open) {
      const cause = this.options.signal?.reason as unknown
      socket.terminate()
      failed(socket, new HawserError('ABORTED', 'The `signal` ended the connection', { cause }))
    }
  }

  /** Ends an attempt that has no connection. The events come in a later turn. */
  private giveUp(error: HawserError | undefined): void {
    this.settled()
    this.attempt++
    const { socket } = this
    setImmediate(() => {
      if (socket._state === State.closed || socket._slot >= 0) return
      detach(socket)
      if (error !== undefined && !this.aborted) failed(socket, error)
      closed(socket, abnormal, '')
    })
  }

  /** The name is resolved, or nobody waits for it. */
  settled(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
  }

  /** The socket is gone: nothing refers to it any more. */
  ended(): void {
    this.options.signal?.removeEventListener('abort', this.onAbort)
  }
}
