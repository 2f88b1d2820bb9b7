// A TCP (or unix, or TLS) listener that hands every connection to the test as a RawPeer in the server's role.
import * as net from 'node:net'
import * as tls from 'node:tls'
import { RawPeer } from './raw-peer'
import { within } from './waiters'

export class RawServer {
  readonly server: net.Server
  readonly peers: RawPeer[] = []
  #waiting: ((peer: RawPeer) => void)[] = []
  #fresh: RawPeer[] = []

  private constructor(server: net.Server, connectionEvent: string) {
    this.server = server
    server.on(connectionEvent, (socket: net.Socket) => {
      const peer = new RawPeer(socket, 'server')
      this.peers.push(peer)
      const waiting = this.#waiting.shift()
      if (waiting) waiting(peer)
      else this.#fresh.push(peer)
    })
    server.on('tlsClientError', () => {})
  }

  static async listen(
    where: number | string = 0,
    secure?: tls.TlsOptions,
    host = '127.0.0.1',
  ): Promise<RawServer> {
    const server = secure
      ? tls.createServer({ allowHalfOpen: true, ...secure })
      : net.createServer({ allowHalfOpen: true })
    const raw = new RawServer(server, secure ? 'secureConnection' : 'connection')
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      if (typeof where === 'string') server.listen(where, resolve)
      else server.listen(where, host, resolve)
    })
    return raw
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port
  }

  /** The next connection, before its request is read. */
  next(): Promise<RawPeer> {
    const fresh = this.#fresh.shift()
    if (fresh) return Promise.resolve(fresh)
    return within(new Promise<RawPeer>((resolve) => this.#waiting.push(resolve)), 'connection')
  }

  /** The next connection, upgraded. */
  async accepted(lines: Record<string, string | undefined> = {}): Promise<RawPeer> {
    const peer = await this.next()
    await peer.readHead()
    return peer.accept(lines)
  }

  /** Answers every request with `respond`. */
  answer(respond: (peer: RawPeer) => void): this {
    this.server.on('connection', () => {
      void this.next()
        .then(async (peer) => {
          await peer.readHead()
          respond(peer)
        })
        .catch(() => {})
    })
    return this
  }

  async close(): Promise<void> {
    for (const peer of this.peers) peer.destroy()
    await new Promise<void>((resolve) => this.server.close(() => resolve()))
  }
}
