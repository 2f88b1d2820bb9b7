// Opens what a test needs and closes it all afterwards, newest first.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEADLINE, event, within } from './waiters'
import { RawPeer, type Role } from './raw-peer'
import { RawServer } from './raw-server'
import { WebSocket, WebSocketServer } from './subject'
import type * as tls from 'node:tls'

type Options = Record<string, unknown>
type HeaderLines = Record<string, string | undefined>
export type Message = { data: unknown; isBinary: boolean }

export interface Pair {
  server: WebSocketServer
  /** The client's end. */
  client: WebSocket
  /** The server's end. */
  socket: WebSocket
  url: string
}

/** One subject socket with a raw peer at the other end. */
export interface Session {
  peer: RawPeer
  socket: WebSocket
  messages: Message[]
  errors: (Error & { code?: string })[]
  closed: Promise<{ code: number; reason: string }>
  /** Resolves with the first `count` messages. */
  received(count: number): Promise<Message[]>
}

/** Time limits of the product. Tests that are about one set it; no other may fail because the machine is slow. */
const patient = { handshakeTimeout: 0, closeTimeout: 10 * DEADLINE, heartbeat: false }

export class Scope {
  #cleanups: (() => unknown)[] = []

  defer(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup)
  }

  async close(): Promise<void> {
    const cleanups = this.#cleanups.reverse()
    this.#cleanups = []
    for (const cleanup of cleanups)
      await within(Promise.resolve(cleanup()), `end of ${cleanup.toString().slice(0, 60)}`)
  }

  /** A listening server on the loopback. */
  async server(options: Options = {}): Promise<{ server: WebSocketServer; port: number; url: string }> {
    const host = typeof options['host'] === 'string' ? options['host'] : '127.0.0.1'
    const server = new WebSocketServer({ ...patient, port: 0, ...options, host })
    this.track(server)
    await event(server, 'listening')
    const port = (server.address() as { port: number }).port
    return { server, port, url: `${options['tls'] ? 'wss' : 'ws'}://${host}:${port}` }
  }

  /** The same on a unix socket, whose kernel buffers are small and do not grow. */
  async unixServer(options: Options = {}): Promise<{ server: WebSocketServer; path: string; url: string }> {
    const path = this.socketPath()
    const server = this.track(new WebSocketServer({ ...patient, ...options, socketPath: path }))
    await event(server, 'listening')
    return { server, path, url: `ws+unix:${path}:/` }
  }

  /** A path for a unix socket, in a folder of its own. */
  socketPath(): string {
    const folder = mkdtempSync(join(tmpdir(), 'hawser-unix-'))
    this.defer(() => rmSync(folder, { recursive: true, force: true }))
    return join(folder, 'it.sock')
  }

  /** Closes `server` and everything connected to it when the test is over. */
  track(server: WebSocketServer): WebSocketServer {
    this.defer(async () => {
      for (const socket of server.clients) socket.terminate()
      await server.close()
    })
    return server
  }

  client(url: string, protocols?: string | string[], options?: Options): WebSocket {
    const client = new WebSocket(url, protocols, { ...patient, connectTimeout: 0, ...options })
    client.on('error', () => {})
    this.defer(() => client.terminate())
    return client
  }

  async opened(url: string, protocols?: string | string[], options?: Options): Promise<WebSocket> {
    const client = this.client(url, protocols, options)
    await settledOpen(client)
    return client
  }

  /** A connected client and server, both the package's. */
  async pair(
    serverOptions: Options = {},
    clientOptions: Options = {},
    protocols: string[] = [],
  ): Promise<Pair> {
    const { server, url } = await this.server(serverOptions)
    const connection = event<[WebSocket]>(server, 'connection')
    const client = await this.opened(url, protocols, clientOptions)
    const [socket] = await connection
    socket.on('error', () => {})
    return { server, client, socket, url }
  }

  async rawServer(where: number | string = 0, secure?: tls.TlsOptions): Promise<RawServer> {
    const raw = await RawServer.listen(where, secure)
    this.defer(() => raw.close())
    return raw
  }

  /** A raw listener at an address and port of the test's choice. */
  async rawServerAt(host: string, port: number): Promise<RawServer> {
    const raw = await RawServer.listen(port, undefined, host)
    this.defer(() => raw.close())
    return raw
  }

  /** A raw client of 127.0.0.1 or of a unix socket. */
  async rawClient(to: number | string): Promise<RawPeer> {
    const peer = await RawPeer.connect(to)
    this.defer(() => peer.destroy())
    return peer
  }

  /**
   * A subject socket in the role given with a raw peer opposite. `extensions` is what the peer offers (as a client) or
   * answers (as a server).
   */
  async session(role: Role, options: Options = {}, extensions?: string): Promise<Session> {
    const lines = { 'Sec-WebSocket-Extensions': extensions }
    if (role === 'client') {
      const raw = await this.rawServer()
      return await this.#dials(raw, `ws://127.0.0.1:${raw.port}/`, options, lines)
    }
    const { server, port } = await this.server(options)
    return await this.#accepts(server, port, lines)
  }

  /** The same over a unix socket: a peer that does not read holds the subject back before it sent `plenty`. */
  async narrowSession(role: Role, options: Options = {}): Promise<Session> {
    if (role === 'client') {
      const path = this.socketPath()
      return await this.#dials(await this.rawServer(path), `ws+unix:${path}:/`, options)
    }
    const { server, path } = await this.unixServer(options)
    return await this.#accepts(server, path)
  }

  async #accepts(server: WebSocketServer, to: number | string, lines: HeaderLines = {}): Promise<Session> {
    const observed = event<[WebSocket]>(server, 'connection').then(([socket]) => observe(socket))
    const peer = (await this.rawClient(to)).upgrade(lines)
    await peer.readHead()
    return { peer, ...(await observed) }
  }

  async #dials(raw: RawServer, url: string, options: Options, lines: HeaderLines = {}): Promise<Session> {
    const accepted = raw.accepted(lines)
    const socket = this.client(url, [], options)
    const watched = observe(socket)
    const opened = settledOpen(socket)
    const peer = await accepted
    await opened
    return { peer, ...watched }
  }
}

