// Several WebSocketServers on one http server of Node: one listener for them all, so that each request has one answer.
import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { httpAnswer } from './http-answer'

/** A server that takes upgrades. */
export interface Attached {
  /** Whether the path of a request is its. */
  takes(target: string): boolean
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

class Attachment {
  readonly servers: Attached[] = []
  constructor(readonly http: HttpServer) {}

  readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const server = this.servers.find((candidate) => candidate.takes(request.url ?? '/'))
    if (server !== undefined) {
      server.handleUpgrade(request, socket, head)
      return
    }
    // Somebody else's listener may want it.
    if (this.http.listenerCount('upgrade') > 1) return
    socket.on('error', () => {})
    socket.end(httpAnswer(404), () => socket.destroy())
  }
}

const attachments = new WeakMap<HttpServer, Attachment>()

/** Sends the http server's upgrades to `server`, when their path is its. */
export function attach(http: HttpServer, server: Attached): void {
  let attachment = attachments.get(http)
  if (attachment === undefined) {
    attachment = new Attachment(http)
    attachments.set(http, attachment)
    http.on('upgrade', attachment.onUpgrade)
  }
  attachment.servers.push(server)
}

/** Takes `attach` back. */
export function detachFrom(http: HttpServer, server: Attached): void {
  const attachment = attachments.get(http)
  if (attachment === undefined) return
  const at = attachment.servers.indexOf(server)
  if (at >= 0) attachment.servers.splice(at, 1)
  if (attachment.servers.length > 0) return
  http.off('upgrade', attachment.onUpgrade)
  attachments.delete(http)
}
