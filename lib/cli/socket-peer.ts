// `hawser connect`: one socket, and with --reconnect the next one.
import { nextDelay } from '../client/portable/reconnect-policy'
import type { WebSocketOptions } from '../core/client-options'
import type { HawserError } from '../core/error'
import { WebSocket } from '../core/websocket'
import { exits, inWords } from './command'
import { type Peer, MistypedLine, never } from './conversation'
import type { Report } from './report'

export interface SocketPeerOptions {
  url: string
  protocols: readonly string[]
  socket: WebSocketOptions
  /** Connect again when the connection is lost. */
  reconnect: boolean
  /** Lines go as binary messages. */
  binary: boolean
  /** A line that begins with a slash is a command. */
  commands: boolean
}

const backoff = { minDelay: 1000, maxDelay: 30_000, factor: 2, jitter: 0.5 }
/** Ends that are as good as any: normal, going away, and without a code. */
const goodEnds = [1000, 1001, 1005]

export const socketCommands = `Lines that begin with a slash are commands on a terminal, and with --slash in a pipe:
  /ping [TEXT]   /pong [TEXT]   /close [CODE] [REASON]   /binary HEX   //TEXT sends a text that begins with a slash`

export class SocketPeer implements Peer {
  readonly ended: Promise<number>
  private end: (code: number) => void = () => {}
  private socket: WebSocket | undefined
  private error: HawserError | undefined
  private attempt = 0
  private timer: NodeJS.Timeout | undefined
  private leaving = false
  private opened: Promise<void>
  private settle: { resolve: () => void; reject: (error: Error) => void } = { resolve() {}, reject() {} }

  constructor(
    private readonly options: SocketPeerOptions,
    private readonly report: Report,
  ) {
    this.ended = new Promise((resolve) => (this.end = resolve))
    this.opened = this.next()
    report.behind = (paused) => this.hold(paused)
    this.dial()
  }

  open(): Promise<void> {
    return this.opened.catch(() => never)
  }

  async take(message: string | Buffer): Promise<void> {
    await this.open()
    const { socket, options } = this
    if (socket === undefined) return
    if (typeof message === 'string' && options.commands && message.startsWith('/')) {
      if (!message.startsWith('//')) return this.command(socket, message)
      message = message.slice(1)
    }
    await this.send(socket, message, options.binary)
  }

  async close(): Promise<void> {
    this.leave()
    await this.ended
  }

  /** The peer waits while standard output is behind. */
  private hold(paused: boolean): void {
    if (paused) this.socket?.pause()
    else this.socket?.resume()
  }

  private next(): Promise<void> {
    const opened = new Promise<void>((resolve, reject) => (this.settle = { resolve, reject }))
    // Who waits hears of it; nobody need wait.
    opened.catch(() => {})
    return opened
  }

  private dial(): void {
    const { url, protocols, socket: options } = this.options
    this.error = undefined
    const socket = (this.socket = new WebSocket(url, protocols, options))
    socket.on('open', () => this.connected(socket))
    socket.on('message', (data) => this.report.message(data))
    for (const event of ['ping', 'pong'] as const) {
      socket.on(event, (data) => {
        const text = data.toString()
        this.report.event(event, { data: text }, text === '' ? event : `${event} ${text}`)
      })
    }
    socket.on('redirect', (to) => this.report.event('redirect', { url: to }, `redirected to ${to}`))
    socket.on('error', (error) => {
      this.error = error
      if (!this.leaving) {
        this.report.event('error', { code: error.code, message: error.message }, inWords(error), true)
      }
    })
    socket.on('close', (code, reason) => this.lost(socket, code, reason))
  }

  private connected({ url, protocol, extensions }: WebSocket): void {
    this.attempt = 0
    const agreed = [protocol, extensions].filter((part) => part !== '').join(', ')
    this.report.event(
      'open',
      { url, protocol, extensions },
      `connected to ${url}${agreed === '' ? '' : ` (${agreed})`}`,
    )
    this.settle.resolve()
  }

  private lost(socket: WebSocket, code: number, reason: string): void {
    const had = socket.upgradeResponse !== undefined
    if (had)
      this.report.event('close', { code, reason }, `closed ${code}${reason === '' ? '' : ` ${reason}`}`)
    const good = had && goodEnds.includes(code)
    const again =
      this.options.reconnect && !this.leaving && code !== 1000 && this.error?.recoverable !== false
    if (!again) {
      this.settle.reject(this.error ?? new Error('the connection has ended'))
      this.end(good || this.leaving ? exits.ok : exits.failure)
      return
    }
    if (had) this.opened = this.next()
    const delay = nextDelay(backoff, ++this.attempt, Math.random())
    this.report.event('reconnecting', { attempt: this.attempt, delay }, `again in ${delay} ms`)
    this.timer = setTimeout(() => this.dial(), delay)
  }

  private leave(code?: number, reason?: string): void {
    this.leaving = true
    const { socket } = this
    clearTimeout(this.timer)
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) this.end(exits.ok)
    else {
      // What has not been read yet has to be, or the peer's close frame is never reached.
      socket.resume()
      socket.close(code, reason)
    }
  }

  private async send(socket: WebSocket, data: string | Buffer, binary: boolean): Promise<void> {
    const sent = socket.send(data, { binary: binary || typeof data !== 'string' })
    if (sent || socket.readyState !== WebSocket.OPEN) return
    await new Promise<void>((resolve) => {
      const go = (): void => {
        socket.off('drain', go).off('close', go)
        resolve()
      }
      socket.on('drain', go).on('close', go)
    })
  }

  private async command(socket: WebSocket, line: string): Promise<void> {
    const [, name, rest] = /^\/(\S*)\s*([^]*)$/.exec(line) ?? []
    try {
      if (name === 'ping') socket.ping(rest)
      else if (name === 'pong') socket.pong(rest)
      else if (name === 'binary') await this.send(socket, bytesOf(rest), true)
      else if (name === 'close') {
        const [, code, reason] = /^(\d*)\s*([^]*)$/.exec(rest) ?? []
        this.leave(code === '' ? undefined : Number(code), reason === '' ? undefined : reason)
      } else
        throw new MistypedLine(
          `there is no command /${name}: /ping, /pong, /close, /binary, or // for a text`,
        )
    } catch (error) {
      if ((error as { code?: string }).code !== 'INVALID_ARGUMENT') throw error
      throw new MistypedLine((error as Error).message)
    }
  }
}

function bytesOf(hex: string): Buffer {
  const digits = hex.replace(/\s/g, '')
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) {
    throw new MistypedLine(`/binary takes hexadecimal digits, two a byte, not '${hex}'`)
  }
  return Buffer.from(digits, 'hex')
}