export function observe(socket: WebSocket): Omit<Session, 'peer'> {
  const messages: Message[] = []
  const errors: (Error & { code?: string })[] = []
  let arrived = (): void => {}
  socket.on('message', (data: unknown, isBinary: boolean) => {
    messages.push({ data, isBinary })
    arrived()
  })
  socket.on('error', (error: Error) => errors.push(error))
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code: number, reason: string) => resolve({ code, reason }))
  })
  const received = async (count: number): Promise<Message[]> => {
    const enough = new Promise<void>((resolve) => {
      arrived = () => {
        if (messages.length >= count) resolve()
      }
      arrived()
    })
    await within(enough, `${count} messages`).catch((error: unknown) => {
      throw new Error(
        `${String(error)} (${messages.length} came; errors: ${errors.map(String).join('; ')})`,
        {
          cause: error,
        },
      )
    })
    return messages
  }
  return { socket, messages, errors, closed, received }
}

/** Resolves at `open`; rejects with the error when the connection fails. */
export async function settledOpen(socket: WebSocket): Promise<void> {
  let failed: (error: Error) => void = () => {}
  const failure = new Promise<never>((_resolve, reject) => {
    failed = reject
    socket.once('error', failed)
  })
  failure.catch(() => {})
  try {
    await Promise.race([event(socket, 'open'), failure])
  } finally {
    socket.removeListener('error', failed)
  }
}

/** A scope per test. */
export function useScope(): Scope {
  const scope = new Scope()
  afterEach(() => scope.close())
  return scope
}

/** The failure of a connection attempt: the error and the close that must follow it. */
export async function failure(
  socket: WebSocket,
): Promise<{ error: Error & Record<string, unknown>; code: number }> {
  const closed = event<[number, string]>(socket, 'close')
  const [error] = await event<[Error & Record<string, unknown>]>(socket, 'error')
  const [code] = await closed
  return { error, code }
}
