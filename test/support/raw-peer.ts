// A WebSocket peer made of a plain socket: it performs the opening handshake, then sends whatever bytes a test asks for.
import { createHash, randomBytes } from 'node:crypto'
import * as net from 'node:net'
import type { Duplex } from 'node:stream'
import { closeCode, closePayload, encodeFrame, FrameParser, OP, type Frame, type FrameSpec } from './frames'
import { deferred, within } from './waiters'

export type Role = 'client' | 'server'

export interface HttpHead {
  /** The request line or status line. */
  first: string
  /** Lower-case names; repeated ones joined by `, `. */
  headers: Record<string, string>
  raw: string
}

export function acceptKey(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

export function parseHead(raw: string): HttpHead {
  const [first = '', ...lines] = raw.split('\r\n')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const at = line.indexOf(':')
    if (at < 0) continue
    const name = line.slice(0, at).trim().toLowerCase()
    const value = line.slice(at + 1).trim()
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value
  }
  return { first, headers, raw }
}

export class RawPeer {
  readonly socket: Duplex
  /** Which end of the WebSocket this peer plays: a client masks its frames. */
  readonly role: Role
  /** The other side's HTTP head, once read. */
  head: HttpHead | undefined
  /** Settles when the byte stream ended in any way: true after an orderly end of stream. */
  readonly ended: Promise<boolean>
  /** Total bytes received after the HTTP head. */
  received = 0

  readonly #parser = new FrameParser()
  readonly #frames: Frame[] = []
  #waiting: (() => void) | undefined
  #text: Buffer | undefined = Buffer.alloc(0)
  #headReady = deferred<HttpHead>()
  #over = false

  constructor(socket: Duplex, role: Role) {
    this.socket = socket
    this.role = role
    if (socket instanceof net.Socket) socket.setNoDelay(true)
    let orderly = false
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('end', () => {
      orderly = true
      this.#finish()
    })
    socket.on('error', () => {})
    this.#headReady.promise.catch(() => {})
    this.ended = new Promise((resolve) => {
      socket.on('end', () => resolve(true))
      socket.on('close', () => {
        this.#finish()
        resolve(orderly)
      })
    })
  }

  /** Connects as a client, to a port of 127.0.0.1 or to a path, without saying anything. */
  static async connect(to: number | string): Promise<RawPeer> {
    const socket = typeof to === 'string' ? net.connect(to) : net.connect(to, '127.0.0.1')
    const peer = new RawPeer(socket, 'client')
    await within(
      new Promise<void>((resolve, reject) => {
        socket.once('connect', () => resolve())
        socket.once('error', reject)
      }),
      'TCP connection',
    )
    return peer
  }

  /** Sends an upgrade request; `lines` replace or add headers (undefined leaves one out). */
  upgrade(lines: Record<string, string | undefined> = {}, path = '/', tail: Buffer = Buffer.alloc(0)): this {
    this.socket.write(Buffer.concat([Buffer.from(upgradeRequest(lines, path)), tail]))
    return this
  }

  /** Answers an upgrade request that has been read. */
  accept(lines: Record<string, string | undefined> = {}, tail: Buffer = Buffer.alloc(0)): this {
    const key = this.head?.headers['sec-websocket-key'] ?? ''
    const headers = merge(
      { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': acceptKey(key) },
      lines,
    )
    this.socket.write(
      Buffer.concat([Buffer.from(`HTTP/1.1 101 Switching Protocols\r\n${headers}\r\n`), tail]),
    )
    return this
  }

  /** The HTTP head the other side sends. */
  readHead(): Promise<HttpHead> {
    return within(this.#headReady.promise, 'HTTP head')
  }

  /** Bytes that followed the HTTP head, as text: the body of a refusal. Resolves at the end of the stream. */
  async readBody(): Promise<string> {
    await within(this.ended, 'end of stream')
    return this.#body.toString()
  }
  #body = Buffer.alloc(0)

  encode(spec: FrameSpec): Buffer {
    return encodeFrame({ mask: this.role === 'client', ...spec })
  }

  /** Sends frames in one write. */
  send(...specs: FrameSpec[]): this {
    return this.write(Buffer.concat(specs.map((spec) => this.encode(spec))))
  }

  text(payload: string): this {
    return this.send({ opcode: OP.text, payload })
  }

  close(code?: number, reason = ''): this {
    return this.send({ opcode: OP.close, payload: code === undefined ? '' : closePayload(code, reason) })
  }

  write(bytes: Buffer): this {
    if (this.socket.writable) this.socket.write(bytes)
    return this
  }

  /** Sends `bytes` in writes of `size` bytes, each handed to the kernel before the next. */
  async writeChopped(bytes: Buffer, size: number): Promise<void> {
    for (let at = 0; at < bytes.length; at += size) await this.flush(bytes.subarray(at, at + size))
  }

  /** Resolves once the kernel took `bytes`. */
  flush(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      if (!this.socket.writable) resolve()
      else this.socket.write(bytes, () => resolve())
    })
  }

