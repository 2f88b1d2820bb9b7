// The socket: one class with the W3C shape and the emitter shape, for both roles.
import { Hold } from '../native/endpoint'
import { In, Out, largeThreshold, messageOverhead } from '../native/records'
import { runtime } from '../native/runtime'
import { type WebSocketOptions, dial } from './client-dial'
import { checkCloseCode, checkReason } from './close-code'
import { HawserError, HawserTypeError } from './error'
import { iterate } from './iterate'
import { type PublishData, type PublishOptions, publish } from './publish'
import { MessageEvent } from './socket-events'
import { announceInterest, control, count } from './socket-control'
import { dropHeld, hold, keep, unhold } from './socket-hold'
import { type SendData, type SendOptions, bytesOf, send } from './socket-send'
import { Flag, type SendCallback, type SocketSettings, State, holdDropped } from './socket-state'
import { SocketTarget } from './socket-target'
import type { UpgradeResponse } from './upgrade-response'
import { shown } from './validate'

/** Kinds of object that binary messages come as. */
export type BinaryType = 'nodebuffer' | 'arraybuffer' | 'blob'

/** A string up to this long, in characters, may go the short way. */
const shortWay = Math.floor(largeThreshold / 3)

/** @internal Marks the constructor call that makes a server's socket. */
export const serverSide = Symbol('server side')

/**
 * A WebSocket of either role. As a client: `new WebSocket(url, protocols, options)`; a server hands its own to
 * `connection` listeners. Text arrives as a string, binary as a Buffer.
 */
export class WebSocket extends SocketTarget {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSING = 2
  static readonly CLOSED = 3
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSING: 2
  declare readonly CLOSED: 3

  /** @internal */ _settings: SocketSettings
  /** @internal */ _state: number = State.connecting
  /** @internal */ _protocol = ''
  /** @internal */ _extensions = ''

  /**
   * Connects. Errors of the connection come as `error`, followed by `close`.
   * @param url `ws:`, `wss:`, `http:`, `https:` or `ws+unix:/path/to.sock:/target`; a user and password in it are sent
   *   as Basic authorization.
   * @param protocols subprotocols to offer, in order of preference.
   * @throws TypeError with code `INVALID_URL` (where a browser throws a SyntaxError), `INVALID_ARGUMENT` for protocols
   *   that are no tokens or come twice, `INVALID_OPTION`; HawserError `NATIVE_UNAVAILABLE`, `TLS_BAD_MATERIAL`.
   */
  constructor(
    url: string | URL,
    protocols?: string | readonly string[] | WebSocketOptions,
    options?: WebSocketOptions,
  ) {
    super()
    if ((url as unknown) === serverSide) {
      this._settings = protocols as unknown as SocketSettings
      this._state = State.open
    } else {
      this._settings = dial(this, url, protocols, options)
    }
  }

  // ------------------------------------------------------------------------------------------------------- state

  /** 0 CONNECTING, 1 OPEN, 2 CLOSING, 3 CLOSED. */
  get readyState(): 0 | 1 | 2 | 3 {
    return this._state as 0 | 1 | 2 | 3
  }
  /** The URL connected to, after redirects; '' for a server's sockets. */
  get url(): string {
    return this._extra?.url ?? ''
  }
  /** The subprotocol agreed, or ''. */
  get protocol(): string {
    return this._protocol
  }
  /** The extensions agreed, as in the header, or ''. */
  get extensions(): string {
    return this._extensions
  }
  /** Client: what the server answered, once open. */
  get upgradeResponse(): UpgradeResponse | undefined {
    return this._extra?.response
  }
  /** Payload bytes accepted by `send` that the kernel has not taken yet. */
  get bufferedAmount(): number {
    const channel = this._channel
    // The table's words are another connection's until this one is open.
    if (channel === null || this._state === State.connecting || this._slot < 0) return this._queued
    return Math.max(0, channel.pendingPayload(this)) + (this._extra?.waitingBytes ?? 0)
  }
  /** Whether `pause()` is in force. */
  get isPaused(): boolean {
    return (this._hold & Hold.paused) !== 0
  }
  /** What binary messages come as: 'nodebuffer' (default), 'arraybuffer' or 'blob'. Others throw INVALID_ARGUMENT. */
  get binaryType(): BinaryType {
    if ((this._flags & Flag.arrayBuffer) !== 0) return 'arraybuffer'
    return (this._flags & Flag.blob) !== 0 ? 'blob' : 'nodebuffer'
  }
  set binaryType(type: BinaryType) {
    const names: readonly string[] = ['nodebuffer', 'arraybuffer', 'blob']
    if (!names.includes(type)) {
      throw new HawserTypeError(
        'INVALID_ARGUMENT',
        `\`binaryType\` must be 'nodebuffer', 'arraybuffer' or 'blob', not ${shown(type)}`,
      )
    }
    this._flags &= ~(Flag.arrayBuffer | Flag.blob)
    if (type === 'arraybuffer') this._flags |= Flag.arrayBuffer
    if (type === 'blob') this._flags |= Flag.blob
  }

