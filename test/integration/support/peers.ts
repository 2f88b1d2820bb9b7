// Servers of the `ws` package that a test speaks to in its own words.
import type { AddressInfo } from 'node:net'
import type { WebSocketServer } from 'ws'

export function urlOf(server: WebSocketServer): string {
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** Ends all connections and stops listening. */
export function closePeer(server: WebSocketServer): Promise<void> {
  for (const socket of server.clients) socket.terminate()
  return new Promise((resolve) => server.close(() => resolve()))
}
