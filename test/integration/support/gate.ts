// A relay in front of a server that a test can shut and open again at once, where the server itself takes its time.
import * as net from 'node:net'
import { ownAddress } from '../../support/addresses'
import { event } from '../../support/waiters'

export class Gate {
  private server: net.Server | undefined
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
      for (const [one, other] of [
        [near, far],
        [far, near],
      ]) {
        this.sockets.add(one)
        one.setNoDelay(true)
        one.on('error', () => {})
        one.on('close', () => {
          this.sockets.delete(one)
          other.destroy()
        })
        one.pipe(other)
      }
    })
    this.server.listen(this.port, ownAddress)
    await event(this.server, 'listening')
  }

  /** Resets all connections and refuses others. */
  async shut(): Promise<void> {
    const { server } = this
    this.server = undefined
    for (const socket of this.sockets) socket.resetAndDestroy()
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
  }
}
