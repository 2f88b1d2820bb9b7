// A TCP relay that a test can make cut, swallow or throttle what passes.
import * as net from 'node:net'
import { event, turns } from './waiters'

/**
 * 'swallow' keeps both connections up while nothing arrives: a peer that vanished. 'answer' becomes that behind the first
 * bytes of the target.
 */
type Mode = 'pass' | 'answer' | 'swallow'

export class TcpProxy {
  readonly server: net.Server
  #mode: Mode = 'pass'
  #throttle: (() => number) | undefined
  #cutAfter: (() => number) | undefined
  readonly #pairs = new Set<[net.Socket, net.Socket]>()

  private constructor(target: number) {
    this.server = net.createServer({ allowHalfOpen: true }, (near) => {
      const far = net.connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
      const pair: [net.Socket, net.Socket] = [near, far]
      this.#pairs.add(pair)
      this.#relay(near, far)
      this.#relay(far, near, () => {
        if (this.#mode === 'answer') this.#mode = 'swallow'
      })
      for (const socket of pair) socket.on('close', () => this.#pairs.delete(pair))
      this.#limit(pair)
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

  /** Behind the first bytes of the target nothing gets through any more, and nobody is told. */
  swallowAfterAnswer(): void {
    this.#mode = 'answer'
  }

  /** So many bytes a write, each on a turn of the loop of its own, and nothing more is read meanwhile. */
  throttle(bytes: () => number): void {
    this.#throttle = bytes
  }

  /** From now on each new connection ends behind so many bytes of the target; undefined: no more of them. */
  cutAfter(bytes: (() => number) | undefined): void {
    this.#cutAfter = bytes
  }

  /** Resets every connection. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy()
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
    await new Promise<void>((resolve) => this.server.close(() => resolve()))
  }

  #limit(pair: [net.Socket, net.Socket]): void {
    if (this.#cutAfter === undefined) return
    const [near, far] = pair
    let left = this.#cutAfter()
    const write = near.write.bind(near)
    near.write = (bytes: Buffer) => {
      const part = bytes.subarray(0, left)
      left -= part.length
      if (left > 0) return write(part)
      if (part.length > 0) {
        write(part, () => {
          near.destroy()
          far.destroy()
        })
      }
      return true
    }
  }

  #relay(from: net.Socket, to: net.Socket, passed = (): void => {}): void {
    // What is under way: an end may be told before it is through, even by a stream that is paused.
    let trickle = Promise.resolve()
    from.setNoDelay(true)
    from.on('data', (bytes: Buffer) => {
      if (this.#mode === 'swallow') return
      if (this.#throttle === undefined) {
        if (!to.write(bytes)) {
          from.pause()
          to.once('drain', () => from.resume())
        }
      } else {
        from.pause()
        trickle = this.#trickle(bytes, to, this.#throttle).then(() => void from.resume())
      }
      passed()
    })
    from.on('end', () => {
      if (this.#mode === 'pass') void trickle.then(() => to.end())
    })
    from.on('error', () => {})
    from.on('close', (failed) => {
      if (this.#mode === 'swallow') return
      if (failed) to.resetAndDestroy()
      else void trickle.then(() => to.end())
    })
  }

  async #trickle(bytes: Buffer, to: net.Socket, size: () => number): Promise<void> {
    for (let at = 0; at < bytes.length && !to.destroyed;) {
      const end = at + size()
      to.write(bytes.subarray(at, end))
      at = end
      await turns(1)
    }
  }
}
