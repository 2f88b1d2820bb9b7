// `for await` over a socket's messages.
import { HawserError } from './error'
import type { WebSocket } from './websocket'

type Message = string | Buffer

/** Messages that wait before the peer is paused; it goes on when half of them are taken. */
const most = 1024

/** Closes that end a conversation as one wants it to end. */
const normal = new Set([1000, 1001, 1005])

/** `binaryType` may have made an ArrayBuffer or a Blob of a message. */
function sizeOf(data: unknown): number {
  if (typeof data === 'string') return data.length
  return data instanceof Blob ? data.size : (data as ArrayBuffer).byteLength
}

interface Taker {
  resolve(result: IteratorResult<Message, undefined>): void
  reject(error: unknown): void
}

class MessageIterator implements AsyncIterableIterator<Message> {
  private waiting: Message[] = []
  private bytes = 0
  private takers: Taker[] = []
  private paused = false
  private done = false
  private failure: Error | undefined
  private error: HawserError | undefined

  constructor(private readonly socket: WebSocket) {
    if (socket.readyState === 3) {
      this.done = true
      return
    }
    socket.on('message', this.onMessage)
    socket.on('error', this.onError)
    socket.on('close', this.onClose)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    if (this.waiting.length > 0) {
      const value = this.waiting.shift() as Message
      this.bytes -= sizeOf(value)
      if (this.paused && this.waiting.length <= most / 2 && this.bytes <= this.limit / 2) this.flow()
      return Promise.resolve({ value, done: false })
    }
    if (this.failure !== undefined) {
      const failure = this.failure
      this.failure = undefined
      return Promise.reject(failure)
    }
    if (this.done) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve, reject) => this.takers.push({ resolve, reject }))
  }

  /** The loop was left: the socket stays as it is, what waits here is dropped. */
  return(): Promise<IteratorResult<Message, undefined>> {
    this.waiting = []
    this.failure = undefined
    this.finish()
    return Promise.resolve({ value: undefined, done: true })
  }

  private get limit(): number {
    return this.socket._settings.highWaterMark
  }

  private readonly onMessage = (data: Message): void => {
    const taker = this.takers.shift()
    if (taker !== undefined) {
      taker.resolve({ value: data, done: false })
      return
    }
    this.waiting.push(data)
    this.bytes += sizeOf(data)
    if (!this.paused && (this.waiting.length >= most || this.bytes >= this.limit)) {
      this.paused = true
      this.socket.pause()
    }
  }

  private readonly onError = (error: HawserError): void => {
    this.error = error
  }

  private readonly onClose = (code: number, reason: string): void => {
    if (this.error !== undefined || !normal.has(code)) {
      this.failure =
        this.error ??
        new HawserError(
          'ABNORMAL_CLOSE',
          `The connection closed with ${code}${reason === '' ? '' : `: ${reason}`}`,
          {
            closeCode: code,
          },
        )
    }
    this.finish()
  }

  private flow(): void {
    this.paused = false
    this.socket.resume()
  }

  private finish(): void {
    this.done = true
    this.socket.removeListener('message', this.onMessage)
    this.socket.removeListener('error', this.onError)
    this.socket.removeListener('close', this.onClose)
    if (this.paused) this.flow()
    const first = this.takers.shift()
    const others = this.takers
    this.takers = []
    if (first !== undefined && this.failure !== undefined) {
      first.reject(this.failure)
      this.failure = undefined
    } else {
      first?.resolve({ value: undefined, done: true })
    }
    for (const taker of others) taker.resolve({ value: undefined, done: true })
  }
}

/** The messages of a socket from now on. */
export function iterate(socket: WebSocket): AsyncIterableIterator<Message> {
  return new MessageIterator(socket)
}
