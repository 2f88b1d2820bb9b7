// The bytes of a connection whose transport is a stream of Node's, such as the TLS socket of an https server.
//
//   stream 'data' ──► pipe_data ──► reactor        at most `window` bytes are on their way, then the stream pauses
//   stream.write ◄── pipe_write ◄── reactor        pipe_ack tells what the stream took
import type { Duplex } from 'node:stream'
import type { Channel } from '../native/channel'
import type { Pipe } from '../core/socket-state'
import { Out } from '../native/records'

const chunk = 64 * 1024
const window = 256 * 1024

export class JsPipe implements Pipe {
  /** Bytes handed over that the reactor has not consumed. */
  private underWay = 0
  private paused = false
  private ended = false
  private attached = true

  constructor(
    private readonly channel: Channel,
    private readonly slot: number,
    private readonly stream: Duplex,
  ) {}

  /** Starts the flow. */
  start(): void {
    const { stream } = this
    stream.on('data', this.onData)
    stream.on('end', this.onEnd)
    stream.on('close', this.onClose)
    stream.on('error', this.onError)
    if (stream.destroyed) this.onClose()
    else stream.resume()
  }

  /** pipe_write */
  write(bytes: Buffer): void {
    if (!this.stream.writable) {
      this.acknowledged(bytes.length)
      return
    }
    this.stream.write(bytes, () => this.acknowledged(bytes.length))
  }

  /** pipe_ack */
  acknowledge(bytes: number): void {
    this.underWay -= bytes
    if (this.paused && this.underWay <= window / 2) {
      this.paused = false
      this.stream.resume()
    }
  }

  /** pipe_end: nothing more will be written. */
  end(destroy: boolean): void {
    if (destroy) this.stream.destroy()
    else if (this.stream.writable) this.stream.end()
  }

  /** The connection is gone: no record may name its slot any more. */
  detach(): void {
    if (!this.attached) return
    this.attached = false
    const { stream } = this
    stream.off('data', this.onData)
    if (stream.writableEnded) {
      // What was written last still goes out; what the peer sends behind it is of no interest.
      stream.resume()
      if (stream.writableFinished) stream.destroy()
      else stream.once('finish', () => stream.destroy())
    } else {
      stream.destroy()
    }
  }

  private acknowledged(bytes: number): void {
    if (this.attached) this.channel.command(Out.pipe_ack, this.slot, bytes)
  }

  private readonly onData = (data: Buffer): void => {
    for (let at = 0; at < data.length; at += chunk) {
      this.channel.command(Out.pipe_data, this.slot, 0, data.subarray(at, at + chunk))
    }
    this.underWay += data.length
    if (!this.paused && this.underWay >= window) {
      this.paused = true
      this.stream.pause()
    }
  }

  private readonly onEnd = (): void => this.finish(0)
  private readonly onClose = (): void => this.finish(1)
  /** `close` follows; the listener keeps the error from being thrown. */
  private readonly onError = (): void => {}

  private finish(broken: 0 | 1): void {
    if (this.ended || !this.attached) return
    this.ended = true
    this.channel.command(Out.pipe_end, this.slot, broken)
  }
}
