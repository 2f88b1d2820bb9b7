// A reverse proxy of the kind that WebSockets do not get through.
import * as http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { event } from './waiters'

export interface ProxyRules {
  /** What becomes of upgrades; undefined: they pass. */
  upgrades?: 'refuse' | 'swallow' | undefined
  /** Answers go on when they are whole. */
  gathers?: boolean
  /** Hears the body of each request, and may say what is lost, or never comes to its end. */
  meddle?: (body: string) => 'lose answer' | 'lose request' | 'stall answer' | undefined
}

export class ReverseProxy {
  /** Bodies of requests, as they came. */
  readonly posts: string[] = []
  readonly #server = http.createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => this.#pass(request, response, Buffer.concat(parts)))
  })
  readonly #sockets = new Set<Socket>()

  private constructor(
    private readonly target: number,
    private readonly rules: ProxyRules,
  ) {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    this.#server.on('upgrade', (request, socket) => this.#upgrade(request, socket))
  }

  static async listen(target: number, rules: ProxyRules): Promise<ReverseProxy> {
    const proxy = new ReverseProxy(target, rules)
    proxy.#server.listen(0, '127.0.0.1')
    await event(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }
  /** Ends all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
  close(): void {
    this.#server.close()
    this.cut()
  }

  #to(request: http.IncomingMessage): http.ClientRequest {
    const { method, url, headers } = request
    return http.request({ port: this.target, host: '127.0.0.1', method, path: url, headers, agent: false })
  }

  #pass(request: http.IncomingMessage, response: http.ServerResponse, body: Buffer): void {
    if (request.socket.destroyed) return
    this.posts.push(body.toString())
    const fate = this.rules.meddle?.(body.toString())
    if (fate === 'lose request') return void request.socket.destroy()
    const on = this.#to(request)
    on.on('response', (answer) => {
      answer.on('error', () => response.destroy())
      if (fate === 'lose answer') {
        answer.resume()
        request.socket.destroy()
        return
      }
      const status = answer.statusCode ?? 502
      if (fate === 'stall answer') {
        answer.resume()
        response.writeHead(status, answer.headers).flushHeaders()
        return
      }
      if (this.rules.gathers === true) {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        const headers = { ...answer.headers }
        delete headers['transfer-encoding']
        answer.on('end', () => response.writeHead(status, headers).end(Buffer.concat(parts)))
      } else {
        response.writeHead(status, answer.headers)
        response.flushHeaders()
        answer.pipe(response)
      }
    })
    on.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()))
    response.on('close', () => on.destroy())
    on.end(body)
  }

  #upgrade(request: http.IncomingMessage, socket: Duplex): void {
    socket.on('error', () => {})
    if (this.rules.upgrades === 'swallow') return
    if (this.rules.upgrades === 'refuse') {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
      return
    }
    const on = this.#to(request)
    on.on('upgrade', (answer, far, head) => {
      const lines = answer.rawHeaders.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`))
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`)
      socket.write(head)
      far.on('error', () => {})
      far.pipe(socket).pipe(far)
      far.on('close', () => socket.destroy())
      socket.on('close', () => far.destroy())
    })
    on.on('error', () => socket.destroy())
    on.end()
  }
}
