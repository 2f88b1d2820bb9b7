// A connection of the I/O thread whose bytes are read and written here: HTTP that is no upgrade.
//
//   reactor ──► pipe_write ──► push        acknowledged as it is read; pipe_end: the peer sends no more
//   reactor ◄── pipe_data ◄── _write       pipe_ack tells what the kernel has taken
import { Duplex } from 'node:stream'
import type { Channel } from '../../native/channel'
import { Endpoint } from '../../native/endpoint'
import { In, Out } from '../../native/records'
import type { TlsInfo } from '../../core/fields'
import type { UpgradeRequest } from '../upgrade-request'

const chunk = 64 * 1024
const window = 256 * 1024

/** What stands in the slot of such a connection. */
class CarriedEndpoint extends Endpoint {
  constructor(private readonly stream: CarriedStream) {
    super()
  }
  override _receive(): void {}
  override _keep(): void {}
  override _control(kind: number, aux: number, payload: string | Buffer): void {
    if (kind === In.pipe_write) this.stream._arrived(payload as Buffer)
    else if (kind === In.pipe_ack) this.stream._taken(aux)
    else if (kind === In.pipe_end) this.stream._finished()
    else if (kind === In.close) this.stream._ended()
  }
}

export class CarriedStream extends Duplex {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
  /** What Node's http server, and programs, know a TLS socket by. */
  readonly encrypted: boolean
  /** @internal */ readonly _tls: TlsInfo | undefined
  /** Bytes read that were not acknowledged, since nobody wants more. */
  private unread = 0
  private reading = true
  /** Bytes that the kernel has not taken. */
  private underWay = 0
  /** When it took some last, or when the first of those that wait came. */
  private moved = performance.now()
  private held: (() => void) | undefined
  private gone = false

  constructor(
    private readonly channel: Channel,
    private readonly slot: number,
    request: UpgradeRequest,
  ) {
    super({ allowHalfOpen: true })
    this.remoteAddress = request.remoteAddress
    this.remotePort = request.remotePort
    this.localAddress = request.localAddress
    this.localPort = request.localPort
    this._tls = request.tls
    this.encrypted = request.tls !== undefined
    this.on('error', () => {})
    channel.sockets[slot] = new CarriedEndpoint(this)
  }

  /** The bytes begin to flow, from those of the request on. */
  start(): void {
    this.channel.command(Out.carry, this.slot)
  }

  /** Whether the peer is still to be given something, and the time, of `performance.now()`, since when it takes nothing. */
  get waits(): { waiting: boolean; since: number } {
    return { waiting: this.underWay > 0, since: this.moved }
  }

  /** @internal */
  _arrived(bytes: Buffer): void {
    if (this.destroyed) return
    this.unread += bytes.length
    this.reading = this.push(bytes)
    if (this.reading) this.acknowledge()
  }
  /** @internal */
  _taken(bytes: number): void {
    if (bytes > 0) this.moved = performance.now()
    this.underWay -= bytes
    if (this.underWay >= window) return
    const { held } = this
    this.held = undefined
    held?.()
  }
  /** @internal The peer sends no more. */
  _finished(): void {
    if (!this.destroyed) this.push(null)
  }
  /** @internal The last that is heard of the slot. */
  _ended(): void {
    this.gone = true
    this.destroy()
  }

  override _read(): void {
    this.reading = true
    this.acknowledge()
  }
  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    if (this.gone) {
      done()
      return
    }
    for (let at = 0; at < bytes.length; at += chunk) {
      this.channel.command(Out.pipe_data, this.slot, 0, bytes.subarray(at, at + chunk))
    }
    if (this.underWay === 0) this.moved = performance.now()
    this.underWay += bytes.length
    if (this.underWay < window) done()
    else this.held = done
  }
  override _final(done: () => void): void {
    if (!this.gone) this.channel.command(Out.pipe_end, this.slot, 0)
    done()
  }
  override _destroy(_error: Error | null, done: () => void): void {
    // What was written and ended goes out by itself.
    if (!this.gone && !this.writableFinished) this.channel.command(Out.pipe_end, this.slot, 1)
    this.held = undefined
    done()
  }

  private acknowledge(): void {
    if (this.unread === 0 || this.gone) return
    this.channel.command(Out.pipe_ack, this.slot, this.unread)
    this.unread = 0
  }
}