  // ----------------------------------------------------------------------------------------------------- sending

  /**
   * Sends a message; the data is copied before this returns. True: accepted. False: accepted, but more than
   * `highWaterMark` waits, go on at `drain`; or the socket is closing or closed, then the callback gets
   * `CONNECTION_CLOSED`.
   * @param callback called without an argument once the kernel has the message, with a HawserError when it never will.
   * @throws `INVALID_STATE` while connecting; `BACKPRESSURE_EXCEEDED` when more than `maxBackpressure` would wait and
   *   there is no callback to tell; `INVALID_ARGUMENT`.
   */
  send(data: SendData, options?: SendOptions | SendCallback, callback?: SendCallback): boolean {
    if (typeof data === 'string' && options === undefined && callback === undefined) {
      const length = data.length
      const channel = this._channel
      if (
        length <= shortWay &&
        this._state === State.open &&
        channel !== null &&
        (this._flags & Flag.slowSend) === 0 &&
        // A character takes at most three bytes: what stays below the mark that way needs no count.
        channel.pending(this) + length * 3 + messageOverhead <= this._settings.highWaterMark &&
        channel.sendText(this, data, this._flags & Flag.deflate) >= 0
      ) {
        return true
      }
    }
    return send(this, data, options, callback)
  }

  /** Sends a ping of at most 125 bytes. False: not sent, since the socket is not open or too much waits. */
  ping(data?: string | ArrayBufferView | ArrayBufferLike): boolean {
    return this.controlFrame(Out.ping, data)
  }
  /** Sends a pong that nobody asked for, of at most 125 bytes. Pings are answered without it. */
  pong(data?: string | ArrayBufferView | ArrayBufferLike): boolean {
    return this.controlFrame(Out.pong, data)
  }

  private controlFrame(kind: number, data: unknown): boolean {
    const bytes =
      data === undefined ? new Uint8Array(0) : typeof data === 'string' ? Buffer.from(data) : bytesOf(data)
    if (bytes === undefined || bytes.length > 125) {
      throw new HawserTypeError(
        'INVALID_ARGUMENT',
        '`data` must be a string or bytes, at most 125 bytes long',
      )
    }
    if (this._state === State.connecting) {
      throw new HawserError('INVALID_STATE', 'The socket is still connecting. Wait for `open` before sending')
    }
    const channel = this._channel
    if (this._state !== State.open || channel === null) return false
    return channel.offer(kind, this._slot, 0, bytes)
  }

  // ----------------------------------------------------------------------------------------------------- closing

  /**
   * Starts the closing handshake; what was sent before goes out first, and messages arrive until `close`. While
   * connecting the attempt is given up.
   * @param code 1000 to 1003, 1007 to 1014 or 3000 to 4999. Default: none, or 1000 with a reason.
   * @param reason at most 123 bytes of UTF-8.
   * @throws `INVALID_ARGUMENT`
   */
  close(code?: number, reason?: string | Uint8Array): void {
    const text = checkReason(reason)
    const number = checkCloseCode(code, text.length > 0)
    if (this._state === State.connecting) {
      this.abandon()
      return
    }
    if (this._state !== State.open) return
    this._state = State.closing
    const end = (): boolean => {
      if (this._channel !== null) this._channel.command(Out.close, this._slot, number, text)
      return true
    }
    const extra = this._extra
    if (extra !== null && extra.waiting.length > 0) extra.waiting.push({ size: 0, run: end, drop: () => {} })
    else end()
  }

  /** Drops the connection at once. No message comes any more, not even one that was held; `close` comes with 1006. */
  terminate(): void {
    if (this._state === State.closed || (this._flags & Flag.terminated) !== 0) return
    if (this._state === State.connecting) {
      this.abandon()
      return
    }
    this._flags |= Flag.terminated
    this._state = State.closing
    dropHeld(this)
    if (this._channel !== null) this._channel.command(Out.terminate, this._slot)
  }

  private abandon(): void {
    this._state = State.closing
    this._flags |= Flag.terminated
    this._extra?.dial?.abort()
  }

