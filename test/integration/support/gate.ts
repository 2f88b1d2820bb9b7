// A relay in front of a server that a test can shut and open again at once, where the server itself takes its time.
import * as net from 'node:net'
import { ownAddress } from '../../support/addresses'
import { event } from '../../support/waiters'

export class Gate {
  private server: net.Server | undefined
  /** What the server says does not get through. */
  mute = false
  /** What the server says is taken from it no more, so it waits there. */
  stalled = false
  private readonly sockets = new Set<net.Socket>()

  private constructor(
    readonly port: number,
    private readonly target: { host: string; port: number },
  ) {}

  /** At a port of this process's address that nobody else uses. */
  static async before(target: { host: string; port: number }, port: number): Promise<Gate> {
    const gate = new Gate(port, target)
    await gate.open()
    return gate
  }

  async open(): Promise<void> {
    this.server = net.createServer((near) => {
      const far = net.connect(this.target)
      this.relay(near, far)
      this.relay(far, near)
      far.on('data', () => {
        if (this.stalled) far.pause()
      })
    })
    this.server.listen(this.port, ownAddress)
    await event(this.server, 'listening')
  }

  private relay(from: net.Socket, to: net.Socket): void {
    this.sockets.add(from)
    from.setNoDelay(true)
    from.on('error', () => {})
    from.on('close', () => {
      this.sockets.delete(from)
      to.destroy()
    })
    from.on('data', (bytes: Buffer) => {
      if (this.mute && from.remotePort === this.target.port) return
      if (to.write(bytes)) return
      from.pause()
      to.once('drain', () => {
        if (!this.stalled) from.resume()
      })
    })
  }

  /** Resets all connections and refuses others. */
  async shut(): Promise<void> {
    const { server } = this
    this.server = undefined
    this.mute = this.stalled = false
    for (const socket of this.sockets) socket.resetAndDestroy()
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
  }
}
