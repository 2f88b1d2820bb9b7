// A TCP relay that a test can make cut, swallow, delay or throttle what passes.
import * as net from 'node:net'
import { event } from './waiters'

type Mode = 'pass' | 'swallow'

export class TcpProxy {
  readonly server: net.Server
  /** Bytes relayed from the client to the target, and back. */
  up = 0
  down = 0
  /** 'swallow' keeps both connections up while nothing arrives: a peer that vanished. */
  #mode: Mode = 'pass'
  /** At most this many bytes a write, each on a loop turn of its own. */
  chunk = Infinity
  readonly #pairs = new Set<[net.Socket, net.Socket]>()

  private constructor(target: number) {
    this.server = net.createServer({ allowHalfOpen: true }, (near) => {
      const far = net.connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
      const pair: [net.Socket, net.Socket] = [near, far]
      this.#pairs.add(pair)
      this.#relay(near, far, (n) => (this.up += n))
      this.#relay(far, near, (n) => (this.down += n))
      for (const socket of pair) socket.on('close', () => this.#pairs.delete(pair))
    })
  }

  static async listen(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target)
    proxy.server.listen(0, '127.0.0.1')
    await event(proxy.server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port
  }

  /** From now on nothing gets through, and nobody is told. */
  swallow(): void {
    this.#mode = 'swallow'
  }

  /** Stops reading, so that both kernels' buffers fill. */
  stall(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.pause()
  }

  flow(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resume()
  }

  /** Resets every connection. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy()
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
    await new Promise<void>((resolve) => this.server.close(() => resolve()))
  }

  #relay(from: net.Socket, to: net.Socket, count: (bytes: number) => void): void {
    from.setNoDelay(true)
    from.on('data', (bytes: Buffer) => {
      if (this.#mode === 'swallow') return
      count(bytes.length)
      if (this.chunk === Infinity) {
        if (!to.write(bytes)) {
          from.pause()
          to.once('drain', () => from.resume())
        }
        return
      }
      from.pause()
      void this.#trickle(bytes, to).then(() => from.resume())
    })
    from.on('end', () => {
      if (this.#mode === 'pass') to.end()
    })
    from.on('error', () => {})
    from.on('close', (failed) => {
      if (this.#mode === 'swallow') return
      if (failed) to.resetAndDestroy()
      else if (from.destroyed && !to.destroyed) to.end()
    })
  }

  async #trickle(bytes: Buffer, to: net.Socket): Promise<void> {
    for (let at = 0; at < bytes.length && !to.destroyed; at += this.chunk) {
      to.write(bytes.subarray(at, at + this.chunk))
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }
}
