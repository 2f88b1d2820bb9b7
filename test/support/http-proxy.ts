// An HTTP CONNECT proxy that keeps what it was asked.
import * as http from 'node:http'
import * as net from 'node:net'
import { event } from './waiters'

export interface ProxyRules {
  /** `user:password` that is demanded. */
  credentials?: string
  /** Answers instead of connecting. */
  refuse?: string
  /** Takes the request and never answers. */
  silent?: boolean
}

export class HttpProxy {
  readonly server = http.createServer()
  readonly requests: { target: string; headers: http.IncomingHttpHeaders }[] = []
  readonly #sockets = new Set<net.Socket>()

  private constructor(rules: ProxyRules) {
    this.server.on('connection', (socket: net.Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {})
    })
    this.server.on('connect', (request: http.IncomingMessage, near: net.Socket, head: Buffer) => {
      this.requests.push({ target: request.url!, headers: request.headers })
      if (rules.silent) return
      if (rules.refuse) return void near.end(rules.refuse)
      const expected = rules.credentials && `Basic ${Buffer.from(rules.credentials).toString('base64')}`
      if (expected && request.headers['proxy-authorization'] !== expected) {
        near.end(
          'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="p"\r\nContent-Length: 0\r\n\r\n',
        )
        return
      }
      const { hostname, port } = new URL(`http://${request.url}`)
      const far = net.connect(Number(port), hostname.replace(/^\[|\]$/g, ''))
      this.#sockets.add(far)
      far.on('connect', () => {
        near.write('HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n')
        if (head.length > 0) far.write(head)
        near.pipe(far).pipe(near)
      })
      far.on('error', () => near.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
      far.on('close', () => near.destroy())
      near.on('close', () => far.destroy())
    })
  }

  static async listen(rules: ProxyRules = {}): Promise<HttpProxy> {
    const proxy = new HttpProxy(rules)
    proxy.server.listen(0, '127.0.0.1')
    await event(proxy.server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.server.close(() => resolve()))
  }
}
