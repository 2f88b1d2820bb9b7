// The stream below the connection of a session: what the server's side of a WebSocket says to it is taken apart here,
// and what the peer says by HTTP goes in as frames. So a session is a connection like any other to all that is above.
//
//   connection ──► 101, frames ──► _write ──► PipeEvents          waits while the session has enough
//   connection ◄── frames ◄── put ◄── what was posted             false: wait for `eager`
import { Duplex } from 'node:stream'
import { FrameReader, type FrameEvents } from './frames'

export interface PipeEvents extends FrameEvents {
  /** The server has taken the connection, under this subprotocol. */
  opened(protocol: string): void
  /** It has refused it; `headers`: name, value, name, value … */
  refused(status: number, headers: string[], body: string): void
  /** Nothing more comes. */
  gone(): void
  /** What came together has been told. True: take no more from the server for now. */
  settled(): boolean
}

/** Of an answer that is no 101. */
const longestAnswer = 64 * 1024

export class SessionPipe extends Duplex {
  private readonly frames: FrameReader
  /** The answer, until it is whole; then undefined. */
  private answer: Buffer | undefined = Buffer.alloc(0)
  private held: (() => void) | undefined
  private waiting: (() => void) | undefined
  private flowing = true

  constructor(private readonly told: PipeEvents) {
    super({ allowHalfOpen: true })
    this.frames = new FrameReader(told)
    this.on('error', () => {})
    this.on('close', () => {
      this.release()
      this.wake()
      told.gone()
    })
  }

  /** Hands frames to the connection. False: it has enough, wait for `eager`. */
  put(frame: Buffer): boolean {
    if (this.destroyed || this.readableEnded) return true
    this.flowing = this.push(frame)
    return this.flowing
  }
  /** Whether the connection has enough for now. */
  get full(): boolean {
    return !this.flowing && !this.destroyed
  }
  /** Calls back as soon as the connection takes more, or is gone, or somebody else waits for that. */
  eager(then: () => void): void {
    this.wake()
    if (this.full) this.waiting = then
    else then()
  }
  /** The session takes more. */
  release(): void {
    const { held } = this
    this.held = undefined
    held?.()
  }

  override _read(): void {
    this.flowing = true
    this.wake()
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.answer === undefined) this.frames.push(chunk)
    else this.begin(Buffer.concat([this.answer, chunk]))
    if (this.told.settled()) this.held = done
    else done()
  }
  override _final(done: () => void): void {
    if (this.answer !== undefined) this.refuse(this.answer)
    done()
    this.push(null)
  }

  /** Calls back who waits, whatever the connection takes. */
  wake(): void {
    const { waiting } = this
    this.waiting = undefined
    waiting?.()
  }

  private begin(text: Buffer): void {
    const end = text.indexOf('\r\n\r\n')
    if (end < 0 || !text.toString('latin1', 0, 12).endsWith(' 101')) {
      this.answer = text.subarray(0, longestAnswer)
      return
    }
    this.answer = undefined
    const { headers } = head(text.toString('latin1', 0, end))
    const at = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'sec-websocket-protocol')
    this.told.opened(at < 0 ? '' : headers[at + 1])
    if (text.length > end + 4) this.frames.push(text.subarray(end + 4))
  }

  private refuse(text: Buffer): void {
    const end = Math.max(0, text.indexOf('\r\n\r\n'))
    const { status, headers } = head(text.toString('latin1', 0, end))
    this.answer = undefined
    this.told.refused(status, headers, text.toString('utf8', end + 4))
  }
}

function head(text: string): { status: number; headers: string[] } {
  const [first, ...lines] = text.split('\r\n')
  const status = Number(first.split(' ')[1])
  const headers: string[] = []
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers.push(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return { status: status >= 300 ? status : 503, headers }
}
