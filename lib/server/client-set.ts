// `server.clients`: a view of the channels' sockets, so that no socket pays for an entry in a set of its own.
import type { WebSocket } from '../core/websocket'

/** What the view needs to know. */
export interface ClientSource {
  /** By channel and slot; others' sockets are among them. */
  readonly sockets: readonly (readonly unknown[])[]
  /** How many there are. */
  readonly count: number
  /** Whether this is one of the server's. */
  owns(socket: unknown): socket is WebSocket
}

/** The open sockets of a server, read like a Set. Sockets that come or go during a walk may or may not be met. */
export class ClientSet implements Iterable<WebSocket> {
  constructor(private readonly source: ClientSource) {}

  get size(): number {
    return this.source.count
  }
  has(socket: unknown): boolean {
    return this.source.owns(socket)
  }
  *values(): IterableIterator<WebSocket> {
    for (const sockets of this.source.sockets) {
      for (let slot = 0; slot < sockets.length; slot++) {
        const socket = sockets[slot]
        if (socket !== undefined && this.source.owns(socket)) yield socket
      }
    }
  }
  keys(): IterableIterator<WebSocket> {
    return this.values()
  }
  *entries(): IterableIterator<[WebSocket, WebSocket]> {
    for (const socket of this.values()) yield [socket, socket]
  }
  forEach(callback: (value: WebSocket, key: WebSocket, set: ClientSet) => void, thisArg?: unknown): void {
    for (const socket of this.values()) callback.call(thisArg, socket, socket, this)
  }
  [Symbol.iterator](): IterableIterator<WebSocket> {
    return this.values()
  }
  get [Symbol.toStringTag](): string {
    return 'ClientSet'
  }
}