  /** `close()`, then waits until the connection is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this._state === State.closed) return
    const gone = new Promise<void>((resolve) => this.once('close', () => resolve()))
    this.close()
    await gone
  }

  // -------------------------------------------------------------------------------------------------------- flow

  /** Stops `message`, `ping` and `pong` and then the peer; what was under way is held. */
  pause(): void {
    if (this._state < State.closing || this._channel !== null) hold(this, Hold.paused)
  }
  /** Goes on; what was held comes first, in the next turn of the event loop. */
  resume(): void {
    if ((this._hold & Hold.paused) !== 0) unhold(this, Hold.paused)
  }
  /** Lets the event loop end although this socket is open. */
  unref(): this {
    if ((this._flags & Flag.refed) !== 0) {
      this._flags &= ~Flag.refed
      runtime().unref()
    }
    return this
  }
  /** Takes `unref()` back. */
  ref(): this {
    if ((this._flags & (Flag.refed | Flag.counted)) === Flag.counted) {
      this._flags |= Flag.refed
      runtime().ref()
    }
    return this
  }
  /**
   * The messages from this call on. The peer is paused while many wait. Ends at a normal close; a connection that ends
   * otherwise throws. Leaving the loop leaves the socket open.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<string | Buffer> {
    return iterate(this)
  }

  // ------------------------------------------------------------------------------------------------------ topics

  /** Server side: messages published to the topic reach this socket. False: the socket is not open. */
  subscribe(topic: string): boolean {
    return this.topicRecord(Out.subscribe, topic)
  }
  /** Server side: takes `subscribe` back. */
  unsubscribe(topic: string): boolean {
    return this.topicRecord(Out.unsubscribe, topic)
  }
  /**
   * Server side: sends to all subscribers of the topic but this socket. False: a subscriber is above the high-water
   * mark or the way to the I/O thread is full, wait for the server's `drain` before publishing more; or the socket is
   * not open and nothing was published.
   * @throws `BACKPRESSURE_EXCEEDED` when it was not accepted, `INVALID_STATE` on a client, `INVALID_ARGUMENT`.
   */
  publish(topic: string, data: PublishData, options?: PublishOptions): boolean {
    const name = this._settings.topic(topic)
    const channel = this._channel
    if (this._state !== State.open || channel === null) return false
    return publish(channel, this._settings.serverId, name, data, options, this._slot, this._settings.crowded)
  }

  private topicRecord(kind: number, topic: string): boolean {
    const name = this._settings.topic(topic)
    if (this._state !== State.open || this._channel === null) return false
    this._channel.command(kind, this._slot, 0, name)
    return true
  }

  // ------------------------------------------------------------------------------------- what the channel calls

  /** @internal */
  override _receive(data: string | Buffer, isBinary: boolean): void {
    let value: string | Buffer | ArrayBuffer | Blob = data
    if (isBinary && (this._flags & (Flag.arrayBuffer | Flag.blob)) !== 0)
      value = this.converted(data as Buffer)
    const handler = this._events['message']
    if ((this._flags & Flag.dom) !== 0) {
      this.receiveBoth(value, isBinary)
      return
    }
    if (typeof handler === 'function') (handler as (...args: unknown[]) => void).call(this, value, isBinary)
    else if (handler !== undefined) super.emit('message', value, isBinary)
  }

  private receiveBoth(value: string | Buffer | ArrayBuffer | Blob, isBinary: boolean): void {
    const listeners = this._extra?.listeners
    try {
      super.emit('message', value, isBinary)
    } finally {
      if (listeners?.has('message') === true) listeners.dispatch(this, new MessageEvent(this, value))
    }
  }

  private converted(data: Buffer): ArrayBuffer | Blob {
    if ((this._flags & Flag.blob) !== 0) return new Blob([data as Uint8Array<ArrayBuffer>])
    // Small buffers are slices of a pool; the program gets memory of its own.
    return (data.buffer as ArrayBuffer).slice(data.byteOffset, data.byteOffset + data.byteLength)
  }

  /** @internal */
  override _keep(data: string | Buffer, isBinary: boolean): void {
    if ((this._hold & holdDropped) === 0) keep(this, In.message, 0, data, isBinary)
  }

  /** @internal */
  override _control(kind: number, aux: number, payload: string | Buffer): void {
    control(this, kind, aux, payload)
  }

  /** @internal */
  override _interested(): void {
    announceInterest(this)
  }

  /** @internal Counts the socket as open in the runtime. */
  _count(): void {
    count(this)
  }

  /** What `console.log` shows: not the rings behind it. */
  [Symbol.for('nodejs.util.inspect.custom')](): object {
    const { url, readyState, protocol, extensions, bufferedAmount } = this
    return Object.assign(Object.create({ constructor: this.constructor }) as object, {
      url,
      readyState,
      protocol,
      extensions,
      bufferedAmount,
    })
  }
}

for (const [name, value] of Object.entries({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 })) {
  Object.defineProperty(WebSocket.prototype, name, { value, enumerable: true })
  Object.defineProperty(WebSocket, name, { value, enumerable: true, writable: false })
}
