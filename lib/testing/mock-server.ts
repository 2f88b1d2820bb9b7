// A server without a network, at the other end of mock sockets.
import { MockWebSocket } from './mock-web-socket'

/** The server's end of a mock socket. */
export class MockConnection {
  /** What came, in order. */
  readonly received: unknown[] = []
  constructor(
    /** The other end. */
    readonly socket: MockWebSocket,
  ) {}

  get url(): string {
    return this.socket.url
  }
  get isOpen(): boolean {
    return this.socket.readyState === 1
  }
  /** What came, parsed. */
  get messages(): unknown[] {
    return this.received.map((data) => JSON.parse(String(data)) as unknown)
  }
  /** Strings and bytes go as they are, anything else as JSON. */
  send(message: unknown): void {
    if (this.isOpen) this.socket.simulateMessage(message)
  }
  close(code?: number, reason?: string): void {
    this.socket.simulateClose(code, reason)
  }
  /** Ends without a close frame. */
  drop(): void {
    this.socket.simulateDisconnection()
  }
}

export interface MockServerOptions {
  /** Called with each new connection, before the program knows that it is open. */
  onConnection?: (connection: MockConnection) => void
  /** Called with each message. */
  onMessage?: (data: unknown, connection: MockConnection) => void
  /** Which of the offered subprotocols it agrees to. Default: the first. */
  protocol?: (offered: readonly string[]) => string
}

/**
 * Gives a class of sockets, `server.WebSocket`, that connect to it: in the next microtask they are open, or refused
 * while `down`.
 *
 * @example
 * const server = new MockServer({ onMessage: (data, connection) => connection.send(data) })
 * const echo$ = webSocket({ url: 'ws://far.example', WebSocketCtor: server.WebSocket })
 */
export class MockServer {
  /** Refuses whoever connects. */
  down = false
  /** All that were ever there. */
  readonly history: MockConnection[] = []
  readonly WebSocket: typeof MockWebSocket

  constructor(private readonly options: MockServerOptions = {}) {
    const take = (socket: MockWebSocket): void => this.take(socket)
    const hear = (socket: MockWebSocket, data: unknown): void => this.hear(socket, data)
    this.WebSocket = class extends MockWebSocket {
      constructor(url: string | URL, protocols?: string | readonly string[], more?: object) {
        super(url, protocols, more)
        queueMicrotask(() => take(this))
      }
      override send(data: unknown, ...rest: unknown[]): boolean {
        const sent = super.send(data, ...rest)
        if (sent) hear(this, data)
        return sent
      }
    }
  }

  /** Those that are open. */
  get connections(): MockConnection[] {
    return this.history.filter(({ isOpen }) => isOpen)
  }
  broadcast(message: unknown): void {
    for (const connection of this.connections) connection.send(message)
  }
  /** All connections are lost. */
  simulateDisconnection(): void {
    for (const connection of this.connections) connection.drop()
  }

  private take(socket: MockWebSocket): void {
    // It was closed before anybody came.
    if (socket.readyState !== 0) return
    if (this.down) {
      socket.simulateDisconnection()
      return
    }
    const connection = new MockConnection(socket)
    this.history.push(connection)
    const { protocol = (offered: readonly string[]) => offered[0] ?? '' } = this.options
    this.options.onConnection?.(connection)
    socket.simulateOpen(protocol(socket.protocols))
  }

  private hear(socket: MockWebSocket, data: unknown): void {
    const connection = this.history.find((one) => one.socket === socket)
    if (connection === undefined) return
    connection.received.push(data)
    this.options.onMessage?.(data, connection)
  }
}