  /** The next frame, or undefined at the end of the stream. */
  async nextFrame(ms?: number): Promise<Frame | undefined> {
    while (this.#frames.length === 0) {
      if (this.#over) return undefined
      await within(new Promise<void>((resolve) => (this.#waiting = resolve)), 'frame from the peer', ms)
    }
    return this.#frames.shift()
  }

  /** The next frame, of the opcode given; fails on any other. */
  async expectFrame(opcode: number): Promise<Frame> {
    const frame = await this.nextFrame()
    if (!frame) throw new Error(`end of stream instead of a frame with opcode ${opcode}`)
    if (frame.opcode !== opcode) {
      throw new Error(
        `opcode ${frame.opcode} (${frame.payload.subarray(0, 40).toString('hex')}) instead of ${opcode}`,
      )
    }
    return frame
  }

  /** Reads up to the close frame and gives its code; undefined when the stream ended without one. */
  async closeFrame(): Promise<{ code: number; reason: string; before: Frame[] } | undefined> {
    const before: Frame[] = []
    for (let frame = await this.nextFrame(); frame; frame = await this.nextFrame()) {
      if (frame.opcode === OP.close)
        return { code: closeCode(frame), reason: frame.payload.subarray(2).toString(), before }
      before.push(frame)
    }
    return undefined
  }

  /** Frames that came and were not asked for yet. */
  get unread(): number {
    return this.#frames.length
  }

  pause(): this {
    this.socket.pause()
    return this
  }

  resume(): this {
    this.socket.resume()
    return this
  }

  /** Half-closes: our end of stream. */
  end(): this {
    this.socket.end()
    return this
  }

  /** Vanishes with a reset. */
  reset(): this {
    if (this.socket instanceof net.Socket && typeof this.socket.resetAndDestroy === 'function')
      this.socket.resetAndDestroy()
    else this.socket.destroy()
    return this
  }

  destroy(): void {
    this.socket.destroy()
  }

  #take(chunk: Buffer): void {
    if (this.#text) {
      this.#text = Buffer.concat([this.#text, chunk])
      const at = this.#text.indexOf('\r\n\r\n')
      if (at < 0) return
      this.head = parseHead(this.#text.subarray(0, at).toString('latin1'))
      chunk = this.#text.subarray(at + 4)
      this.#text = undefined
      this.#headReady.resolve(this.head)
    }
    const upgraded = this.role === 'server' || / 101 /.test(this.head!.first)
    if (!upgraded) {
      this.#body = Buffer.concat([this.#body, chunk])
      return
    }
    this.received += chunk.length
    if (chunk.length > 0) this.#frames.push(...this.#parser.push(chunk))
    this.#wake()
  }

  #finish(): void {
    this.#over = true
    this.#headReady.reject(
      new Error(`end of stream before an HTTP head; got ${JSON.stringify(this.#text?.toString())}`),
    )
    this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.()
  }
}

function merge(base: Record<string, string | undefined>, lines: Record<string, string | undefined>): string {
  const all = { ...base, ...lines }
  return Object.entries(all)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}

/** A correct upgrade request, but for `lines`. */
export function upgradeRequest(lines: Record<string, string | undefined> = {}, path = '/'): string {
  const base = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Version': '13',
  }
  return `GET ${path} HTTP/1.1\r\n${merge(base, lines)}\r\n`
}
