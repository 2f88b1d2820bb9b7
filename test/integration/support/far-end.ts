// The other end of managed clients: a server, of the `ws` package or this one, that a test can stop and start again on
// its port, and that keeps what came.
import type { IncomingMessage } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { WebSocketServer as PeerServer } from 'ws'
import { WebSocketServer } from '../../../lib'
import type { KeyPair } from '../../support/certificates'
import { event, within } from '../../support/waiters'

/** What both packages' sockets have in common. */
export interface FarSocket {
  send(data: string | Uint8Array): unknown
  close(code?: number, reason?: string): void
  terminate(): void
  pause(): void
  resume(): void
  on(name: string, listener: (...args: never[]) => unknown): unknown
  readonly readyState: number
}
interface FarServer {
  on(name: string, listener: (...args: never[]) => unknown): unknown
  close(done?: () => void): unknown
  address(): unknown
}

export interface Received {
  id: string
  type: string
  payload?: unknown
  correlationId?: string
  room?: string
}

export interface FarOptions {
  /** Default 'ws'. */
  maker?: 'ws' | 'hawser'
  /** Agree to `hawser.v1`. Default true. */
  hawser?: boolean
  /** 0: one that is free. */
  port?: number
  /** Over TLS. */
  tls?: KeyPair
  /** Further options of the server. */
  server?: Record<string, unknown>
}

type Answer = (message: Received, socket: FarSocket, far: FarEnd) => unknown

export class FarEnd {
  /** Every text that came, parsed, over all connections. */
  readonly received: Received[] = []
  readonly binaries: Buffer[] = []
  readonly requests: IncomingMessage[] = []
  sockets: FarSocket[] = []
  /** How many connections there were. */
  accepted = 0
  port = 0
  /** What the server says to a message. */
  answer: Answer = () => undefined
  /** Called for each new connection. */
  greet: (socket: FarSocket, request: IncomingMessage) => unknown = () => undefined
  private server: FarServer | undefined
  private readonly watchers = new Set<() => void>()

  private constructor(private readonly options: FarOptions) {
    this.port = options.port ?? 0
  }

  static async start(options: FarOptions = {}): Promise<FarEnd> {
    const far = new FarEnd(options)
    await far.start()
    return far
  }

  /** A far end that does not listen yet, whose port is known. */
  static async down(options: FarOptions = {}): Promise<FarEnd> {
    const far = await FarEnd.start(options)
    await far.stop()
    return far
  }

  get url(): string {
    return `${this.options.tls === undefined ? 'ws' : 'wss'}://127.0.0.1:${this.port}/`
  }
  /** The newest connection. */
  get socket(): FarSocket {
    return this.sockets[this.sockets.length - 1]
  }
  get types(): string[] {
    return this.received.map(({ type }) => type)
  }
  get payloads(): unknown[] {
    return this.received.map(({ payload }) => payload)
  }

  async start(): Promise<void> {
    const { tls, maker } = this.options
    const place = { port: this.port, host: '127.0.0.1' }
    const common = {
      handleProtocols: (offered: Set<string>) =>
        this.options.hawser !== false && offered.has('hawser.v1') ? 'hawser.v1' : false,
      ...this.options.server,
    }
    let server: FarServer
    let listening: unknown
    if (maker === 'hawser') {
      server = new WebSocketServer({ ...place, ...(tls && { tls }), ...common }) as unknown as FarServer
    } else if (tls === undefined) {
      server = new PeerServer({ ...place, ...common })
    } else {
      const secure = createSecureServer(tls).listen(place)
      listening = secure
      const peer = new PeerServer({ server: secure, ...common })
      server = {
        on: (name, listener) => peer.on(name, listener as never),
        address: () => secure.address(),
        close: (done) => {
          peer.close()
          secure.close(done)
        },
      }
    }
    this.server = server
    server.on('error', () => undefined)
    server.on('connection', (socket: FarSocket, request: IncomingMessage) => this.take(socket, request))
    await event(listening ?? server, 'listening')
    this.port = (server.address() as AddressInfo).port
  }

  /** Ends all connections without a goodbye and stops listening. */
  async stop(): Promise<void> {
    const { server } = this
    if (server === undefined) return
    this.server = undefined
    // Stop listening first, so that nobody comes back in between.
    const closed =
      this.options.maker === 'hawser'
        ? (server.close() as Promise<void>)
        : new Promise<void>((resolve) => server.close(() => resolve()))
    this.hangUp()
    await within(closed, 'close of the far end')
  }

  /** Ends all connections without a goodbye. */
  hangUp(): void {
    for (const socket of this.sockets.splice(0)) socket.terminate()
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  say(message: unknown, socket: FarSocket = this.socket): void {
    socket.send(JSON.stringify(message))
  }

  sayAll(messages: readonly unknown[], socket?: FarSocket): void {
    const frames = messages.map((message) => JSON.stringify(message))
    this.sendAll(frames, socket)
  }
  sendAll(frames: readonly (string | Uint8Array)[], socket: FarSocket = this.socket): void {
    for (const frame of frames) socket.send(frame)
  }

  /** Waits until `met` holds; it is asked whenever something came or went. One that is elsewhere answers later. */
  async until(met: () => boolean | Promise<boolean>, label: string): Promise<void> {
    let watch = (): void => undefined
    const reached = new Promise<void>((resolve, reject) => {
      const heard = (holds: boolean): void => {
        if (holds) resolve()
      }
      watch = () => {
        const holds = met()
        if (typeof holds === 'boolean') heard(holds)
        else holds.then(heard, reject)
      }
      this.watchers.add(watch)
      watch()
    })
    try {
      await within(reached, `${label} at the far end`)
    } catch (error) {
      const seen = `${this.accepted} connections, ${this.received.length} messages: ${JSON.stringify(this.types.slice(-20))}`
      throw new Error(`${(error as Error).message} (${seen})`, { cause: error })
    } finally {
      this.watchers.delete(watch)
    }
  }

  /** Waits for `count` messages in all, or for so many of one type. */
  messages(count: number, type?: string): Promise<void> {
    const so = (): number =>
      type === undefined
        ? this.received.length
        : this.received.filter((message) => message.type === type).length
    return this.until(() => so() >= count, `${count} messages${type === undefined ? '' : ` ${type}`}`)
  }
  connections(count: number): Promise<void> {
    return this.until(() => this.accepted >= count, `${count} connections`)
  }

  private take(socket: FarSocket, request: IncomingMessage): void {
    this.accepted++
    this.sockets.push(socket)
    this.requests.push(request)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.sockets = this.sockets.filter((other) => other !== socket)
      this.tell()
    })
    socket.on('message', (data: Buffer | string, isBinary: boolean) => {
      if (isBinary) {
        this.binaries.push(Buffer.from(data as Buffer))
      } else {
        const message = JSON.parse(String(data)) as Received
        this.received.push(message)
        this.answer(message, socket, this)
      }
      this.tell()
    })
    this.greet(socket, request)
    this.tell()
  }

  private tell(): void {
    for (const watcher of this.watchers) watcher()
  }
}

/** Answers as a server of `hawser.v1` does: replies to `ask`, acks whatever names itself `acked…`. */
export const answering: Answer = (message, socket, far) => {
  if (message.type.startsWith('acked')) far.say({ type: 'ack', correlationId: message.id }, socket)
  if (message.type === 'ask') {
    far.say({ type: 'reply', correlationId: message.correlationId, payload: message.payload }, socket)
  }
}
